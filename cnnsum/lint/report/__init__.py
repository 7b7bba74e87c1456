"""What a check found, as plain data, and one renderer for each format of it."""
