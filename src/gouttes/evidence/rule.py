"""What an event or an act says about trust: rules are data, and know no engine."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import KINDS, kind_named
from gouttes.vocabulary import Act, Direction, Facet, Polarity

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHORTEST_HALF_LIFE = 7.0
ACTS = frozenset(act.value for act in Act)
FIELDS = (
    "match",
    "events",
    "topics",
    "direction",
    "polarity",
    "facets",
    "weight",
    "half_life",
    "episode",
    "repairable",
)
NOTES = ("status", "source")
NEEDED = ("polarity", "facets", "weight", "half_life")

RULES = ibis.schema(
    {
        "rule": "string",
        "polarity": "int8",
        "weight": "float64",
        "half_life": "float64",
        **{facet.value: "float64" for facet in Facet},
    }
)
"""``polarity`` +1 or -1, ``half_life`` in days, and the share of each facet (they sum to 1)."""


@dataclass(frozen=True)
class Match:
    """One pattern of a rule.

    Attributes:
        event: an act, or a kind of event. A name that is both (``promise.kept``) is read as the act, so that it
            counts once.
        topics: the event's topic is one of these; empty: any.
        direction: ``in`` or ``out``: events that go the other way do not match; None: any.
    """

    event: str
    topics: tuple[str, ...] = ()
    direction: str | None = None

    @property
    def is_act(self) -> bool:
        """Read from the acts rather than from the events."""
        return self.event in ACTS


@dataclass(frozen=True)
class EvidenceRule:
    """What some events say about trust.

    Attributes:
        name: stable, in English; unique.
        matches: the events it reads, any of them.
        polarity: drop or bucket.
        facets: shares of the facets, sum 1.
        weight: w, at least 0. 0 says that the data do not support this event.
        half_life: days, at least 7.
        episode: events of one incident, thread or topic count as one.
        repairable: rho, from 0 to 1: the largest share that a repair gives back. Buckets only.
        status: ``prior`` (a guess), ``set`` (by the company) or ``learned``.
        source: where the figures come from.

    Raises:
        BadInputError: a field is outside these bounds.
    """

    name: str
    matches: tuple[Match, ...]
    polarity: Polarity
    facets: Mapping[Facet, float]
    weight: float
    half_life: float
    episode: bool = False
    repairable: float = 0.0
    status: str = "prior"
    source: str = ""

    def __post_init__(self) -> None:
        _require(bool(self.name.strip()), self, "name", "a name", self.name)
        _require(bool(self.matches), self, "events", "at least one event kind or act", self.matches)
        _require(self.weight >= 0, self, "weight", "a number of 0 or more", self.weight)
        _require(self.half_life >= SHORTEST_HALF_LIFE, self, "half_life", "7 days or more", self.half_life)
        _require(0 <= self.repairable <= 1, self, "repairable", "a share from 0 to 1", self.repairable)
        no_repair = self.polarity is Polarity.BUCKET or self.repairable == 0
        _require(no_repair, self, "repairable", "0 for a drop: only a failure is repaired", self.repairable)
        shares = tuple(self.facets.values())
        good = all(share >= 0 for share in shares) and math.isclose(sum(shares), 1.0, abs_tol=1e-9)
        _require(good, self, "facets", "shares of 0 or more that sum to 1", _plain(self.facets))
        for match in self.matches:
            _check(match, self)
        object.__setattr__(self, "facets", MappingProxyType(dict(self.facets)))


def load(overrides: Mapping[str, Mapping[str, Any]] = MappingProxyType({})) -> tuple[EvidenceRule, ...]:
    """The default rules, changed or completed.

    Args:
        overrides: by rule name, as ``[evidence.rules."NAME"]`` of ``gouttes.toml``. A known name changes the fields
            given (its status becomes ``set`` unless given); a new name adds a rule.

    Raises:
        BadInputError: an unknown field, a value out of bounds, a new rule without the fields it needs.
    """
    text = resources.files("gouttes.evidence").joinpath("defaults.toml").read_text(encoding="utf-8")
    rules = {table["name"]: _built(table["name"], table) for table in tomllib.loads(text)["rule"]}
    for name, fields in overrides.items():
        known = rules.get(name)
        rules[name] = _changed(known, fields) if known else _added(name, fields, tuple(rules))
    return tuple(rules.values())


def rules_table(rules: Iterable[EvidenceRule]) -> ir.Table:
    """The rules as a table with the columns of :data:`RULES`, one row per rule."""
    rows = [
        {
            "rule": rule.name,
            "polarity": int(rule.polarity),
            "weight": float(rule.weight),
            "half_life": float(rule.half_life),
            **{facet.value: rule.facets.get(facet, 0.0) / sum(rule.facets.values()) for facet in Facet},
        }
        for rule in rules
    ]
    return ibis.memtable({name: [row[name] for row in rows] for name in RULES.names}, schema=RULES)


def _changed(rule: EvidenceRule, fields: Mapping[str, Any]) -> EvidenceRule:
    values = _values(rule.name, fields, before=rule)
    return replace(rule, **{"status": "set", **values})


def _added(name: str, fields: Mapping[str, Any], known: Sequence[str]) -> EvidenceRule:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else f" The rules that exist: {', '.join(known)}."
    missing = [field for field in NEEDED if field not in fields]
    if not {"events", "match"} & set(fields):
        missing.insert(0, "events")
    if missing:
        raise BadInputError(f"There is no evidence rule '{name}', and a new one needs {missing}.{hint}")
    return _built(name, {"status": "set", **fields})


def _built(name: str, fields: Mapping[str, Any]) -> EvidenceRule:
    return EvidenceRule(name=name, **_values(name, {key: fields[key] for key in fields if key != "name"}))


def _values(name: str, fields: Mapping[str, Any], *, before: EvidenceRule | None = None) -> dict[str, Any]:
    """Fields of a table as arguments of a rule, each read by its kind."""
    known = (*FIELDS, *NOTES)
    for field in fields:
        if field not in known:
            raise BadInputError(f"Evidence rule '{name}' has no field '{field}'. Fields: {', '.join(known)}.")
    values: dict[str, Any] = {key: READERS[key](name, key, fields[key]) for key in READERS if key in fields}
    if {"match", "events", "topics", "direction"} & set(fields):
        values["matches"] = _matches(name, fields, before)
    return values


def _matches(name: str, fields: Mapping[str, Any], before: EvidenceRule | None) -> tuple[Match, ...]:
    if "match" in fields:
        if {"events", "topics", "direction"} & set(fields):
            raise BadInputError(f"Evidence rule '{name}' gives both 'match' and 'events'. Keep one of them.")
        tables = fields["match"]
        if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
            raise _wrong(name, "match", "a list of tables {event, topics, direction}", tables)
        return tuple(_match(name, table) for table in tables)
    kept = [match.event for match in before.matches] if before else []
    events = _texts(name, "events", fields.get("events", kept))
    topics, direction = fields.get("topics", []), fields.get("direction")
    return tuple(_match(name, {"event": event, "topics": topics, "direction": direction}) for event in events)


def _match(name: str, table: Mapping[str, Any]) -> Match:
    if unknown := set(table) - {"event", "topics", "direction"}:
        raise BadInputError(f"Evidence rule '{name}': a match takes event, topics, direction, not {sorted(unknown)}.")
    event, direction = table.get("event"), table.get("direction")
    if not isinstance(event, str):
        raise _wrong(name, "event", "the name of an event kind or act", event)
    if direction not in {None, Direction.IN.value, Direction.OUT.value}:
        raise _wrong(name, "direction", "'in' or 'out'", direction)
    return Match(event, _texts(name, "topics", table.get("topics", [])), direction)


def _check(match: Match, rule: EvidenceRule) -> None:
    if match.is_act:
        if match.topics or match.direction:
            raise BadInputError(
                f"Evidence rule '{rule.name}': '{match.event}' is an act, which has no topic and no direction. "
                "Leave them out, or name an event kind."
            )
    elif match.event not in KINDS:
        try:
            kind_named(match.event)
        except BadInputError as error:
            raise BadInputError(f"Evidence rule '{rule.name}': {error} Acts: {', '.join(sorted(ACTS))}.") from error


def _require(good: bool, rule: EvidenceRule, field: str, needed: str, found: object) -> None:  # noqa: FBT001 -- a check
    if not good:
        raise _wrong(rule.name, field, needed, found)


def _wrong(name: str, field: str, needed: str, found: object) -> BadInputError:
    return BadInputError(f"Evidence rule '{name}': {field} must be {needed}, found {found!r}.")


def _plain(facets: Mapping[Facet, float]) -> dict[str, float]:
    return {str(facet): share for facet, share in facets.items()}


def _number(name: str, field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(name, field, "a number", value)
    return float(value)


def _flag(name: str, field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, field, "true or false", value)
    return value


def _text(name: str, field: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, field, "a text", value)
    return value


def _texts(name: str, field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise _wrong(name, field, "a list of texts", value)
    return tuple(value)


def _polarity(name: str, field: str, value: object) -> Polarity:
    by_name: dict[object, Polarity] = {polarity.name.lower(): polarity for polarity in Polarity}
    by_name.update({int(polarity): polarity for polarity in Polarity})
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in by_name:
        raise _wrong(name, field, "'drop' or 'bucket'", value)
    return by_name[value]


def _facets(name: str, field: str, value: object) -> dict[Facet, float]:
    if not isinstance(value, Mapping) or not set(value) <= set(Facet):
        raise _wrong(name, field, f"a table of shares of {', '.join(Facet)}", value)
    return {Facet(facet): _number(name, f"{field}.{facet}", share) for facet, share in value.items()}


READERS = MappingProxyType(
    {
        "polarity": _polarity,
        "facets": _facets,
        "weight": _number,
        "half_life": _number,
        "episode": _flag,
        "repairable": _number,
        "status": _text,
        "source": _text,
    }
)
