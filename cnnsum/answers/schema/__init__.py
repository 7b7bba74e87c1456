"""The JSON Schema of the spec language: `cnnsum schema`."""
