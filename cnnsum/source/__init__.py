"""Text to plain values, and the place of every value. Nothing in a text is ever evaluated."""

from __future__ import annotations

from cnnsum.source.document import Document, read, read_text

__all__ = ["Document", "read", "read_text"]
