"""Rules are data: what is accepted, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from gouttes import engines
from gouttes.errors import BadInputError
from gouttes.evidence.rule import RULES, EvidenceRule, Match, load, rules_table
from gouttes.vocabulary import Facet, Polarity

NEW: dict[str, Any] = {
    "events": ["review.published"],
    "polarity": "drop",
    "facets": {"credibility": 1},
    "weight": 0.1,
    "half_life": 30,
}
CRED, INTEG, BENEV = Facet.CREDIBILITY, Facet.INTEGRITY, Facet.BENEVOLENCE
DROP, BUCKET = Polarity.DROP, Polarity.BUCKET


def named(name: str, **overrides: Any) -> EvidenceRule:
    return next(rule for rule in load(overrides) if rule.name == name)


def test_the_first_day_priors_are_these() -> None:
    found = {rule.name: (rule.polarity, rule.weight, rule.half_life, dict(rule.facets)) for rule in load()}
    assert found == {
        "promise kept": (DROP, 0.30, 90, {CRED: 1}),
        "resolved at first contact": (DROP, 0.30, 90, {CRED: 1}),
        "good human contact": (DROP, 0.20, 90, {BENEV: 1}),
        "unprompted return": (DROP, 0.80, 120, {CRED: 0.5, BENEV: 0.5}),
        "generous gesture": (DROP, 1.0, 180, {BENEV: 0.6, INTEG: 0.4}),
        "promise broken": (BUCKET, 1.2, 180, {CRED: 1}),
        "outage": (BUCKET, 1.2, 180, {CRED: 1}),
        "wrong answer": (BUCKET, 1.2, 180, {CRED: 1}),
        "effort": (BUCKET, 0.8, 180, {BENEV: 1}),
        "breach of integrity": (BUCKET, 3.0, 365, {INTEG: 1}),
        "incident badly handled": (BUCKET, 2.0, 365, {INTEG: 0.4, BENEV: 0.6}),
        "missed opportunity": (BUCKET, 0.30, 120, {CRED: 0.5, BENEV: 0.5}),
    }
    assert {rule.status for rule in load()} == {"prior"}
    assert all(rule.source.startswith("prior: ") for rule in load())


def test_opening_an_e_mail_is_never_evidence() -> None:
    read = {match.event for rule in load() for match in rule.matches}
    assert not read & {"email.opened", "email.clicked", "page.viewed", "survey.answered"}


def test_an_override_changes_what_it_names_and_nothing_else() -> None:
    rule = named("promise kept", **{"promise kept": {"weight": 0.5}})
    assert (rule.weight, rule.half_life, rule.status, rule.matches) == (0.5, 90, "set", (Match("promise.kept"),))
    assert named("outage", **{"promise kept": {"weight": 0.5}}) == named("outage")


def test_topics_alone_narrow_the_events_already_there() -> None:
    rule = named("outage", outage={"topics": ["payment"]})
    assert rule.matches == (Match("incident.touched", ("payment",)),)


def test_a_new_name_adds_a_rule_after_the_others() -> None:
    rules = load({"praise": NEW})
    assert (rules[-1].name, rules[-1].status, rules[-1].polarity, len(rules)) == (
        "praise",
        "set",
        DROP,
        len(load()) + 1,
    )


def test_a_rule_may_hold_several_patterns() -> None:
    pattern = [{"event": "review.published", "topics": ["a"]}, {"event": "gesture.made", "direction": "in"}]
    given = {key: value for key, value in NEW.items() if key != "events"}
    rule = named("praise", praise={**given, "match": pattern})
    assert rule.matches == (Match("review.published", ("a",)), Match("gesture.made", (), "in"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"facets": {"credibility": 0.5}},
            "facets must be shares of 0 or more that sum to 1, found {'credibility': 0.5}",
        ),
        ({"facets": {"credibility": 2, "integrity": -1}}, "facets must be shares"),
        ({"facets": {"charm": 1}}, "facets must be a table of shares of credibility, integrity, benevolence"),
        ({"weight": -0.1}, "weight must be a number of 0 or more, found -0.1"),
        ({"weight": True}, "weight must be a number, found True"),
        ({"weight": float("nan")}, "weight must be a number, found nan"),
        ({"weight": float("inf")}, "weight must be a number, found inf"),
        ({"weight": "heavy"}, "weight must be a number, found 'heavy'"),
        ({"half_life": 6.9}, "half_life must be 7 days or more, found 6.9"),
        ({"polarity": "up"}, "polarity must be 'drop' or 'bucket', found 'up'"),
        ({"polarity": 0}, "polarity must be 'drop' or 'bucket', found 0"),
        ({"polarity": [1]}, "polarity must be 'drop' or 'bucket', found [1]"),
        ({"episode": 1}, "episode must be true or false, found 1"),
        ({"repairable": 0.5}, "repairable must be 0 for a drop: only a failure is repaired, found 0.5"),
        ({"polarity": "bucket", "repairable": 1.5}, "repairable must be a share from 0 to 1, found 1.5"),
        ({"status": 3}, "status must be a text, found 3"),
        ({"events": []}, "events must be at least one event kind or act"),
        ({"events": "review.published"}, "events must be a list of texts, found 'review.published'"),
        (
            {"events": ["review.written"]},
            "There is no event kind 'review.written'. Kinds that could be meant: review.pub",
        ),
        (
            {"events": ["return.missed"], "topics": ["x"]},
            "'return.missed' is an act, which has no topic and no direction",
        ),
        ({"direction": "up"}, "direction must be 'in' or 'out', found 'up'"),
        ({"match": [{"event": "review.published"}]}, "gives both 'match' and 'events'. Keep one of them."),
        ({"colour": "blue"}, "has no field 'colour'. Fields: match, events"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_plain_words(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        load({"praise": {**NEW, **changes}})
    assert str(caught.value).startswith("Evidence rule 'praise'")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("review.published", "match must be a list of tables"),
        ([{"topics": ["a"]}], "event must be the name of an event kind or act, found None"),
        ([{"event": "review.published", "topic": "a"}], "a match takes event, topics, direction, not ['topic']"),
    ],
)
def test_a_pattern_that_cannot_be_is_refused(pattern: object, message: str) -> None:
    given = {key: value for key, value in NEW.items() if key != "events"}
    with pytest.raises(BadInputError) as caught:
        load({"praise": {**given, "match": pattern}})
    assert message in str(caught.value)


def test_a_misspelt_name_is_told_the_nearest_one() -> None:
    with pytest.raises(BadInputError, match=r"no evidence rule 'promise kep'.*Did you mean 'promise kept'"):
        load({"promise kep": {"weight": 1}})


def test_a_rule_without_a_name_is_refused() -> None:
    with pytest.raises(BadInputError, match="name must be a name, found ' '"):
        load({" ": NEW})


def test_facets_cannot_be_changed_behind_a_rule_s_back() -> None:
    with pytest.raises(TypeError):
        load()[0].facets[CRED] = 0.0  # type: ignore[index]  # what is shown to fail


def test_the_table_of_rules_has_one_row_each(duck: Any) -> None:
    table = duck.to_pyarrow(rules_table(load())).to_pylist()
    assert list(table[0]) == list(RULES.names)
    assert {row["rule"] for row in table} == {rule.name for rule in load()}
    assert table[4] == {
        "rule": "generous gesture",
        "polarity": 1,
        "weight": 1.0,
        "half_life": 180.0,
        "credibility": 0.0,
        "integrity": 0.4,
        "benevolence": 0.6,
    }


def test_facets_rounded_by_hand_still_make_the_whole(duck: Any) -> None:
    thirds = dict.fromkeys(("credibility", "integrity", "benevolence"), 0.3333333333)
    table = duck.to_pyarrow(rules_table(load({"outage": {"facets": thirds}}))).to_pylist()
    (row,) = [row for row in table if row["rule"] == "outage"]
    assert sum(row[facet] for facet in thirds) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("engine", ["duckdb", "pyspark"])
def test_the_table_compiles_for_every_engine(engine: str) -> None:
    assert "SELECT" in engines.sql_for(rules_table(load()), engine)
