"""Every kind, column, setting, command and error has its place in the reference, and no other."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.docs import book

from gouttes import errors, settings
from gouttes.cli.app import app
from gouttes.eventlog import kinds, schema
from gouttes.evidence.rule import load

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = book.DOCS / "reference"


def test_every_event_kind_has_its_heading_and_no_other() -> None:
    assert book.headings(REFERENCE / "event-kinds.md") == list(kinds.KINDS)


def test_every_column_of_the_log_is_explained() -> None:
    text = (REFERENCE / "event-log.md").read_text(encoding="utf-8")
    missing = [name for name in schema.EVENTS.names if f"| `{name}` |" not in text]
    assert missing == []


def test_every_evidence_rule_has_its_heading_and_no_other() -> None:
    assert book.headings(REFERENCE / "evidence.md") == [*(rule.name for rule in load()), "Acts"]


def settings_of(kind: Any, section: str) -> Iterator[str]:
    """Settings by section, those of nested tables under their own name."""
    for each in dataclasses.fields(kind):
        if (section, each.name) == ("company", "rules"):
            continue  # the evidence rules have a page of their own
        nested: Any = each.default_factory
        if dataclasses.is_dataclass(nested):
            yield from settings_of(nested, each.name if section == "company" else f"{section}.{each.name}")
        else:
            yield f"{section}.{each.name}"


def test_every_setting_has_its_heading_and_no_other() -> None:
    assert sorted(book.headings(REFERENCE / "settings.md")) == sorted(settings_of(settings.Settings, "company"))


def test_every_command_has_its_heading_and_no_other() -> None:
    registered = {
        each.name or each.callback.__name__.replace("_", "-")
        for each in app.registered_commands
        if each.callback and not each.hidden
    }
    written = {heading.removeprefix("gouttes ").split()[0] for heading in book.headings(REFERENCE / "commands.md")}
    groups = {each.name for each in app.registered_groups}
    assert written == registered | groups


def test_every_error_has_its_heading_and_no_other() -> None:
    raised = {
        name for name, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.GouttesError)
    }
    assert set(book.headings(REFERENCE / "errors.md")) == raised


def test_the_generated_pages_are_what_the_code_says_now() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=book.ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
