"""Which file of which mapping a table is: by its headings, with its name to break ties."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError
from gouttes.sources.headings import Match, listed, match, named_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gouttes.sources.contract import FileSpec, Mapping
    from gouttes.sources.tables import Table

SHOWN = 3


class NothingInItError(BadInputError):
    """The file is whole and holds no record: nothing to import, and no fault either."""


@dataclass(frozen=True)
class Recognised:
    """A table that answers to a file of a mapping."""

    table: Table
    mapping: Mapping
    spec: FileSpec
    match: Match
    notices: tuple[str, ...] = ()


def recognise(table: Table, known: Sequence[Mapping], others: Sequence[Mapping]) -> Recognised:
    """The best answer among ``known``, else, for a name that none of them has, among ``others`` with a notice.

    Raises:
        NothingInItError: it holds no record.
        BadInputError: no mapping has a file with its headings; the message names the nearest and what they lack.
    """
    # A file that bears the name of one that was asked, and lacks its columns, is that file, ill exported.
    asked_by_name = any(named_like(table.name, spec) for mapping in known for spec in mapping.files)
    for whole in (False, True) if table.sampled else (True,):
        best = _best(_candidates(table, known, whole=whole))
        if best is not None:
            return _read_whole(best)
        best = None if asked_by_name else _best(_candidates(table, others, whole=whole))
        if best is not None:
            asked = " or ".join(mapping.title for mapping in known)
            notice = f"Not a file of {asked}: read as {best.mapping.title} ({best.spec.name})."
            return replace(_read_whole(best), notices=(notice,))
    raise _refusal(table, _candidates(table, [*known, *others], whole=True))


def _candidates(table: Table, mappings: Sequence[Mapping], *, whole: bool) -> list[Recognised]:
    return [
        Recognised(table, mapping, spec, _match(table, mapping, spec, whole=whole))
        for mapping in mappings
        for spec in mapping.files
    ]


def _match(table: Table, mapping: Mapping, spec: FileSpec, *, whole: bool) -> Match:
    where = f"{table.name} ({mapping.source}: {spec.name})"
    return match(table.headings(spec, whole=whole), spec, where=where)


def _read_whole(found: Recognised) -> Recognised:
    """With the columns that only a later record has."""
    if not found.table.sampled:
        return found
    return replace(found, match=_match(found.table, found.mapping, found.spec, whole=True))


def _best(found: Sequence[Recognised]) -> Recognised | None:
    """A name that suits counts first, then how many columns were found, then the order of the mapping."""
    fit = [one for one in found if not one.match.missing]
    return max(fit, key=lambda one: (named_like(one.table.name, one.spec), len(one.match.wanted)), default=None)


def _refusal(table: Table, found: Sequence[Recognised]) -> BadInputError:
    silent = [one for one in found if not table.headings(one.spec)]
    # Records without the inner list that `each` names are records all the same.
    if table.what == "JSON" and (len(silent) == len(found) or any(not one.spec.each for one in silent)):
        return NothingInItError(f"{table.name} holds no record: there is nothing to import.")
    near = sorted(
        found, key=lambda one: (-named_like(table.name, one.spec), len(one.match.missing), -len(one.match.wanted))
    )
    lacks = [
        f"{one.mapping.source} ({one.spec.name}) needs "
        + ", ".join(f"{name} (heading {listed(one.spec.columns[name], 4)})" for name in one.match.missing)
        for one in near[:SHOWN]
    ]
    headings = max((table.headings(one.spec) for one in found), key=len, default=())
    return BadInputError(
        f"{table.name} is {table.what}, and answers to no known file. It has: {listed(headings) or 'no heading'}. "
        f"Nearest: {'; '.join(lacks)}. Rename its headings, or write a mapping for it and give that with --map."
    )
