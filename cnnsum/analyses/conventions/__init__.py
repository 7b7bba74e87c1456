"""What other tools count: of every call their number, with the reasons why it is not cnnsum's."""
