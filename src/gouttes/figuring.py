"""Identity in figures: how many records make how many people, what each rule brought, what waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gouttes.identity.decisions import in_force
from gouttes.identity.group import ALONE
from gouttes.reviewing import queue

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.opened import OpenedWorkspace


@dataclass(frozen=True)
class IdentityFigures:
    """Counts over everyone; no estimate, so no interval.

    Attributes:
        records: subjects, those that say who they are and those that do not.
        people: people they make.
        consolidation: share of the records that another of the same person makes superfluous, 1 - people / records.
        sizes: by number of records, how many people are made of so many; ``10`` stands for ten and more.
        largest: the most records of one person.
        alarming: people made of more records than ``[identity] alarm``.
        by_rule: by rule, the records it brought to a person who was there.
        by_source: by source, its records.
        waiting: pairs that wait for an answer.
        waiting_by_reason: the same, by reason.
        set_aside: contact details that join nobody because too many hold them.
        decisions: decisions in force.
    """

    records: int
    people: int
    consolidation: float
    sizes: dict[int, int]
    largest: int
    alarming: int
    by_rule: dict[str, int]
    by_source: dict[str, int]
    waiting: int
    waiting_by_reason: dict[str, int]
    set_aside: int
    decisions: int


MANY = 10


def figures(opened: OpenedWorkspace) -> IdentityFigures:
    """The figures of identity of a workspace that was run."""
    links = opened.links()
    sizes = links.group_by("person").agg(records=links.count()).cache()
    grouped = sizes.group_by(records=sizes["records"].clip(upper=MANY)).agg(n=sizes.count())
    by_size = {int(row["records"]): int(row["n"]) for row in grouped.order_by("records").to_pyarrow().to_pylist()}
    records, people = int(links.count().execute()), sum(by_size.values())
    waiting = _counted(queue(opened), "reason")
    alarm = opened.workspace.settings.identity.alarm
    sources = links.mutate(source=links["subject"].re_extract("^[^:]*", 0))
    return IdentityFigures(
        records=records,
        people=people,
        consolidation=1 - people / records if records else 0.0,
        sizes=by_size,
        largest=int(sizes["records"].max().execute() or 0),
        alarming=int(sizes.filter(sizes["records"] > alarm).count().execute()),
        by_rule={name: n for name, n in _counted(links, "rule").items() if name != ALONE},
        by_source=_counted(sources, "source"),
        waiting=sum(waiting.values()),
        waiting_by_reason=waiting,
        set_aside=int(opened.keys_set_aside().count().execute()),
        decisions=int(in_force(opened.published("decisions"))["decision"].nunique().execute()),
    )


def _counted(table: ir.Table, name: str) -> dict[str, int]:
    rows = table.group_by(name).agg(n=lambda t: t.count()).order_by(name).to_pyarrow().to_pylist()
    return {str(row[name]): int(row["n"]) for row in sorted(rows, key=lambda row: -row["n"])}
