"""An entry may take the kind of each event, or the field of each identifier, from the row."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from tests.core.sources.brought import CONTEXT, as_csv, bring, mapping, write

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import KINDS, default_direction
from gouttes.eventlog.schema import EVENTS
from gouttes.sources import GOUTTES_NAMESPACE, plan, preset
from gouttes.sources.contract import IDENTIFIER_FIELDS
from gouttes.sources.sandbox import Sandbox

USING = """
[mapping]
source = "test"

[[file]]
name = "facts"
required = ["id", "what", "day"]
[file.columns]
id = ["id"]
what = ["what"]
day = ["day"]
who = ["who"]
thread = ["thread"]
amount = ["amount"]
direction = ["direction"]

[[event]]
from = "facts"
kind_from = "lower(what)"
key = "id"
subject = "'test:' || who"
occurred_at = "moment(day)"
thread = "thread"
amount = "number(amount)"
direction = "direction"

[[file]]
name = "people"
required = ["who", "field", "value"]
[file.columns]
who = ["who"]
field = ["field"]
value = ["value"]

[[identifier]]
from = "people"
subject = "'test:' || who"
field_from = "field"
value = "value"
"""
HEADINGS = ("id", "what", "day", "who", "thread", "amount", "direction")


def facts(folder: Path, *rows: tuple[str, ...]) -> Path:
    full = [(*row, *[""] * (len(HEADINGS) - len(row))) for row in rows]
    return write(folder, "facts.csv", as_csv([HEADINGS, *full]))


def test_each_row_is_an_event_of_its_own_kind(tmp_path: Path) -> None:
    file = facts(
        tmp_path,
        ("1", "order.placed", "2024-03-01", "Zoé", "", "12.5"),
        ("1", "Ticket.Opened", "2024-03-02", "Zoé", "T1"),
        ("2", "ticket.replied", "2024-03-03", "Zoé", "T1"),
        ("3", "ticket.replied", "2024-03-04", "Zoé", "T1", "", "in"),
    )
    found = bring(file, using=USING)
    assert found.rejects == []
    assert [(row["kind"], row["event_id"], row["direction"]) for row in found.events] == [
        (kind, str(uuid.uuid5(GOUTTES_NAMESPACE, f"test|{key}|{kind}")), direction)
        for kind, key, direction in [
            ("order.placed", "1", "in"),
            ("ticket.opened", "1", "in"),
            ("ticket.replied", "2", "out"),
            ("ticket.replied", "3", "in"),
        ]
    ]
    (report,) = found.files
    assert report.events == {"order.placed": 1, "ticket.opened": 1, "ticket.replied": 2}
    assert [example["kind"] for example in report.examples] == ["order.placed", "ticket.opened", "ticket.replied"]


def test_what_a_row_must_have_follows_its_kind_and_an_unknown_kind_is_set_aside_without_its_word(
    tmp_path: Path,
) -> None:
    file = facts(
        tmp_path,
        ("1", "secret.words", "2024-03-01", "Zoé"),
        ("2", "", "2024-03-01", "Zoé"),
        ("3", "order.placed", "2024-03-01", "Zoé"),
        ("4", "ticket.opened", "2024-03-01", "Zoé"),
        ("5", "promise.made", "2024-03-01", "Zoé", "T1"),
        ("6", "order.placed", "2024-03-01", "Zoé", "", "-1"),
        ("7", "secret.words", "never", "Zoé"),
    )
    found = bring(file, using=USING)
    assert [row["kind"] for row in found.events] == ["order.placed"]
    assert [(row["line"], row["kind"], row["column"], row["reason"]) for row in found.rejects] == [
        (2, None, "kind", "kind_unknown"),
        (3, None, "kind", "missing"),
        (5, "ticket.opened", "thread", "missing"),
        (6, "promise.made", "due_at", "missing"),
        (7, "order.placed", "amount", "negative"),
        (8, None, "kind", "kind_unknown"),
    ]
    (entry,) = found.files[0].entries
    assert (entry.kind, entry.rows, entry.made, entry.rejected, entry.skipped) == ("event", 7, 1, 6, 0)


def test_each_row_is_an_identifier_of_its_own_field(tmp_path: Path) -> None:
    rows = [("who", "field", "value"), ("Zoé", "email", "z@x.org"), ("Zoé", "phone", "1"), ("Zoé", "mail", "z")]
    rows += [("Zoé", "", "z"), ("Zoé", "email", ""), ("Zoé", "email", "z@x.org"), ("Zoé", "name", "1")]
    found = bring(write(tmp_path, "people.csv", as_csv(rows)), using=USING)
    assert sorted((row["field"], row["value"]) for row in found.identifiers) == [
        ("email", "z@x.org"),
        ("name", "1"),
        ("phone", "1"),
    ]
    assert [(row["line"], row["kind"], row["column"], row["reason"]) for row in found.rejects] == [
        (4, "identifier", "field", "field_unknown"),
        (5, "identifier", "field", "missing"),
    ]
    (entry,) = found.files[0].entries
    assert (entry.made, entry.duplicates, entry.rejected, entry.skipped) == (3, 1, 2, 1)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        (
            'kind_from = "lower(what)"',
            'kind = "order.placed"\nkind_from = "what"',
            "give 'kind' or 'kind_from', not both",
        ),
        ('kind_from = "lower(what)"', "", "'kind' is missing"),
        ('kind_from = "lower(what)"', 'kind_from = "wat"', r"\(kind_from\), kind: there is no column 'wat'.*'what'"),
        ('field_from = "field"', 'field = "email"\nfield_from = "field"', "give 'field' or 'field_from', not both"),
    ],
)
def test_an_entry_names_a_kind_or_says_where_it_is(was: str, becomes: str, says: str) -> None:
    assert was in USING
    with pytest.raises(BadInputError, match=says):
        mapping(USING.replace(was, becomes, 1))


def own_events(folder: Path, kinds: list[str]) -> Path:
    """One row of each kind, with every column that any kind needs."""
    full = {"subject": "p:1", "occurred_at": "2024-03-01T10:00:00Z", "due_at": "2024-04-01T10:00:00Z"}
    full |= {"thread": "t", "incident": "i", "topic": "refund", "quantity": "1", "score": "4", "scale_max": "5"}
    rows = [{name: full.get(name, "") for name in EVENTS.names} | {"event_id": kind, "kind": kind} for kind in kinds]
    return write(folder, "events.csv", as_csv([EVENTS.names, *(list(row.values()) for row in rows)]))


def test_the_own_preset_reads_every_kind_every_column_and_every_field(tmp_path: Path) -> None:
    own = preset("gouttes")
    (entry,) = own.events
    assert {*entry.columns, "event_id", "kind", "occurred_at", "subject", "source", "properties"} == {*EVENTS.names}
    found = bring(own_events(tmp_path, [*KINDS]), using=own)
    assert [(row["kind"], row["direction"]) for row in found.events] == [
        (kind, default_direction(kind)) for kind in KINDS
    ]
    rows = [("subject", "field", "value"), *(("p:1", field, "x") for field in IDENTIFIER_FIELDS)]
    people = bring(write(tmp_path, "identifiers.csv", as_csv(rows)), using=own)
    assert sorted(row["field"] for row in people.identifiers) == sorted(IDENTIFIER_FIELDS)


def test_an_import_asks_for_types_once_a_file_and_evaluates_once_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("run", "rows", "arrow"):
        plain = getattr(Sandbox, name)

        def counted(self: Sandbox, sql: str, *rest: object, plain: object = plain) -> object:
            asked.append(sql)
            return plain(self, sql, *rest)  # type: ignore[operator]  # a method of Sandbox

        monkeypatch.setattr(Sandbox, name, counted)
    with plan([own_events(tmp_path, [*KINDS])], preset("gouttes"), CONTEXT):
        pass
    assert sum(sql.startswith("describe") for sql in asked) == 1
    assert sum(sql.startswith("create table s") for sql in asked) == 1
