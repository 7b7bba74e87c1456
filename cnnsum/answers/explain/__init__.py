"""How every number comes about: `cnnsum explain`."""
