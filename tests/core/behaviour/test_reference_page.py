"""Every act has its heading in the reference, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.behaviour.figures import RATES
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from pathlib import Path


def test_every_act_has_its_heading_and_no_other(root: Path) -> None:
    text = (root / "docs" / "reference" / "behaviours.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["How events are read", *(act.value for act in Act), "Company figures"]


def test_every_measure_is_in_the_table(root: Path) -> None:
    text = (root / "docs" / "reference" / "behaviours.md").read_text(encoding="utf-8")
    missing = [
        name for name in ("unprompted_return", *RATES, "expansion", "recommendation") if f"| `{name}`" not in text
    ]
    assert missing == []
