"""What a network is: `cnnsum show`, charts included."""
