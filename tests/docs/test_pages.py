"""Links lead somewhere, every page has its place in the book, and what a page calls exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from mkdocs.config import load_config
from tests.docs import book

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def called(path: Path) -> str:
    """A page as a test's name gives it."""
    return path.relative_to(book.ROOT).as_posix()


@pytest.mark.parametrize("page", book.pages(), ids=called)
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    broken = [
        f"{target.name}#{anchor}"
        for target, anchor in book.links(page)
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in book.anchors(target))
    ]
    assert broken == []


@pytest.mark.parametrize("page", book.pages(), ids=called)
def test_a_page_has_one_title(page: Path) -> None:
    assert len(book.headings(page, level=1)) == 1


def entries(nav: Any) -> Iterator[str]:
    """The files that the table of contents names."""
    if isinstance(nav, str):
        yield nav
    else:
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from entries(each)


def test_the_table_of_contents_names_every_page_and_no_other() -> None:
    nav = load_config(str(book.ROOT / "mkdocs.yml"))["nav"]
    written = {path.relative_to(book.DOCS).as_posix() for path in book.DOCS.rglob("*.md")}
    assert sorted(entries(nav)) == sorted(written)


def test_every_make_target_that_a_page_names_exists() -> None:
    makefile = (book.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {name for page in book.pages() for name in re.findall(r"`make ([a-z]+)`", page.read_text(encoding="utf-8"))}
    assert named - targets == set()


def test_every_command_that_a_page_names_exists() -> None:
    known = {heading.split()[1] for heading in book.headings(book.DOCS / "reference" / "commands.md")}
    named = {
        (called(page), name)
        for page in book.pages()
        for name in re.findall(r"(?:^|`|^\$ )gouttes ([a-z][a-z-]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {(page, name) for page, name in named if name not in known} == set()
