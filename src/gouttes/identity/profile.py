"""The golden profile: of all that sources say of a person, one value for each field, and the row it comes from.

Fields that mean something only together (a street and its town) are taken from one record and never mixed: two
half-right addresses make one that exists nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis

from gouttes.engines import unix_micros
from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS
from gouttes.identity.normalise import PLACEHOLDER, keys_of, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import ibis.expr.types as ir

CRITERIA = ("source", "recent", "filled")
"""What one record can be better by: the rank of its source, how new it is, how many fields of the group it fills."""

GROUPS = MappingProxyType(
    {
        "name": ("name", "first_name", "last_name"),
        "address": ("address", "postcode", "city", "country"),
        **{alone: (alone,) for alone in ("email", "phone", "external_id", "company", "language", "birth_date")},
    }
)
"""The fields that are chosen together, by the name of their group."""

FIELDS = tuple(name for group in GROUPS.values() for name in group)
CONTACTS = ("email", "phone", "external_id")

MAIN = ("name", "last_name", "address")
"""A record of a name or an address without any of these comes after all that have one, whatever the policy: a
newsletter's first name is no name, and a country is no address."""

COLUMNS = ("person", "field", "value", "source", "subject", "known_at", "rule")
POINTS = ("person", "field", "value", "written", "subject", "source", "known_at", "sources")

BLANK = r"^[0\-_.?#/*]*$"
"""Nothing but marks and zeros: written where nothing is known. Words for "none" (``PLACEHOLDER``) count as blank too,
except in names: people are called Null, Nan and Na."""


@dataclass(frozen=True)
class Preference:
    """How one group of fields is chosen, where it differs from the policy; None where it does not."""

    sources: tuple[str, ...] | None = None
    prefer: str | None = None

    def __post_init__(self) -> None:
        if self.prefer is not None and self.prefer not in CRITERIA:
            raise _unknown("prefer", self.prefer, CRITERIA)
        if self.sources is not None and not _texts(self.sources):
            raise BadInputError(
                f"A profile policy's sources are a list of names, the best first, found {self.sources!r}."
            )


@dataclass(frozen=True)
class ProfilePolicy:
    """How the golden profile chooses between records.

    Where the preferred criterion leaves several records equal, the other two decide, in the order source, recent,
    filled; then the smallest value. The same records give the same profile on any engine and in any order.

    Attributes:
        sources: names of sources, the best first; the others come after them, equal to each other.
        prefer: ``source``, ``recent`` or ``filled``, the criterion that decides first. Prior: recent, because people
            move and marry more often than sources err.
        fields: what differs for a group of fields, by its name (:data:`GROUPS`).

    Raises:
        BadInputError: an unknown field or criterion (with the nearest name), or a field that is chosen with others.
    """

    sources: tuple[str, ...] = ()
    prefer: str = "recent"
    fields: Mapping[str, Preference] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = Preference(self.sources, self.prefer)
        for name in self.fields:
            _require_group(name)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> ProfilePolicy:
        """A policy from a table of settings: ``sources``, ``prefer`` and ``fields.NAME`` with the same two keys.

        Raises:
            BadInputError: see the class; or an unknown key, or ``fields`` that is no table of tables.
        """
        fields = table.get("fields", {})
        if not isinstance(fields, Mapping) or not all(isinstance(each, Mapping) for each in fields.values()):
            raise BadInputError(f"A profile policy's fields are tables with sources and prefer, found {fields!r}.")
        for name in fields:
            _require_group(name)
        own = {name: Preference(**_options(each, ("sources", "prefer"))) for name, each in fields.items()}
        return cls(**_options(table, ("sources", "prefer", "fields")) | {"fields": own})

    def sources_of(self, group: str) -> tuple[str, ...]:
        """The rank of sources for a group of fields."""
        own = self.fields.get(group, Preference()).sources
        return self.sources if own is None else own

    def order_of(self, group: str) -> tuple[str, ...]:
        """The three criteria in the order in which they decide for a group of fields."""
        first = self.fields.get(group, Preference()).prefer or self.prefer
        return (first, *(each for each in CRITERIA if each != first))


def _options(table: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    for key in table:
        if key not in known:
            raise _unknown("setting", key, known)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _texts(names: object) -> bool:
    return isinstance(names, tuple) and all(isinstance(each, str) for each in names)


def _require_group(name: str) -> None:
    if name in GROUPS:
        return
    owner = next((group for group, fields in GROUPS.items() if name in fields), None)
    if owner is None:
        raise _unknown("field", name, tuple(GROUPS))
    raise BadInputError(
        f"A profile takes '{name}' from the same record as the rest of '{owner}'. Give the preference to '{owner}'."
    )


def _unknown(what: str, name: object, known: Iterable[str]) -> BadInputError:
    choices = tuple(known)
    near = get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(choices)}."
    return BadInputError(f"A profile policy knows no {what} '{name}'. {hint}")


