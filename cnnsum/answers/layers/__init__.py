"""Which layer types there are, and what each is: `cnnsum layers`."""
