"""Who is who in the report: the workspace's own figures, in both languages, and nothing of anybody's."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.report.sample import IDENTITY, OWN_RULE, nothing, sample

from gouttes.digest import report_data
from gouttes.eventlog.append import append_identifiers
from gouttes.eventlog.schema import IDENTIFIERS
from gouttes.eventlog.tables import EventLog
from gouttes.figuring import figures
from gouttes.language import CODES, Language
from gouttes.opened import OpenedWorkspace
from gouttes.published import Shelf
from gouttes.report import ReportData, findings, identity, render
from gouttes.report.charts import WIDER
from gouttes.report.data import Identity
from gouttes.report.drawing import Frame
from gouttes.report.letters import width
from gouttes.report.tallies import Tally, fitted, tallies
from gouttes.settings import Settings
from gouttes.workspace import Workspace

KNOWN = datetime(2026, 11, 1, tzinfo=UTC)
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
PERSONAL = ("anna", "rivet", "bruno", "costa", "example.com", "p1", "p3", "z1", "31773", "31774")


def table_behind(html: str, key: str) -> list[tuple[str, ...]]:
    """The figures of a picture, row by row, as the page writes them."""
    figure = re.search(rf'id="{key}">(.*?)</figure>', html, re.DOTALL)
    assert figure, key
    body = figure[1].split("<tbody>")[1]
    return [tuple(re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)) for row in re.findall(r"<tr>.*?</tr>", body)]


def part(html: str) -> str:
    """The cards on identity."""
    return html.partition('id="identity"')[2].partition('id="method"')[0]


def test_the_first_line_counts_records_and_people_and_says_what_needs_attention() -> None:
    said = str(identity.sentence(IDENTITY, Language("en")))
    assert said == (
        "48,211 records make 31,406 people: 34.9% of the records belong to somebody who was there already; "
        "333 pairs of records wait for an answer and 2 people are made of more than 50 records each."
    )


@pytest.mark.parametrize(
    ("code", "calm"), [("fr", f"rien ne demande d{APOSTROPHE}attention."), ("en", "nothing needs attention.")]
)
def test_a_calm_workspace_says_so(code: str, calm: str) -> None:
    head = identity.sentence(replace(IDENTITY, waiting={}, alarming=0), Language(code))
    assert (head.amount, head.end) == ("", calm)


def test_one_record_is_one_person_in_both_languages() -> None:
    one = Identity(records=1, people=1, sizes={1: 1}, largest=1, waiting={"names": 1})
    english, french = (str(identity.sentence(one, Language(code))) for code in ("en", "fr"))
    assert english.startswith("1 record makes 1 person: 0.0%")
    assert "1 pair of records waits for an answer." in english
    assert french.startswith("1 fiche fait 1 personne")


def test_the_tables_have_the_figures_and_the_companys_own_names(english_page: str) -> None:
    sizes = table_behind(english_page, "sizes")
    assert sizes[0] == ("1 record", "20,110", "64.0%")
    assert sizes[-1] == ("10 and more", "3", "&lt; 0.1%")
    assert [row[0] for row in table_behind(english_page, "brought")] == [
        "Customer number",
        "E-mail",
        "Phone",
        OWN_RULE,
        f"A source{APOSTROPHE}s own link",
        "Likeness",
        f"A person{APOSTROPHE}s decision",
    ]
    assert table_behind(english_page, "origins")[1] == ("salesforce", "15,002", "31.1%")
    assert sum(int(row[1]) for row in table_behind(english_page, "waiting")) == 333


@pytest.mark.parametrize("code", CODES)
def test_every_reason_and_rule_of_ours_has_a_name(code: str) -> None:
    language = Language(code)
    reasons = [f"identity.reason.{name}" for name in ("rule", "names", "strong", "either", "likeness")]
    rules = ("external_id", "email", "phone", "same_as", "human", "linkage")
    assert [key for key in (*reasons, *(f"identity.rule.{name}" for name in rules)) if not language.knows(key)] == []


def test_sizes_that_nobody_has_are_shown_as_zero() -> None:
    data = sample(identity=replace(IDENTITY, people=9, sizes={1: 8, 4: 1}))
    drawn = identity.sizes(findings(data), Language("en"))
    assert drawn is not None
    assert [row[1] for row in drawn.table.rows] == ["8", "0", "0", "1", *["0"] * 6]


def test_many_sources_are_a_dozen_bars_and_a_whole_table() -> None:
    data = sample(identity=replace(IDENTITY, by_source={f"source {n}": 100 - n for n in range(20)}))
    drawn = identity.origins(findings(data), Language("en"))
    assert drawn is not None
    assert len(drawn.table.rows) == 20
    assert "9 others 765" in drawn.description
    assert "source 11 " not in drawn.description


def test_nothing_brought_and_nothing_waiting_are_said() -> None:
    html = render(sample(identity=replace(IDENTITY, by_rule={}, waiting={}, set_aside=0, decisions=0)), Language("en"))
    assert "No rule has joined two records." in html
    assert "No pair of records waits for an answer." in html
    assert "No decision of a person is in force." in html


def test_without_tables_of_identity_the_part_is_left_out() -> None:
    html = render(sample(identity=None), Language("en"))
    assert 'id="identity"' not in html
    assert 'id="fallers"' in html


@pytest.mark.parametrize("who", [None, Identity()], ids=["older", "empty"])
def test_an_empty_workspace_has_no_part_on_identity(who: Identity | None) -> None:
    assert 'id="identity"' not in render(replace(nothing(), identity=who), Language("fr"))
    assert [make(findings(nothing()), Language("fr")) for make in (identity.sizes, identity.waiting)] == [None, None]


def test_a_rule_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script>"
    who = replace(IDENTITY, by_rule={hostile: 3}, by_source={hostile: 3}, waiting={hostile: 3})
    html = render(sample(identity=who), Language("en"))
    assert "<script" not in html
    assert "&lt;script&gt;" in part(html)


@given(st.text("abcdé W", max_size=60), st.integers(40, 300))
def test_a_label_fits_its_room(label: str, room: int) -> None:
    assert WIDER * width(fitted(label, room), 13) <= room


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("px", [728, 334])
@pytest.mark.parametrize("most", [1, 7, 1000, 12_345_678])
def test_bars_and_figures_stay_inside_the_chart(px: int, most: int, *, log: bool) -> None:
    marks = [Tally(f"row {n}", n, f"{n:,}", "100.0%") for n in (most, 1, 0)]
    spec = tallies(marks, Frame(px, px < 400, "en"), log=log).to_dict()
    bars = spec["layer"][0]["encoding"]["x"]
    start, stop = bars["scale"]["range"]
    assert 0 < start < stop < px - 6
    assert stop + 6 + width(marks[0].text, 13, bold=True) + width(marks[0].detail, 12) < px - 6


def workspace(root: Path) -> Workspace:
    """Five records of four people: two share an e-mail, and two that one source tells apart share another."""
    made = Workspace.create(root, Settings(name="Maison Lenoir"))
    said = [
        ("crm:p1", "email", "anna@example.com"),
        ("crm:p1", "name", "Anna Rivet"),
        ("shop:p2", "email", "anna@example.com"),
        ("shop:p2", "name", "Anna Rivet"),
        ("crm:p3", "email", "both@example.com"),
        ("crm:p3", "name", "Bruno Costa"),
        ("crm:p3", "external_id", "31773"),
        ("crm:z1", "email", "both@example.com"),
        ("crm:z1", "name", "Bruno Costa"),
        ("crm:z1", "external_id", "31774"),
        ("web:9", "language", "fr"),
    ]
    columns = ("subject", "field", "value")
    rows = [dict(zip(columns, row, strict=True)) | {"source": row[0].split(":")[0], "known_at": KNOWN} for row in said]
    append_identifiers(EventLog(made), pa.Table.from_pylist(rows, schema=IDENTIFIERS))
    return made


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> OpenedWorkspace:
    made = workspace(tmp_path_factory.mktemp("identity") / "ws")
    OpenedWorkspace.at(made.root).run(as_of=KNOWN)
    return OpenedWorkspace.at(made.root)


@pytest.fixture(scope="module")
def data(opened: OpenedWorkspace) -> ReportData:
    return report_data(opened)


def test_the_figures_are_those_of_the_workspace(opened: OpenedWorkspace, data: ReportData) -> None:
    found, who = figures(opened), data.identity
    assert who is not None
    assert (who.records, who.people, who.largest) == (found.records, found.people, found.largest)
    assert (who.sizes, who.by_rule, who.by_source) == (found.sizes, found.by_rule, found.by_source)
    assert who.waiting == found.waiting_by_reason
    assert (who.set_aside, who.decisions, who.alarming) == (found.set_aside, found.decisions, found.alarming)
    assert (who.alarm, who.consolidation) == (50, found.consolidation)
    assert who.by_rule == {"email": 1}
    assert who.waiting == {"strong": 1}


@pytest.mark.parametrize("code", CODES)
def test_nothing_personal_is_on_it(code: str, data: ReportData) -> None:
    """The page of a company whose trust is the sample's, and whose people are those of the workspace."""
    html = render(sample(identity=data.identity), Language(code)).casefold()
    cards = re.sub(r"<(style|path|rect|g|line)[^>]*>", "", part(html))
    assert [text for text in PERSONAL if re.search(rf"\b{re.escape(text)}\b", cards)] == []
    assert "shop" in cards


def test_a_workspace_that_an_older_version_ran_is_reported_without_it(opened: OpenedWorkspace, tmp_path: Path) -> None:
    shutil.copytree(opened.workspace.root, tmp_path / "old")
    shelf = Shelf(Workspace.open(tmp_path / "old"))
    now = shelf.manifest()
    shelf.publish(replace(now, tables={name: each for name, each in now.tables.items() if name != "doubts"}))
    assert report_data(OpenedWorkspace.at(tmp_path / "old")).identity is None
