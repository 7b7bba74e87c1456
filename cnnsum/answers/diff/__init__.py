"""What is different between two models, and which weights still fit: `cnnsum diff`."""
