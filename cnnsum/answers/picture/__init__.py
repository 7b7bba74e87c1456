"""What does the graph look like? `cnnsum MODEL --format mermaid`, `dot`."""
