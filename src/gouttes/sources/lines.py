"""Where the rows of a text file stand: physical lines, past blank lines and line feeds inside quotation marks."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import numpy.typing as npt

CHUNK = 1 << 24
LINE_FEED, QUOTE, RETURN = 10, 34, 13

Places = npt.NDArray[np.int64]


def line_of(path: Path, offsets: Places) -> Places:
    """The line, from 1, on which each byte offset (from 0) lies."""
    return np.searchsorted(_places(path, LINE_FEED), offsets, side="left") + 1


def row_lines(path: Path, *, quotes: bool, blanks: bool) -> Places:
    """The line, from 1, on which each row starts; the headings are the first row.

    Args:
        path: a text file in UTF-8.
        quotes: whether a line feed between quotation marks belongs to its cell.
        blanks: whether a blank line is a row.
    """
    feeds, size = _places(path, LINE_FEED), path.stat().st_size
    ends = np.arange(len(feeds))
    if quotes:
        ends = ends[np.searchsorted(_places(path, QUOTE), feeds) % 2 == 0]
    starts = np.concatenate([[0], feeds[ends] + 1]).astype(np.int64)
    lines = np.concatenate([[0], ends + 1]).astype(np.int64)
    there = starts < size
    starts, lines = starts[there], lines[there]
    if not blanks:
        full = ~_blank(path, starts, np.append(feeds, size)[lines])
        lines = lines[full]
    return lines + 1


def _blank(path: Path, starts: Places, stops: Places) -> npt.NDArray[np.bool_]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        first = np.frombuffer(data, dtype=np.uint8)[starts]  # a copy: the map can close
    length = stops - starts
    return (length == 0) | ((length == 1) & (first == RETURN))


def _places(path: Path, byte: int) -> Places:
    """The offsets of a byte."""
    found, offset = [np.empty(0, dtype=np.int64)], 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.append(np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == byte) + offset)
            offset += len(chunk)
    return np.concatenate(found)
