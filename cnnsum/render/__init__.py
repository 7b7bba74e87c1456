"""The kit of every answer's texts: widths and lines, numbers as people read them, styles. It knows no question."""
