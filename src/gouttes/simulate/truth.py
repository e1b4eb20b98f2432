"""Everything that happened in a simulated company, with what is usually hidden."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.draft import Columns, joined
from gouttes.simulate.planted import JUSTICE_WEIGHTS, REPAIR_SHARE, RULES
from gouttes.simulate.records import Records, enrol

if TYPE_CHECKING:
    from gouttes.simulate.company import Company
    from gouttes.simulate.crew import Crew
    from gouttes.simulate.world import World

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Truth:
    """A simulated company and its truth. Persons are numbers from 0; days are counted since 1970-01-01 UTC.

    Attributes:
        company: the parameters, planted weights included.
        crew: agents and teams with their effects.
        people: columns ``joined``, ``own_start``, ``trust``, ``credibility``, ``integrity``, ``benevolence`` (latent,
            at the end of the log), ``pace``, ``need``, ``home`` (agent), ``subscribed`` at the end.
        events: columns of codes (``draft.COLUMNS``) in order of time, plus ``known`` (days), ``second`` (the person's
            second record carries it) and ``id`` (16 bytes as two int64 columns).
        records: who is known under which key in which system.
        evidence: columns ``rule`` (code), ``who``, ``t``, ``known``, ``size``: what moved latent trust.
        opportunities: columns ``who``, ``t``, ``taken``, ``trust``: the outcome that learning looks for.
        surveys: columns ``who``, ``trust``, ``answered``.
        touched: columns ``who``, ``incident`` (code).
        weeks: columns ``t``, ``trust``, ``credibility``, ``integrity``, ``benevolence``: means over customers.
    """

    company: Company
    crew: Crew
    people: Columns
    events: Columns
    records: Records
    evidence: Columns
    opportunities: Columns
    surveys: Columns
    touched: Columns
    weeks: Columns

    def summary(self) -> dict[str, Any]:
        """Planted parameters and counts, as plain values for a JSON file."""
        return {
            "simulated": True,
            "company": json.loads(json.dumps(asdict(self.company), default=str)),
            "rules": [asdict(rule) for rule in RULES],
            "repair_share": REPAIR_SHARE,
            "justice_weights": list(JUSTICE_WEIGHTS),
            "agent_effect": dict(zip(self.crew.agents, self.crew.agent_effect.round(6).tolist(), strict=True)),
            "team_effect": dict(zip(self.crew.teams, self.crew.team_effect.round(6).tolist(), strict=True)),
            "people": int(self.people["joined"].size),
            "events": int(self.events["t"].size),
            "opportunities": int(self.opportunities["who"].size),
            "opportunities_taken": int(self.opportunities["taken"].sum()),
            "touched": {
                outage.name: int((self.touched["incident"] == code).sum())
                for code, outage in enumerate(self.company.outages)
            },
            "weeks": {name: column.round(6).tolist() for name, column in self.weeks.items()},
        }


def join(company: Company, worlds: list[World]) -> Truth:
    """One truth from the chunks of people that lived apart."""
    firsts = [world.part.first for world in worlds]
    finished = [finish(world) for world in worlds]
    return Truth(
        company=company,
        crew=worlds[0].crew,
        people=_stacked([_people(world) for world in worlds]),
        events=joined([_moved(events, first) for events, first in zip(finished, firsts, strict=True)]),
        records=enrol(company),
        evidence=_stacked([_moved(w.latent.evidence(), f) for w, f in zip(worlds, firsts, strict=True)]),
        opportunities=_kept(worlds, "opportunities", ("who", "t", "taken", "trust")),
        surveys=_kept(worlds, "surveys", ("who", "trust", "answered")),
        touched=_kept(worlds, "touched", ("who", "incident")),
        weeks=_weeks(worlds),
    )


def finish(world: World) -> Columns:
    """The events of a chunk with their identity: ``known``, ``second`` and ``id``."""
    company, events, rng = world.company, world.events, world.rng
    t = np.floor(events["t"] * 86_400.0) / 86_400.0
    late = (events["system"] == 3) & (rng.random(t.size) < company.rates.late)  # noqa: PLR2004 -- our own systems
    delay = np.where(late, np.floor(rng.exponential(company.rates.late_days, t.size) * 86_400.0) / 86_400.0, 0.0)
    last = company.end_day - 1.0 / 86_400.0
    second = _second(rng, events["thread"])
    high, low = rng.integers(-(2**63), 2**63 - 1, (2, t.size))
    return {
        **events,
        "t": t,
        "known": np.maximum(t, np.minimum(t + delay, last)),
        "second": second,
        "id": high,
        "id2": low,
    }


def _second(rng: np.random.Generator, thread: Array) -> Array:
    """Whether the second record is used, where there is one: half of the time, and never changing within a thread."""
    by_thread = (thread.astype("u8") * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(63)  # Fibonacci hashing, one bit
    return np.where(thread >= 0, by_thread == 1, rng.random(thread.size, dtype="f4") < 0.5)  # noqa: PLR2004 -- half


def _people(world: World) -> Columns:
    people, latent = world.people, world.latent
    credibility, integrity, benevolence = latent.facets()
    return {
        "joined": people.joined,
        "own_start": people.own_start,
        "trust": latent.trust(),
        "credibility": credibility,
        "integrity": integrity,
        "benevolence": benevolence,
        "pace": people.pace,
        "need": people.need,
        "home": people.home,
        "subscribed": np.isfinite(people.renews_at),
    }


def _moved(columns: Columns, first: int) -> Columns:
    return {**columns, "who": columns["who"] + first}


def _stacked(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _kept(worlds: list[World], what: str, names: tuple[str, ...]) -> Columns:
    parts = []
    for world in worlds:
        rows = getattr(world, what)
        columns = zip(*rows, strict=True) if rows else [[np.empty(0)]] * len(names)
        parts.append(_moved(dict(zip(names, map(np.concatenate, columns), strict=True)), world.part.first))
    return _stacked(parts)


def _weeks(worlds: list[World]) -> Columns:
    table = np.array([world.latent.weeks for world in worlds])
    share = np.array([world.part.count for world in worlds], dtype="f8")
    known = np.isfinite(table)
    mean = np.where(known, table, 0.0).T @ share  # a chunk whose people have all yet to come has no mean
    mean = mean / np.maximum((known.T @ share), 1.0)
    return dict(zip(("t", "trust", "credibility", "integrity", "benevolence"), mean, strict=True))


def write_truth(truth: Truth, folder: Path) -> Path:
    """``truth.json`` in ``folder``: planted parameters, effects of agents, counts, weekly means. Simulated data."""
    path = folder / "truth.json"
    path.write_text(json.dumps(truth.summary(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
