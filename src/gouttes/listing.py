"""Lists of always and never: a CSV file of two records a row, by subject key or as Dynamics writes them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError
from gouttes.identity.decisions import Decision, new_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from gouttes.identity.decisions import Verdict

TEMPLATE = ("table1", "table1key", "table2", "table2key")
"""The headings of the template of Dynamics 365 Customer Insights for always-match and never-match pairs."""
MOST_TOLD = 5
PAIR = 2


def decisions_of(file: Path, links: ir.Table, *, verdict: Verdict) -> tuple[Decision, ...]:
    """One decision for each row.

    Args:
        file: CSV with headings. Two columns of subject keys (``zendesk:user:42``), or ``Table1, Table1Key, Table2,
            Table2Key`` where a table is what stands before the last colon of a subject key, or its last part
            (``contact`` for ``dynamics:contact:…``).
        links: LINKS, of the subjects that there are.
        verdict: what the two of each row are.

    Returns:
        The decisions, each pair once.

    Raises:
        BadInputError: no such file, headings that are neither, a row that names nobody; nothing was written.
    """
    pairs = list(_pairs(file))
    known = _known(links, {key for pair in pairs for key in pair})
    strangers = [f"'{key}' (row {at})" for at, pair in enumerate(pairs, start=2) for key in pair if key not in known]
    if strangers:
        more = f" and {len(strangers) - MOST_TOLD} more" if len(strangers) > MOST_TOLD else ""
        raise BadInputError(
            f"{file.name} names records that this workspace does not have, or has several of: "
            f"{', '.join(strangers[:MOST_TOLD])}{more}. Give subject keys such as 'zendesk:user:42'; nothing was "
            "changed."
        )
    rows = [(known[left], known[right]) for left, right in pairs]
    return tuple(_decision(verdict, *row) for row in dict.fromkeys(rows) if row[0] != row[1])


def _decision(verdict: Verdict, left: str, right: str) -> Decision:
    first, second = sorted((left, right))
    sides = {"": (first, second)} if verdict == "same" else {"0": (first,), "1": (second,)}
    return Decision(new_number(), verdict, sides)


def _pairs(file: Path) -> Iterable[tuple[str, str]]:
    """The two keys of each row, as they are written: ``table:key`` of the template."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file} cannot be read as a CSV file in UTF-8: {error}.") from error
    lines = csv.reader(text.splitlines(), delimiter=";" if text.partition("\n")[0].count(";") else ",")
    headings, *rows = [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)] or [[]]
    plain = [name.lower().replace(" ", "") for name in headings]
    if plain == list(TEMPLATE):
        for at, row in enumerate(rows, start=2):
            first, first_key, second, second_key = _full(file, at, row, len(TEMPLATE))
            yield f"{first}:{first_key}", f"{second}:{second_key}"
        return
    if len(headings) == PAIR and rows:
        for at, row in enumerate(rows, start=2):
            left, right = _full(file, at, row, PAIR)
            yield left, right
        return
    raise BadInputError(
        f"{file.name} needs a line of headings and then rows: two columns of subject keys, or the columns Table1, "
        f"Table1Key, Table2, Table2Key; found {headings or 'nothing'} and {len(rows)} row(s)."
    )


def _full(file: Path, at: int, row: Sequence[str], width: int) -> Sequence[str]:
    if len(row) != width or not all(row):
        raise BadInputError(f"{file.name}, row {at}: needs {width} values, found {list(row)}.")
    return row


def _known(links: ir.Table, keys: set[str]) -> Mapping[str, str]:
    """By key as written, the subject it names, where it names one: in full, or without the name of its source."""
    asked = ibis.memtable({"written": sorted(keys)}, schema={"written": "string"})
    short = links.select("subject", written=links["subject"].re_replace("^[^:]*:", "").lower())
    full = links.select("subject", written=links["subject"].lower())
    named = asked.mutate(key=asked["written"].lower())
    candidates = short.union(full).distinct().rename(key="written")
    found = (
        named.inner_join(candidates, "key")
        .group_by("written")
        .agg(subject=lambda t: t["subject"].min(), subjects=lambda t: t["subject"].nunique())
    )
    return {row["written"]: row["subject"] for row in found.to_pyarrow().to_pylist() if row["subjects"] == 1}
