"""Of the rules we hold to (docs/explanation/rules-we-hold-to.md), those that a look at the code can hold."""

from __future__ import annotations

import re

import pytest
from tests.architecture import tree

from gouttes.evidence.rule import load

JUDGED = r"customer_?(?:reliability|worth)|credit_?(?:worthiness|score)|fraud_?score|attachment_?style"


def test_e1_and_e4_nothing_is_named_after_a_judgement_of_the_customer() -> None:
    named = {
        f"{tree.name(path)}: {name}"
        for path in tree.tracked()
        if path.is_relative_to(tree.CORE) and path.suffix in {".py", ".toml", ".html"}
        for name in re.findall(JUDGED, path.read_text(encoding="utf-8"), re.IGNORECASE)
    }
    assert named == set()


@pytest.mark.parametrize("rule", load(), ids=lambda rule: rule.name)
def test_e13_an_evidence_rule_cites_its_source_or_says_prior(rule: object) -> None:
    source = str(getattr(rule, "source", ""))
    assert source.startswith("prior: ") or re.search(r"\b(?:19|20)\d\d\b", source), source


def test_every_rule_from_e1_to_e17_is_told_with_what_enforces_it() -> None:
    text = (tree.ROOT / "docs/explanation/rules-we-hold-to.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert [section.partition(".")[0] for section in sections] == [f"E{number}" for number in range(1, 18)]
    assert [section.partition(".")[0] for section in sections if "*Today:* " not in section] == []
