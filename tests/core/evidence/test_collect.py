"""From events and acts to evidence: matching, episodes, repairs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.core.behaviour.narrow_clock import NARROW, PERSON_EVENTS, arrow, crowd, date, event, moment, plain_rows

from gouttes import engines
from gouttes.behaviour import justice as behaviour_justice
from gouttes.behaviour.acts import acts
from gouttes.behaviour.rows import ACTS
from gouttes.errors import MissingColumnsError
from gouttes.evidence import justice as evidence_justice
from gouttes.evidence.collect import collect
from gouttes.evidence.rows import EVIDENCE
from gouttes.evidence.rule import EvidenceRule, load
from gouttes.schemas import EVIDENCE as PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

DAY = 24.0
AS_OF = moment(400 * DAY)
RULES = load()
EVENTS = ibis.table(ibis.Schema.from_pyarrow(PERSON_EVENTS), name="events")
SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=3, phases=[Phase.generate])
Rows = list[dict[str, Any]]


def evidence_rows(table: pa.Table) -> Rows:
    """Rows with ``at`` and ``known`` in microseconds, ``t`` and ``known_days`` in days."""
    return plain_rows(table.rename_columns(["known_days" if name == "known" else name for name in table.column_names]))


class Books:
    """A DuckDB with a table of events; ``evidence`` answers what they say, acts included."""

    def __init__(self) -> None:
        self.connection = engines.connect()
        self.events = self.connection.create_table("events", schema=EVENTS.schema())
        self.acts = self.connection.create_table("acts", schema=ACTS)
        self.compiled: dict[Any, Any] = {}

    def evidence(self, events: Sequence[dict[str, Any]], *, as_of: int = AS_OF, rules: Any = RULES) -> Rows:
        derive, read = self.compiled.get((as_of, id(rules))) or self._compile(as_of, rules)
        raw = self.connection.con
        raw.register("arriving", arrow(events))
        raw.execute("delete from events; insert into events by name from arriving")
        raw.register("derived", raw.sql(derive[0]).to_arrow_table())
        raw.execute("delete from acts; insert into acts by name from derived")
        return evidence_rows(raw.sql(read[0]).to_arrow_table())

    def _compile(self, as_of: int, rules: Any) -> Any:
        derive = acts(self.events, as_of=date(as_of), window=NARROW)
        read = collect(self.events, self.acts, rules, as_of=date(as_of))
        self.connection._run_pre_execute_hooks(read)  # the table of rules stays while the expression does
        pair = [(self.connection.compile(each), each) for each in (derive, read)]
        self.compiled[as_of, id(rules)] = pair
        return pair

    def of(self, rule: str, *events: dict[str, Any], as_of: int = AS_OF) -> Rows:
        """Evidence of one rule, in order of time; ids are e0, e1…"""
        numbered = [{**event, "event_id": f"e{number}"} for number, event in enumerate(events)]
        rows = [row for row in self.evidence(numbered, as_of=as_of) if row["rule"] == rule]
        return sorted(rows, key=lambda row: (row["at"], row["known"], row["event_id"]))


@pytest.fixture(scope="module")
def books() -> Books:
    return Books()


def sizes(rows: Rows) -> list[float]:
    return [round(row["size"], 12) for row in rows]


def test_a_promise_counts_once_though_it_is_an_event_and_an_act(books: Books) -> None:
    (kept,) = books.of("promise kept", event("promise.kept", DAY, known=6, thread="p", team="north"))
    assert kept["kind"] == "promise.kept"
    assert (kept["t"], kept["known_days"]) == (moment(DAY) / 86_400e6, moment(DAY + 6) / 86_400e6)
    assert (kept["size"], kept["team"], kept["episode"], kept["event_id"]) == (1.0, "north", "p", "e0")


@pytest.mark.parametrize(
    ("topic", "direction", "rule"),
    [
        ("thanks", "in", "good human contact"),
        ("thanks", None, "good human contact"),
        ("thanks", "none", "good human contact"),
        ("thanks", "out", None),
        ("refund", "out", "generous gesture"),
        ("warning", None, "generous gesture"),
        ("refund", "in", None),
        ("hello", "out", None),
    ],
)
def test_a_gesture_speaks_by_its_topic_and_direction(
    books: Books, topic: str, direction: str | None, rule: str | None
) -> None:
    rows = books.evidence([event("gesture.made", 0, topic=topic, direction=direction)])
    assert [row["rule"] for row in rows] == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("kind", "topic", "rule"),
    [
        ("complaint.filed", "wrong_answer", "wrong answer"),
        ("complaint.filed", "useless_proof", "effort"),
        ("complaint.filed", "contradiction", "breach of integrity"),
        ("complaint.filed", "consent_ignored", "breach of integrity"),
        ("complaint.filed", "noise", None),
        ("complaint.filed", None, None),
        ("invoice.issued", "above_quote", "breach of integrity"),
        ("invoice.issued", None, None),
        ("ticket.reopened", None, "effort"),
        ("incident.touched", None, "outage"),
        ("email.opened", None, None),
    ],
)
def test_failures_speak_by_their_kind_and_topic(books: Books, kind: str, topic: str | None, rule: str | None) -> None:
    rows = books.evidence([event(kind, 399 * DAY, topic=topic)])
    assert [row["rule"] for row in rows] == ([rule] if rule else [])


PRAISE = load(
    {
        "praise": {
            "match": [
                {"event": "review.published", "topics": ["food"]},
                {"event": "review.published", "direction": "in"},
            ],
            "polarity": "drop",
            "facets": {"benevolence": 1.0},
            "weight": 0.2,
            "half_life": 90,
        }
    }
)[-1:]


@pytest.mark.parametrize(
    ("topic", "direction", "count"),
    [("food", "in", 1), ("food", "out", 1), ("staff", "in", 1), ("staff", "out", 0), (None, None, 1)],
)
def test_any_pattern_of_a_rule_accepts_and_an_event_counts_once(
    books: Books, topic: str | None, direction: str | None, count: int
) -> None:
    praised = event("review.published", 0, topic=topic, direction=direction)
    assert len(books.evidence([praised], rules=PRAISE)) == count


def test_severity_sizes_a_failure_and_never_a_drop(books: Books) -> None:
    for severity, size in ((0.3, 0.3), (None, 1.0), (7.0, 1.0), (-1.0, 0.0)):
        broken = event("promise.broken", 0, severity=severity)
        assert sizes(books.of("promise broken", broken)) == [size]
        assert sizes(books.of("good human contact", event("gesture.made", 0, topic="thanks", severity=severity))) == [
            1.0
        ]


def test_one_incident_is_one_failure_dated_at_its_first_event(books: Books) -> None:
    touched = [event("incident.touched", 10 - number, known=20, incident="i", severity=0.5) for number in range(3)]
    (row,) = books.of("outage", *touched)
    assert row["size"] == pytest.approx(1 - 0.5**3, abs=1e-15)
    assert (row["event_id"], row["at"], row["known"]) == ("e2", moment(8), moment(28))
    assert row["episode"] == "i"


def test_a_failure_of_full_size_leaves_nothing_to_add(books: Books) -> None:
    pair = [event("incident.touched", number, incident="i", severity=size) for number, size in enumerate((1.0, 0.5))]
    assert [row["size"] for row in books.of("outage", *pair)] == [1.0]


def test_two_incidents_two_people_and_no_key_stay_apart(books: Books) -> None:
    apart = [event("incident.touched", 0, incident=each) for each in ("i", "j")]
    other = event("incident.touched", 0, incident="i", person="bob")
    alone = [event("promise.broken", 0), event("promise.broken", 0)]
    assert sizes(books.of("outage", *apart, other)) == [1.0, 1.0, 1.0]
    assert sizes(books.of("promise broken", *alone)) == [1.0, 1.0]


def test_an_incident_and_a_thread_of_one_name_are_two_episodes(books: Books) -> None:
    pair = (event("promise.broken", 0, incident="x"), event("promise.broken", 0, thread="x"))
    assert sizes(books.of("promise broken", *pair)) == [1.0, 1.0]


@pytest.mark.parametrize(("days", "episodes"), [(30.0, 1), (30.01, 2)])
def test_a_topic_opens_a_new_episode_after_thirty_days(books: Books, days: float, episodes: int) -> None:
    filed = [event("complaint.filed", hours, topic="wrong_answer") for hours in (0, days * DAY)]
    assert len(books.of("wrong answer", *filed)) == episodes
    threaded = [{**each, "thread": "t"} for each in filed]
    assert len(books.of("wrong answer", *threaded)) == 1


def test_drops_are_never_brought_together(books: Books) -> None:
    kept = [event("promise.kept", 0, thread="p"), event("promise.kept", 1, thread="p")]
    assert sizes(books.of("promise kept", *kept)) == [1.0, 1.0]


def repair(hours: float, just: float | None, **fields: Any) -> dict[str, Any]:
    return event("incident.repaired", hours, severity=just, **{"incident": "i", **fields})


def test_a_repair_gives_back_its_share_at_the_failure_s_date(books: Books) -> None:
    failed = event("incident.touched", 0, incident="i", severity=0.8, known=48, team="north")
    lost, given_back = books.of("outage", failed, repair(72, 0.5, known=5, team="south"))
    assert lost["size"] == 0.8
    assert given_back["size"] == pytest.approx(-0.5 * 0.5 * 0.8, abs=1e-15)
    assert (given_back["at"], given_back["known"], given_back["t"]) == (moment(0), moment(77), lost["t"])
    assert (given_back["event_id"], given_back["kind"], given_back["team"]) == ("e1", "incident.repaired", "south")


def test_a_repair_is_not_known_before_its_failure(books: Books) -> None:
    failed = event("incident.touched", 0, incident="i", known=48)
    assert [row["known"] for row in books.of("outage", failed, repair(1, 1.0))] == [moment(48), moment(48)]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({}, True),
        ({"incident": "other"}, False),
        ({"person": "bob"}, False),
        ({"hours": -1.0}, False),
        ({"hours": 0.0}, True),
        ({"just": 0.0}, False),
    ],
)
def test_a_repair_repairs_the_same_incident_of_the_same_person_from_then_on(
    books: Books, fields: dict[str, Any], *, counts: bool
) -> None:
    mended = repair(**{"hours": 5.0, "just": 1.0, **fields})
    rows = books.of("outage", event("incident.touched", 0, incident="i"), mended)
    assert sizes(rows) == ([1.0, -0.5] if counts else [1.0])


def test_a_repair_that_states_nothing_gives_back_what_its_speed_shows(books: Books) -> None:
    rows = books.of("outage", event("incident.touched", 0, incident="i"), repair(5.0, None))
    assert sizes(rows) == pytest.approx([1.0, -0.5 * 0.1])


@pytest.mark.parametrize("kind", ["complaint.answered", "gesture.made", "incident.repaired"])
def test_an_answer_or_a_gesture_repairs_by_its_thread_too(books: Books, kind: str) -> None:
    failed = event("complaint.filed", 0, topic="wrong_answer", thread="t", incident="i")
    mended = event(kind, 5, thread="t", severity=0.5)
    assert sizes(books.of("wrong answer", failed, mended)) == [1.0, -0.25]
    assert sizes(books.of("wrong answer", failed, {**mended, "thread": None, "incident": "i"})) == [1.0, -0.25]


def test_a_repair_matches_any_event_of_the_episode_and_counts_once(books: Books) -> None:
    failed = [
        event("complaint.filed", hours, topic="wrong_answer", thread=thread, incident="i")
        for hours, thread in ((0, "a"), (1, "b"))
    ]
    mended = event("complaint.answered", 5, thread="b", severity=1.0, incident="i")
    assert sizes(books.of("wrong answer", *failed, mended)) == [1.0, -0.5]


def test_of_several_repairs_the_most_just_counts_and_the_earliest_of_equals(books: Books) -> None:
    failed = event("incident.touched", 0, incident="i")
    rows = books.of("outage", failed, repair(9, 0.5), repair(8, 0.8), repair(7, 0.8), repair(1, 0.2))
    assert [(row["event_id"], round(row["size"], 12)) for row in rows] == [("e0", 1.0), ("e3", -0.4)]


def test_the_repair_that_was_bad_does_not_mend_the_failure_it_is(books: Books) -> None:
    rows = books.of("incident badly handled", event("incident.touched", 0, incident="i"), repair(5, 0.3))
    assert sizes(rows) == [1.0]


def test_nothing_happens_before_it_is_known(books: Books) -> None:
    late = event("incident.touched", 0, incident="i", known=48)
    assert books.of("outage", late, as_of=moment(47)) == []
    assert sizes(books.of("outage", late, as_of=moment(48))) == [1.0]


def test_a_complaint_that_is_also_a_repeat_is_one_effort(books: Books) -> None:
    solved = event("ticket.solved", 0, thread="t")
    again = event("complaint.filed", 5, thread="t", topic="useless_proof")
    assert sizes(books.of("effort", solved, again)) == [1.0]


def keyed(rows: Rows) -> list[tuple[Any, ...]]:
    names = ("person", "rule", "event_id", "kind", "at", "known", "episode", "team")
    return sorted((*(str(row[name]) for name in names), f"{row['size']:.12f}") for row in rows)


KINDS = (
    *("incident.touched", "incident.touched", "incident.repaired", "complaint.filed", "complaint.answered"),
    *("ticket.reopened", "ticket.solved", "message.received", "promise.broken", "promise.kept", "gesture.made"),
)


@given(seed=SEEDS)
@FEW
def test_neither_order_nor_other_people_change_anything(books: Books, seed: int) -> None:
    events = crowd(seed, kinds=KINDS)
    whole = books.evidence(events)
    shuffled = random.Random(seed).sample(events, len(events))  # noqa: S311 -- a shuffle, not a secret
    some = [event for event in events if event["person"] < "p050"]
    assert keyed(books.evidence(shuffled)) == keyed(whole)
    assert keyed(books.evidence(some)) == keyed([row for row in whole if row["person"] < "p050"])


@given(seed=SEEDS)
@FEW
def test_a_repair_never_gives_back_more_than_its_failure(books: Books, seed: int) -> None:
    rows = books.evidence(crowd(seed, kinds=KINDS))
    failures = [row for row in rows if row["size"] >= 0]
    mended = [row for row in rows if row["size"] < 0]
    assert mended
    for row in mended:
        same = [one["size"] for one in failures if (one["person"], one["rule"], one["at"]) == _where(row)]
        assert -row["size"] <= 0.5 * max(same) + 1e-12
    assert all(0 <= row["size"] <= 1 for row in failures)


def _where(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["person"], row["rule"], row["at"]


@given(share=st.floats(0, 1), other=st.floats(-1, 2), severity=st.none() | st.floats(0, 1))
@settings(max_examples=20)
def test_justice_is_the_same_in_both_steps(books: Books, share: float, other: float, severity: float | None) -> None:
    documents = [None, "{}", f'{{"distributive": {share}}}', f'{{"procedural": {other}, "informational": {share}}}']
    events = ibis.memtable(
        {"properties": documents, "severity": [severity] * len(documents)},
        schema={"properties": "string", "severity": "float64"},
    )
    both = events.select(one=behaviour_justice.justice(events), other=evidence_justice.justice(events))
    assert all(row["one"] == row["other"] for row in books.connection.to_pyarrow(both).to_pylist())
    assert dict(behaviour_justice.JUSTICE) == dict(evidence_justice.JUSTICE)


def test_without_rules_there_is_no_evidence(books: Books) -> None:
    assert books.evidence([event("promise.kept", 0)], rules=()) == []


def test_the_columns_are_those_that_are_published() -> None:
    found = collect(EVENTS, ibis.table(ACTS, name="acts"), RULES, as_of=date(AS_OF))
    assert tuple(found.columns) == EVIDENCE.names == PUBLISHED.names


def test_events_without_a_person_are_refused_by_name() -> None:
    with pytest.raises(MissingColumnsError, match=r"evidence.collect needs column\(s\) \['person'\]"):
        collect(EVENTS.drop("person"), ibis.table(ACTS, name="acts"), RULES, as_of=date(AS_OF))


def rules_of(kind: str) -> tuple[EvidenceRule, ...]:
    return {"all": RULES, "acts": RULES[3:4], "events": RULES[6:8], "none": ()}[kind]


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
@pytest.mark.parametrize("kind", ["all", "acts", "events", "none"])
def test_it_compiles_for_every_engine(engine: str, kind: str) -> None:
    found = collect(EVENTS, ibis.table(ACTS, name="acts"), rules_of(kind), as_of=date(AS_OF))
    assert "SELECT" in engines.sql_for(found, engine)


@pytest.mark.spark
def test_both_engines_agree(duck: Any, spark: Any, tmp_path: Path) -> None:
    file, derived = str(tmp_path / "events.parquet"), str(tmp_path / "acts.parquet")
    pq.write_table(arrow(crowd(7, people=60, kinds=KINDS)), file)
    as_of = date(moment(54))
    on_duck = engines.read_parquet(duck, [file], EVENTS.schema())
    pq.write_table(duck.to_pyarrow(acts(on_duck, as_of=as_of, window=NARROW)), derived)
    found = []
    for connection in (duck, spark):
        events = engines.read_parquet(connection, [file], EVENTS.schema())
        said = engines.read_parquet(connection, [derived], ACTS)
        found.append(evidence_rows(connection.to_pyarrow(collect(events, said, RULES, as_of=as_of))))
    assert keyed(found[0])
    assert keyed(found[0]) == keyed(found[1])
