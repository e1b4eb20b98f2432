"""The letters of a text file: found out, and made UTF-8 without NUL bytes, in one pass of large chunks."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 1 << 22
MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "cp1252": "Windows-1252",
}


@dataclass(frozen=True)
class Text:
    """A text file in UTF-8.

    Attributes:
        path: the file itself where it could be read as it is, else a copy.
        encoding: what it was, in words.
        newlines: how many line feeds it holds.
        notices: what to tell.
    """

    path: Path
    encoding: str
    newlines: int
    notices: tuple[str, ...] = ()


def as_utf8(path: Path, copy: Path) -> Text:
    """The file in UTF-8, without byte-order mark, NUL bytes or lone carriage returns; ``copy`` is written if needed."""
    mark, encoding = _marked(path)
    if encoding is None:
        encoding = _guessed(path)
    scan = _Scan()
    if encoding == "utf-8" and scan.clean(path):
        return Text(path, "UTF-8 with BOM" if mark else "UTF-8", scan.newlines)
    if encoding == "utf-8" and not scan.valid:
        encoding = "cp1252"
    return _copied(path, copy, encoding, len(mark), nuls=scan.nuls)


def _marked(path: Path) -> tuple[bytes, str | None]:
    with path.open("rb") as file:
        head = file.read(4)
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return mark, encoding
    return b"", None


def _guessed(path: Path) -> str:
    """UTF-16 without a mark shows a NUL at every other byte of plain text; all else is UTF-8 until proved otherwise."""
    with path.open("rb") as file:
        head = file.read(4096)
    odd, even = head[1::2].count(0), head[::2].count(0)
    if odd > len(head) // 4 and odd > 4 * even:
        return "utf-16-le"
    if even > len(head) // 4 and even > 4 * odd:
        return "utf-16-be"
    return "utf-8"


class _Scan:
    """One pass over the bytes of a file that may be UTF-8."""

    def __init__(self) -> None:
        self.newlines = 0
        self.valid = True
        self.nuls = False
        self.returns = 0

    def clean(self, path: Path) -> bool:
        decoder = codecs.getincrementaldecoder("utf-8")()
        pairs, last = 0, b""
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                try:
                    if not chunk.isascii() or decoder.getstate()[0]:  # ASCII needs no decoding: ten times faster
                        decoder.decode(chunk)
                except UnicodeDecodeError:
                    self.valid = False
                    return False
                self.newlines += chunk.count(b"\n")
                self.nuls = self.nuls or b"\x00" in chunk
                if b"\r" in chunk or last == b"\r":
                    self.returns += chunk.count(b"\r")
                    pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
                last = chunk[-1:]
        cut = bool(decoder.getstate()[0])  # the file stops in the middle of a letter
        consistent = pairs == self.returns and pairs in {0, self.newlines}
        return not (cut or self.nuls) and consistent


def _copied(path: Path, copy: Path, encoding: str, skip: int, *, nuls: bool) -> Text:
    """Bytes that an encoding does not define become U+FFFD: a cell is never lost for one letter."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    newlines, wounded, held = 0, False, ""
    with path.open("rb") as file, copy.open("wb") as out:
        file.seek(skip)
        while True:
            chunk = file.read(CHUNK)
            text = held + decoder.decode(chunk, final=not chunk)
            held = "\r" if chunk and text.endswith("\r") else ""
            text = text.removesuffix(held) if held else text
            nuls = nuls or "\x00" in text
            wounded = wounded or "\ufffd" in text
            text = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
            newlines += text.count("\n")
            out.write(text.encode("utf-8", "replace"))
            if not chunk:
                break
    notices = [f"Read as {NAMES[encoding]}."] if encoding != "utf-8" else []
    notices += ["It held NUL bytes: they were removed."] if nuls else []
    notices += ["Some letters could not be read: they show as \ufffd."] if wounded else []
    return Text(copy, NAMES[encoding], newlines, tuple(notices))
