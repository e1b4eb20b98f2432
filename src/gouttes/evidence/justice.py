"""How just a repair was: as its source states it or, where it says nothing, as the log shows it.

Four facets, each from 0 to 1 (Colquitt 2001; priors of their weights after Orsingher, Valentini & de Angelis 2010,
*Journal of the Academy of Marketing Science* 38(2)):

- distributive: compensation over loss, at most 1;
- procedural: the mean of what is known of speed against target, one contact, and an appeal offered;
- interpersonal: an apology where the company was at fault, and no rudeness;
- informational: the mean of what is known of a cause given, the delay announced, and the delay held.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.engines import json_text, unix_micros
from gouttes.evidence.rows import LABELS, keys_of_events

if TYPE_CHECKING:
    import ibis.expr.types as ir

REPAIRING = ("incident.repaired", "complaint.answered", "gesture.made")
JUSTICE = MappingProxyType({"distributive": 0.40, "procedural": 0.10, "interpersonal": 0.30, "informational": 0.20})
"""Weights of the four justices. Priors, after the meta-analysis of Orsingher, Valentini & de Angelis (2010)."""
FAILING = ("incident.touched", "complaint.filed", "ticket.opened")
ASKING = ("ticket.opened", "message.received", "call.received", "complaint.filed", "form.submitted")
ADMITTED, ANNOUNCED = "incident.admitted", "incident.announced"
TARGET_DAYS = 7.0
"""Prior: a repair within a week is on time, where neither the event's ``target_days`` nor anything else says."""
DAY_US = 86_400_000_000
STATED, SEVERITY, DERIVED = "stated", "severity", "derived"


def justice(events: ir.Table) -> ir.FloatingValue:
    """J of each repair, between 0 and 1: the weighted sum of the justices in its ``properties``.

    A justice that is absent counts 0 where another is given. Where none is given J is the event's ``severity``, and
    null where there is none either: nothing is stated of the repair.
    """
    parts = {name: _share(json_text(events.properties, name)) for name in JUSTICE}
    total = sum((part.fill_null(0.0) * JUSTICE[name] for name, part in parts.items()), ibis.literal(0.0))
    some = ibis.or_(*(part.notnull() for part in parts.values()))
    return some.ifelse(total, events.severity.clip(0.0, 1.0))


def facets(events: ir.Table) -> ir.Table:
    """One row per repair with its facets, where each comes from, and J.

    What the event states comes first: its facets (those that it leaves out count 0), else its ``severity`` as a
    whole. Only where it states nothing are facets derived from its other properties and from the events of the same
    incident, or thread, that had happened and were known by then; a facet of which nothing is recorded counts 0, so
    that a repair gives back no more than is shown.

    Args:
        events: the log's events with a ``person``.

    Returns:
        ``person, event_id, kind, known_at, repaired_at``, the labels, ``incident`` and ``thread`` (prefixed), each
        facet (null where nothing is recorded) and ``FACET_from`` (``stated``, ``derived`` or null), ``justice`` (null
        where nothing is known at all) and ``justice_from`` (``stated``, ``severity``, ``derived`` or null).
    """
    attempts = _attempts(events)
    seen = attempts.left_join(_circumstances(attempts, events), ["person", "event_id"])
    rows = seen.select(*attempts.columns, *_SEEN)
    derived = _derived(rows)
    silent = rows.stated_justice.isnull()
    told = {}
    for name in JUSTICE:
        stated, guessed = rows[f"stated_{name}"], derived[name]
        told[name] = silent.ifelse(guessed, stated)
        told[f"{name}_from"] = ibis.cases(
            (stated.notnull(), STATED), (silent & guessed.notnull(), DERIVED), else_=ibis.null("string")
        )
    found = rows.mutate(**told)
    total = sum((found[name].fill_null(0.0) * weight for name, weight in JUSTICE.items()), ibis.literal(0.0))
    some = ibis.or_(*(found[name].notnull() for name in JUSTICE))
    by_facets = ibis.or_(*(found[f"stated_{name}"].notnull() for name in JUSTICE))
    return found.mutate(
        justice=found.stated_justice.fill_null(some.ifelse(total, ibis.null("float64"))),
        justice_from=ibis.cases(
            (by_facets, STATED), (found.stated_justice.notnull(), SEVERITY), (some, DERIVED), else_=ibis.null("string")
        ),
    ).select(
        *("person", "event_id", "kind", "known_at", "repaired_at", *LABELS, "incident", "thread"),
        *(column for name in JUSTICE for column in (name, f"{name}_from")),
        *("justice", "justice_from"),
    )


_TOLD = ("compensation", "loss", "target_days")
_SAID = ("appeal", "apology", "rude", "at_fault")
_SEEN = ("failed", "contacts", "admitted", "announced", "promised_by")