def profile(
    links: ir.Table,
    identifiers: ir.Table,
    policy: ProfilePolicy | None = None,
    *,
    person: str | None = None,
    groups: Iterable[str] = GROUPS,
) -> ir.Table:
    """One value per person and field, the best by the policy, and the row of ``identifiers`` it comes from.

    A record is what one source says under one subject key, each field by its newest value. A value that a record held,
    left and took again counts from the first time: the log keeps the first (``append_identifiers``).

    Args:
        links: LINKS.
        identifiers: IDENTIFIERS.
        policy: how to choose; by default the newest record.
        person: only this person, found before anything is ranked.
        groups: only these groups of fields, by their names in :data:`GROUPS`.

    Returns:
        ``person, field, value`` (as written, without outer spaces), ``source, subject, known_at`` (of that value) and
        ``rule``, why it was chosen: ``only`` (no other record has the field), ``agreed`` (the others say the same),
        ``whole`` (the others lack the street, or the family name), ``source``, ``recent`` or ``filled`` (better by
        that criterion than the best record that says something else), ``smallest`` (equal by all: the alphabet
        decided). Fields without value have no row. Personal data.

    Raises:
        MissingColumnsError: a column of ``identifiers`` is missing.
        BadInputError: there is no such group.
    """
    asked = tuple(groups)
    for group in asked:
        _require_group(group)
    records = _records(_newest(_held(links, identifiers, asked, person)))
    best = _best(records, policy or ProfilePolicy())
    places = [(group, at, name) for group, fields in GROUPS.items() for at, name in enumerate(fields)]
    named = ibis.memtable(places, schema={"group": "string", "place": "int64", "field": "string"})
    rows = best.inner_join(named, "group")
    chosen = rows.select(
        "person",
        "field",
        "source",
        "subject",
        "rule",
        **{name: rows["place"].cases(*((at, rows[f"{name}{at}"]) for at in PLACES)) for name in ("value", "known_at")},
    )
    return chosen.filter(chosen["value"].notnull()).select(*COLUMNS)


PLACES = range(max(map(len, GROUPS.values())))


def _held(links: ir.Table, identifiers: ir.Table, names: Iterable[str], person: str | None) -> ir.Table:
    """``person, subject, source, group, place, field, known_at, written, value``; value null where it says nothing."""
    if missing := set(IDENTIFIERS.names) - set(identifiers.columns):
        raise MissingColumnsError(
            "identity.profile", missing, identifiers.columns, "Pass the table people/identifiers."
        )
    groups = [(name, group, at) for group in names for at, name in enumerate(GROUPS[group])]
    chosen = links if person is None else links.filter(links["person"] == person)
    known = identifiers.filter(identifiers["field"].isin([name for name, _, _ in groups]))
    held = known.inner_join(chosen.select("subject", "person"), "subject")
    value = trimmed(held["value"])
    none = value.re_search(BLANK) | (~held["field"].isin(GROUPS["name"]) & value.re_search(PLACEHOLDER))
    return held.select(
        *("person", "subject", "source", "field", "known_at"),
        group=held["field"].cases(*((name, group) for name, group, _ in groups)),
        place=held["field"].cases(*((name, at) for name, _, at in groups)),
        written=held["value"],
        # Not a filter: engines would read the values of everyone before they look for one person.
        value=ibis.ifelse(none, ibis.null("string"), value),
    )


def _newest(held: ir.Table) -> ir.Table:
    """Of each record and field the newest value that says something; of several as new, the smallest."""
    window = ibis.window(
        group_by=["person", "subject", "source", "field"],
        order_by=[held["value"].isnull(), held["known_at"].desc(), held["value"]],
    )
    ranked = held.mutate(rank=ibis.row_number().over(window))
    return ranked.filter(ranked["rank"] == 0, ranked["value"].notnull())


def _records(values: ir.Table) -> ir.Table:
    """One row per record and group: its values, their dates, and what it can be judged by (smaller is better)."""
    records = values.group_by("person", "group", "subject", "source").agg(
        recent=-unix_micros(values["known_at"].max()),
        filled=-values.count(),
        main=values["field"].isin(MAIN).cast("int64").max(),
        **{f"value{at}": values["value"].max(where=values["place"] == at) for at in PLACES},
        **{f"known_at{at}": values["known_at"].max(where=values["place"] == at) for at in PLACES},
    )
    said = ibis.literal("\n").join([records[f"value{at}"].fill_null("").lower() for at in PLACES])
    grouped = records["group"].isin([group for group, fields in GROUPS.items() if len(fields) > 1])
    return records.mutate(said=said, lacking=ibis.ifelse(grouped, 1 - records["main"], 0))


