"""One person's ledger in words: sentences that are computed, and that can be checked by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from tests.core.report.terminal import printed

from gouttes.errors import MissingColumnsError
from gouttes.language import Language
from gouttes.report import explain
from gouttes.report.explain import Account

NARROW = "\N{NARROW NO-BREAK SPACE}"
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
N0, M = 4.0, 0.8


def ledger(*groups: tuple[str, str, int, float, int], days: int = 10) -> tuple[dict[str, Any], pd.DataFrame]:
    """A reading and its exact ledger: groups of (rule, kind, count, weight each, sign)."""
    rows = [(rule, kind, weight, sign) for rule, kind, count, weight, sign in groups for _ in range(count)]
    up = sum(weight for *_, weight, sign in rows if sign > 0)
    down = sum(weight for *_, weight, sign in rows if sign < 0)
    a, b = N0 * M + up, N0 * (1 - M) + down
    gain = math.log(a / (N0 * M)) / up if up else 0.0
    loss = -math.log(b / (N0 * (1 - M))) / down if down else 0.0
    frame = pd.DataFrame(
        [
            {
                "event_id": str(i),
                "rule": rule,
                "kind": kind,
                "occurred_at": AS_OF - timedelta(days=days + i),
                "size": 1.0 if weight > 0 else -1.0,
                "weight_now": weight,
                "contribution": weight * (gain if sign > 0 else loss),
            }
            for i, (rule, kind, weight, sign) in enumerate(rows)
        ],
        columns=["event_id", "rule", "kind", "occurred_at", "size", "weight_now", "contribution"],
    )
    trust = a / (a + b)
    reading = {"person": "p1", "trust": trust, "low": 0.31, "high": 0.65, "ignorance": N0 / (a + b), "a": a, "b": b}
    return reading, frame


def account(*groups: tuple[str, str, int, float, int], days: int = 10) -> Account:
    reading, frame = ledger(*groups, days=days)
    return Account.of(reading, frame, as_of=AS_OF, name="Camille Renard")


CALLS = ("effort", "contact.repeated", 3, 0.6, -1)
INVOICE = ("breach of integrity", "invoice.issued", 1, 2.5, -1)
KEPT = ("promise kept", "promise.kept", 26, 0.1, 1)


def test_the_dearest_bucket_is_told_in_promises_kept() -> None:
    person = account(CALLS, KEPT)
    calls, kept = person.lines
    many = round(-calls.contribution / (kept.contribution / 26))
    assert many == 52
    assert f"3 repeated contacts cost as much as {many} promises kept." in explain.sentences(person, Language("en"))
    assert f"3 contacts répétés ont coûté autant que {many} promesses tenues." in explain.sentences(
        person, Language("fr")
    )


def test_the_reading_without_the_invoice_is_the_formula_without_it() -> None:
    person = account(INVOICE, CALLS, KEPT)
    expected = (N0 * M + 2.6) / (N0 * M + 2.6 + N0 * (1 - M) + 1.8)
    assert person.without(person.lines[0]) == pytest.approx(expected, abs=1e-12)
    share = Language("fr").percent(expected, 0)
    assert f"Sans la facture au-dessus du devis, la lecture serait de {share}." in explain.sentences(
        person, Language("fr")
    )
    share = Language("en").percent(expected, 0)
    assert f"Without the invoice above quote, the reading would be {share}." in explain.sentences(
        person, Language("en")
    )


def test_a_bucket_that_no_drop_makes_up_for_is_said_so() -> None:
    said = explain.sentences(account(INVOICE), Language("en"))
    assert "1 invoice above quote cost most, and no drop makes up for it yet." in said


def test_a_bucket_lighter_than_a_drop_is_not_told_in_fractions() -> None:
    said = explain.sentences(account(("outage", "incident.touched", 1, 0.004, -1), KEPT), Language("en"))
    assert "1 outage cost less than a single average drop." in said


def test_a_repair_lightens_its_bucket_and_is_not_counted() -> None:
    repaired = account(("outage", "incident.touched", 1, 1.0, -1), ("outage", "incident.repaired", 1, -0.4, -1))
    (line,) = repaired.lines
    assert line.count == 1
    assert line.weight == pytest.approx(0.6)


def test_a_person_of_whom_nothing_is_known_is_ignorance_not_distrust() -> None:
    said = explain.sentences(account(), Language("en"))
    assert any("silence is ignorance, not distrust" in sentence for sentence in said)
    assert not any("more than half" in sentence for sentence in said)


def test_a_reading_mostly_made_of_prior_and_an_old_one_are_flagged() -> None:
    said = explain.warnings(account(("promise kept", "promise.kept", 1, 0.1, 1), days=400), Language("en"))
    assert said[0].startswith("Note: more than half of the reading rests on the prior.")
    assert said[1] == "Note: the latest event is 400 days old."


@pytest.mark.parametrize("code", ["fr", "en"])
def test_it_always_ends_by_saying_what_it_is_not(code: str) -> None:
    last = explain.sentences(account(KEPT), Language(code))[-2:]
    assert last == [Language(code).say("explain.not_cause"), Language(code).say("explain.not_judge")]


def test_a_rule_somebody_made_goes_by_its_own_name() -> None:
    said = explain.sentences(account(("café offert", "gesture.made", 2, 0.5, 1)), Language("fr"))
    assert "Café offert (2) ont rapporté le plus." in said


def test_the_table_goes_from_the_prior_to_the_reading() -> None:
    person = account(INVOICE, CALLS, KEPT)
    text = printed(explain.table(person, Language("en")))
    assert "The trust of Camille Renard" in text
    assert "+1.39" in text  # logit of the prior mean .8
    assert "▼ Invoices above quote" in text
    assert "▲ Promises kept" in text


def test_all_that_is_told_lists_the_heaviest_events_newest_first() -> None:
    text = printed(*explain.told(account(INVOICE, CALLS, KEPT), Language("en"), events=4))
    assert "The 4 events that weigh most" in text
    assert text.count("Repeat contact on the same topic") == 3
    assert "Promise kept" not in text.split("The 4 events")[1]


def test_a_ledger_without_its_columns_is_refused() -> None:
    reading, frame = ledger(KEPT)
    with pytest.raises(MissingColumnsError, match="contribution"):
        Account.of(reading, frame.drop(columns="contribution"), as_of=AS_OF)