def _attempts(events: ir.Table) -> ir.Table:
    chosen = events.filter(events.kind.isin(REPAIRING), events.incident.notnull() | events.thread.notnull())
    keys = keys_of_events(chosen)
    return chosen.select(
        *("person", "event_id", "kind", "known_at", *LABELS),
        incident=keys["incident"],
        thread=keys["thread"],
        repaired_at=chosen.occurred_at,
        stated_justice=justice(chosen),
        cause=json_text(chosen.properties, "cause").nullif(""),
        **{f"stated_{name}": _share(json_text(chosen.properties, name)) for name in JUSTICE},
        **{name: _number(json_text(chosen.properties, name)) for name in _TOLD},
        **{name: _yes(json_text(chosen.properties, name)) for name in _SAID},
    )


def _circumstances(attempts: ir.Table, events: ir.Table) -> ir.Table:
    """What had happened around each repair that states nothing: first failure, contacts, admission, announcement."""
    read = events.filter(events.kind.isin({*FAILING, *ASKING, ADMITTED, ANNOUNCED}))
    keys = keys_of_events(read)
    around = read.select(
        around_person="person",
        around_kind="kind",
        key=ibis.coalesce(keys["incident"], keys["thread"]),
        at="occurred_at",
        known="known_at",
        due="due_at",
        inward=read.direction.fill_null("in") != "out",
    ).filter(lambda t: t.key.notnull())
    silent = attempts.filter(attempts.stated_justice.isnull())
    mended = silent.select(
        "person", "event_id", "repaired_at", "known_at", mended_key=ibis.coalesce(silent.incident, silent.thread)
    )
    both = mended.join(around, [mended.person == around.around_person, mended.mended_key == around.key])
    then = both.filter(both["at"] <= both.repaired_at, both.known <= both.known_at)
    kind = then.around_kind
    return then.group_by("person", "event_id").agg(
        failed=unix_micros(then["at"]).min(where=kind.isin(FAILING)),
        contacts=(kind.isin(ASKING) & then.inward).sum(),
        admitted=(kind == ADMITTED).any(),
        announced=(kind == ANNOUNCED).any(),
        promised_by=unix_micros(then.due).max(where=kind == ANNOUNCED),
    )


def _derived(rows: ir.Table) -> dict[str, ir.FloatingValue]:
    """The four facets from what is recorded around the repair."""
    mended = unix_micros(rows.repaired_at)
    taken = (mended - rows.failed).cast("float64") / DAY_US
    target = rows.target_days.fill_null(TARGET_DAYS)
    speed = (taken <= target).ifelse(1.0, target / taken.nullif(0.0))
    once = 1.0 / rows.contacts.cast("float64").nullif(0.0)
    sorry = ibis.coalesce(rows.apology, _known(rows.admitted))
    kind = rows.rude.isnull() | (rows.rude == 0.0)
    at_fault = rows.at_fault.isnull() | (rows.at_fault > 0.0)
    polite = kind.ifelse(at_fault.ifelse(sorry, 1.0), 0.0)
    said = ibis.or_(sorry.notnull(), rows.rude.notnull(), rows.at_fault == 0.0)
    held = (mended <= rows.promised_by).cast("float64")
    cause = rows.cause.notnull().ifelse(1.0, ibis.null("float64"))
    return {
        "distributive": (rows.loss > 0).ifelse(
            _within(rows.compensation / rows.loss.nullif(0.0)), ibis.null("float64")
        ),
        "procedural": _mean(speed, once, rows.appeal),
        "interpersonal": said.ifelse(polite.fill_null(0.0), ibis.null("float64")),
        "informational": _mean(cause, _known(rows.announced), held),
    }


def _known(seen: ir.BooleanValue) -> ir.FloatingValue:
    """1 where it was seen; where it was not, nothing is known."""
    return seen.ifelse(1.0, ibis.null("float64"))


def _mean(*parts: ir.FloatingValue) -> ir.FloatingValue:
    """The mean of the parts that are known, null where none is."""
    number = reduce(add, (part.notnull().cast("int64") for part in parts))
    return reduce(add, (part.fill_null(0.0) for part in parts)) / number.cast("float64").nullif(0.0)


def _number(text: ir.StringValue) -> ir.FloatingValue:
    value = text.try_cast(dt.float64)
    return value.isnan().ifelse(ibis.null(dt.float64), value)


def _share(text: ir.StringValue) -> ir.FloatingValue:
    return _within(_number(text))


def _within(value: ir.FloatingValue) -> ir.FloatingValue:
    return value.clip(0.0, 1.0)


def _yes(text: ir.StringValue) -> ir.FloatingValue:
    """1 for true, 0 for false, null for anything else."""
    return ibis.cases((text == "true", 1.0), (text == "false", 0.0), else_=ibis.null("float64"))
