"""The documentation as the tests read it: pages, headings, links, code blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BESIDE = ("README.md", "LISEZMOI.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md")

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line where it begins."""

    language: str
    text: str
    line: int


def pages() -> list[Path]:
    """Every page of the documentation, and the papers at the root."""
    return sorted(DOCS.rglob("*.md")) + [path for name in BESIDE if (path := ROOT / name).is_file()]


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    return [Block(each[1], each[2], text.count("\n", 0, each.start()) + 1) for each in FENCE.finditer(text)]


def prose(path: Path) -> str:
    """A page without its code, where a bracket means what it means in Markdown."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text(encoding="utf-8")))


def headings(path: Path, level: int = 2) -> list[str]:
    """The headings of one level, in order."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return [each.strip("` ") for each in re.findall(rf"^{'#' * level} (.+)$", text, re.MULTILINE)]


def links(path: Path) -> Iterator[tuple[Path, str]]:
    """Each link to a file of the repository: the file, and the anchor if any."""
    for markdown, html in LINK.findall(prose(path)):
        target = markdown or html
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        yield (path.parent / name).resolve() if name else path, anchor


def anchors(path: Path) -> set[str]:
    """The anchors that MkDocs makes of a page's headings."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {slug(each) for each in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def slug(heading: str) -> str:
    """A heading as an anchor, as Python-Markdown makes it."""
    kept = re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", heading)).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)
