"""Every layer type, one function each: input shapes and fields in, `Facts` out. Knows no file, graph or screen."""
