"""The reference and the how-to pages say what the code does."""

import re
from pathlib import Path

import pytest

from gouttes.language import Language
from gouttes.sources import Reason, load, parse
from gouttes.sources import declared as toml
from gouttes.sources.contract import IDENTIFIER_FIELDS
from gouttes.sources.expressions import MACROS

DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "mapping.md").read_text("utf-8")


def test_every_key_function_reason_and_identifier_is_in_the_reference() -> None:
    keys = {*toml.HEADER, *toml.FILE_KEYS, *toml.JOIN_KEYS, *toml.EVENT_OWN, *toml.IDENTIFIER_KEYS, *toml.TEXT_KEYS}
    written = set(re.findall(r"`\[*(?:file\.)?(\w+)", REFERENCE))
    assert keys | MACROS | {str(reason) for reason in Reason} <= written
    assert all(name in REFERENCE for name in IDENTIFIER_FIELDS)


def test_the_reasons_of_the_reference_are_those_of_the_code() -> None:
    table = REFERENCE.split("## Reasons")[1].split("## Files")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.MULTILINE)) == {
        str(reason): Language("en").say(f"cli.import.reason.{reason}").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        for reason in Reason
    }


def test_the_mapping_of_the_how_to_page_is_valid() -> None:
    page = (DOCS / "how-to" / "import-your-files.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert parse(text, where="page").events[0].kind == "order.placed"


@pytest.mark.parametrize("path", sorted((DOCS / "how-to" / "mappings").glob("*.toml")), ids=lambda path: path.stem)
def test_the_example_mappings_are_valid(path: Path) -> None:
    assert load(path).source
