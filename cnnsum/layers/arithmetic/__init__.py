"""What layers of every framework compute: shapes, work, windows and what backpropagation keeps. Names no type."""