def _best(records: ir.Table, policy: ProfilePolicy) -> ir.Table:
    """The best record of each person and group, with ``rule``: what it is better by."""
    judged = records.mutate(source_rank=_source_rank(records, policy))
    measures = {"source": "source_rank", "recent": "recent", "filled": "filled"}
    orders = {group: policy.order_of(group) for group in GROUPS}
    keys = ["first", "second", "third"]
    judged = judged.mutate(
        **{
            key: _by_group(judged, {g: judged[measures[order[at]]] for g, order in orders.items()})
            for at, key in enumerate(keys)
        }
    )
    same = ibis.window(group_by=["person", "group", "said"], order_by=[*keys, "subject", "source"])
    together = ibis.window(group_by=["person", "group", "said"])
    judged = judged.mutate(at=ibis.row_number().over(same), alike=judged["subject"].count().over(together))
    distinct = judged.filter(judged["at"] == 0).drop("at")
    window = ibis.window(group_by=["person", "group"], order_by=["lacking", *keys, "said"])
    compared = distinct.mutate(
        at=ibis.row_number().over(window),
        **{f"next_{key}": distinct[key].lead().over(window) for key in ("lacking", *keys)},
    )
    first = compared.filter(compared["at"] == 0)
    return first.mutate(rule=_rule(first, orders))


def _source_rank(records: ir.Table, policy: ProfilePolicy) -> ir.IntegerValue:
    ranks = {}
    for group in GROUPS:
        sources = policy.sources_of(group)
        places = dict(reversed([(name, at) for at, name in enumerate(sources)]))
        rank = records["source"].cases(*places.items(), else_=len(sources)) if places else ibis.literal(0)
        ranks[group] = rank.cast("int64")
    return _by_group(records, ranks)


def _by_group(table: ir.Table, values: Mapping[str, ir.Value]) -> ir.Value:
    """The value that belongs to each row's group; said once where all groups have the same."""
    first = next(iter(values.values()))
    if all(value.equals(first) for value in values.values()):
        return first
    return table["group"].cases(*values.items())


def _rule(first: ir.Table, orders: Mapping[str, Sequence[str]]) -> ir.StringValue:
    """The first criterion by which the best record differs from the best that says something else."""
    decided = [
        (first[key] != first[f"next_{key}"], _by_group(first, {g: ibis.literal(o[at]) for g, o in orders.items()}))
        for at, key in enumerate(("first", "second", "third"))
    ]
    alone = first["next_lacking"].isnull()
    return ibis.cases(
        (alone & (first["alike"] == 1), "only"),
        (alone, "agreed"),
        (first["lacking"] != first["next_lacking"], "whole"),
        *decided,
        else_="smallest",
    )


def contacts(links: ir.Table, identifiers: ir.Table, *, country: str, person: str | None = None) -> ir.Table:
    """Every e-mail, phone number and external id of people, each once however it was written, the newest first.

    Args:
        links: LINKS.
        identifiers: IDENTIFIERS.
        country: of the phone numbers without calling code, see ``normalise.normalised``.
        person: only this person.

    Returns:
        ``person``; ``field``, one of :data:`CONTACTS`; ``value``, in the form that makes writings equal (E.164, lower
        case) or, where that cannot be read, as written; ``written``, ``subject``, ``source`` and ``known_at`` of the
        newest row that gives it; ``sources``, how many sources give it. Personal data.

    Raises:
        MissingColumnsError: a column of ``identifiers`` is missing.
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    held = _held(links, identifiers, CONTACTS, person)
    # `keys_of` reads a value for a subject: here a value is its own subject, and each writing is read once.
    keys = keys_of(held.select("field", subject="written", value="written").distinct(), country=country)
    read = held.left_join(keys.select("field", "key", written="subject"), ["field", "written"])
    value = ibis.coalesce(read["key"], read["value"])
    read = read.select("person", "field", "subject", "source", "known_at", "written", value=value)
    point = ["person", "field", "value"]
    window = ibis.window(group_by=point, order_by=[read["known_at"].desc(), "subject", "source", "written"])
    ranked = read.mutate(at=ibis.row_number().over(window))
    counted = read.group_by(point).agg(sources=read["source"].nunique())
    newest = ranked.filter(ranked["at"] == 0, ranked["value"].notnull()).drop("at").inner_join(counted, point)
    return newest.select(*POINTS).order_by(["person", "field", ibis.desc("known_at"), "value"])
