"""What computing everyone anew would change of who is who, and why: before a rule is changed, or every night."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from gouttes.eventlog import read
from gouttes.eventlog.tables import EventLog
from gouttes.identification import Identification
from gouttes.identity import holdings
from gouttes.identity.decisions import lived
from gouttes.identity.likening import Likening, link_at
from gouttes.identity.moves import moves
from gouttes.identity.ways import TYING, across, ties_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from gouttes.identification import Everyone
    from gouttes.opened import OpenedWorkspace
    from gouttes.settings.identity import IdentitySettings

EXAMPLES = 10


@dataclass(frozen=True)
class Change:
    """People who would join, or one who would part.

    Attributes:
        people: the present ids.
        parts: the records of each: of joining the present people, of parting the people there would be.
        rules: what would join them, or what joins them now; the surest first.
        why: ``rule`` (they share what a rule compares), ``gone`` (nothing ties them any more), ``set_aside`` (too
            many share it), ``names``, ``strong`` or ``either`` (a guard), ``new`` (a record that nobody knew).
    """

    people: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    rules: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Trial:
    """What would change.

    Attributes:
        people_now, people_then: how many there are, and would be.
        joining: how many people would become part of another.
        parting: how many would part.
        unknown: records that no run has placed yet.
        joined, parted: examples, or all where asked.
    """

    people_now: int
    people_then: int
    joining: int
    parting: int
    unknown: int
    joined: tuple[Change, ...]
    parted: tuple[Change, ...]

    @property
    def nothing(self) -> bool:
        """Whether nothing would change."""
        return not (self.joining or self.parting or self.unknown)


class Tied(NamedTuple):
    """By what records are tied: tables, rules, and the probability from which a likeness counts."""

    tables: Mapping[str, ir.Table]
    settings: IdentitySettings
    link_at: float

    def rules(self, parts: Mapping[str, Sequence[str]], links: ir.Table) -> tuple[str, ...]:
        """What ties the parts to each other; where nothing does directly, what ties anything in them (LINKS)."""
        subjects = [subject for part in parts.values() for subject in part]
        direct = across(ties_of(self.tables, self.settings, subjects, link_at=self.link_at), parts.values())
        named = links.filter(links["subject"].isin(subjects))["rule"]
        return direct or tuple(sorted(set(named.to_pyarrow().to_pylist()) - {"self"}))


def trial(opened: OpenedWorkspace, settings: IdentitySettings, *, examples: int = EXAMPLES) -> Trial:
    """Compute everyone with these settings, and hold the result against what is published. Nothing is written.

    Args:
        opened: a workspace that was run.
        settings: those to try.
        examples: how many changes of each sort to tell.
    """
    workspace = opened.workspace
    tried = replace(workspace, settings=replace(workspace.settings, identity=settings))
    log, connection = EventLog(workspace), opened.connection
    now = datetime.now(UTC)
    identification = Identification(tried, connection, log, opened.manifest, "trial", opened.as_of, now)
    events = lived(read.events(log, connection, known_by=opened.as_of))
    found = identification.everyone(events.select("subject").distinct())
    links, former = found.tables["links"], opened.links()
    moved = moves(former, links, run="trial", at=now).to_pyarrow().to_pylist()
    joined, parted = _groups(moved, "after", "before"), _groups(moved, "before", "after")
    unknown = int(links.anti_join(former, "subject").count().execute())
    tied = Tied(found.tables, settings, identification.link_at)
    return Trial(
        people_now=int(former["person"].nunique().execute()),
        people_then=int(links["person"].nunique().execute()),
        joining=sum(len(parts) - 1 for parts in joined.values()),
        parting=len(parted),
        unknown=unknown,
        joined=tuple(_joined(found, tied, parts) for parts in list(joined.values())[:examples]),
        parted=tuple(_parted(opened, found, tied, *each) for each in list(parted.items())[:examples]),
    )


def _groups(moved: Sequence[Mapping[str, str]], outer: str, inner: str) -> dict[str, dict[str, list[str]]]:
    """By person on one side, the people on the other side that it is made of, where they are several."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in sorted(moved, key=lambda each: each["subject"]):
        found.setdefault(row[outer], {}).setdefault(row[inner], []).append(row["subject"])
    return {person: parts for person, parts in sorted(found.items()) if len(parts) > 1}


def _joined(found: Everyone, tied: Tied, parts: Mapping[str, Sequence[str]]) -> Change:
    rules = tied.rules(parts, found.tables["links"])
    return Change(tuple(parts), tuple(tuple(part) for part in parts.values()), rules, "rule")


def _parted(
    opened: OpenedWorkspace, found: Everyone, tried: Tied, person: str, parts: Mapping[str, Sequence[str]]
) -> Change:
    settings = opened.workspace.settings.identity
    at = link_at(Likening.load(opened.workspace), settings)
    tied = Tied({name: opened.published(name) for name in TYING}, settings, at)
    rules = tied.rules(parts, opened.links())
    why = _why(found, tried.settings, [subject for part in parts.values() for subject in part], rules)
    return Change((person,), tuple(tuple(part) for part in parts.values()), rules, why)


def _why(found: Everyone, settings: IdentitySettings, subjects: Sequence[str], rules: Sequence[str]) -> str:
    """What keeps apart, under the settings tried, records that are one person now."""
    doubts = found.tables["doubts"]
    theirs = doubts.filter(doubts["subject"].isin(subjects) & doubts["other"].isin(subjects))
    reasons = sorted(set(theirs["reason"].to_pyarrow().to_pylist()))
    if reasons:
        return str(reasons[0])
    if not set(rules) & set(holdings.ranked(settings)):
        return "gone"
    keys = found.tables["keys"]
    held = keys.semi_join(_of(keys, subjects), ["field", "key"])
    heavy = holdings.set_aside(held, found.tables["records"].semi_join(held, "subject"), settings)
    return "set_aside" if heavy.count().execute() else "gone"


def _of(table: ir.Table, subjects: Sequence[str]) -> ir.Table:
    return table.filter(table["subject"].isin(subjects))
