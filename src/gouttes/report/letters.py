"""How wide a text will be, so that a chart leaves it room before it is drawn."""

from __future__ import annotations

# Advance widths of Liberation Sans and Arial in thousandths of the type size, by classes of letters close enough
# for a layout; an unknown letter counts as a wide one.
_WIDTHS = {
    "iljI.,:;|!'’ ·/()-\N{NO-BREAK SPACE}": 280,  # noqa: RUF001 -- the typographic apostrophe is measured too
    "\N{NARROW NO-BREAK SPACE}": 250,
    "tfr": 310,
    "abdeghnopquL0123456789=+\N{MINUS SIGN}_éèêëàâùûôö–": 560,  # noqa: RUF001 -- the en dash is measured too
    "cksvxyzçJ": 500,
    "FTZ": 620,
    "ABEKPSVXYÉÈÀ": 670,
    "CDHNRUÇ": 725,
    "GOQ": 780,
    "mM": 835,
    "w": 725,
    "%": 890,
    "W…": 1000,
}
_LETTERS = {letter: width for letters, width in _WIDTHS.items() for letter in letters}
_OTHER = 780
_BOLD = 1.06


def width(text: str, size: int, *, bold: bool = False) -> float:
    """The width of a text in px at a type size in px, a little on the generous side."""
    thousandths = sum(_LETTERS.get(letter, _OTHER) for letter in text)
    return thousandths / 1000 * size * (_BOLD if bold else 1.0)
