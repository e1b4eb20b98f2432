"""Who is drawn: by a digest of the id, so that it is the same people today, next year and on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIGITS = 8
"""Hexadecimal digits of the digest that decide: one in four billion."""


def drawn(person: ir.StringValue, share: float, *, lot: str = "") -> ir.BooleanValue:
    """Whether a person is among about so large a ``share``; whoever is stays so in any larger share of the same lot.

    Args:
        person: ids.
        share: from 0 to 1.
        lot: draws of different names have nothing to do with each other.
    """
    if share >= 1.0:
        return ibis.literal(True)  # noqa: FBT003 -- a value
    digest = (ibis.literal(lot).concat(person) if lot else person).hexdigest("md5")
    return digest.left(DIGITS) < f"{int(share * 16**DIGITS):0{DIGITS}x}"


def sampled(rows: ir.Table, most: int, *, lot: str = "") -> ir.Table:
    """The rows of about ``most`` people, where there are more; 0 for everyone.

    Args:
        rows: a column ``person``.
        most: how many people.
        lot: see :func:`drawn`.
    """
    everyone = int(rows.person.nunique().execute()) if most else 0
    return rows.filter(drawn(rows.person, most / everyone, lot=lot)) if everyone > most else rows
