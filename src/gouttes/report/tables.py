"""The table behind a picture: its figures as text, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Text in rows and columns; the first column heads its row, the others are figures.

    Attributes:
        caption: what the table holds.
        headings: one per column.
        rows: one tuple of text per row, as long as ``headings``.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
