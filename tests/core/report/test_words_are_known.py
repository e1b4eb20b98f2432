"""Everything the product can name has a name in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gouttes
from gouttes.eventlog.kinds import KINDS
from gouttes.language import CODES, Language
from gouttes.sources import Reason
from gouttes.vocabulary import Act, Facet

SOURCES = [path for path in Path(gouttes.__file__).parent.rglob("*") if path.suffix in {".py", ".j2"}]
RULES = (
    "promise kept",
    "resolved at first contact",
    "good human contact",
    "unprompted return",
    "generous gesture",
    "promise broken",
    "outage",
    "wrong answer",
    "effort",
    "breach of integrity",
    "incident badly handled",
    "missed opportunity",
)


@pytest.mark.parametrize("code", CODES)
def test_every_kind_act_facet_and_rule_has_a_label(code: str) -> None:
    language = Language(code)
    keys = [f"kind.{name}" for name in (*KINDS, *Act)] + [f"facet.{facet}" for facet in Facet]
    keys += [f"cli.import.reason.{reason}" for reason in Reason]
    keys += [f"rule.{table}.{rule}" for rule in RULES for table in ("name", "count", "the")]
    assert [key for key in keys if not language.knows(key)] == []


def test_every_key_written_in_the_code_is_in_the_catalogue() -> None:
    """The command line says its keys through its own ``say``, which adds ``cli.``."""
    language, missing, seen = Language("fr"), [], 0
    for path in SOURCES:
        above = "cli." if "cli" in path.parts else ""
        for key in re.findall(r"\bsay\(\s*\"([\w.]+)\"\s*[,)]", path.read_text("utf-8")):
            seen += 1
            missing += [] if language.knows(above + key) or language.knows(key) else [f"{path.name}: {key}"]
    assert missing == []
    assert seen > 60
