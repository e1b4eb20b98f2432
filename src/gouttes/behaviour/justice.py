"""How just a repair was."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.engines import json_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

JUSTICE = MappingProxyType({"distributive": 0.40, "procedural": 0.10, "interpersonal": 0.30, "informational": 0.20})
"""Weights of the four justices. Priors, after the meta-analysis of Orsingher, Valentini & de Angelis (2010),
*Journal of the Academy of Marketing Science* 38(2). The evidence step holds the same figures, since steps do not
import each other; a test compares them."""


def justice(repairs: ir.Table) -> ir.FloatingValue:
    """J of each repair, between 0 and 1: the weighted sum of the justices in its ``properties``.

    A justice that is absent counts 0 where another is given. Where none is given J is the event's ``severity``, and
    null where there is none either: nothing is known of the repair.
    """
    parts = {name: _number(json_text(repairs.properties, name)) for name in JUSTICE}
    total = sum((part.fill_null(0.0) * JUSTICE[name] for name, part in parts.items()), ibis.literal(0.0))
    some = ibis.or_(*(part.notnull() for part in parts.values()))
    return some.ifelse(total, _share(repairs.severity))


def _number(text: ir.StringValue) -> ir.FloatingValue:
    value = text.try_cast(dt.float64)
    return _share(value.isnan().ifelse(ibis.null(dt.float64), value))


def _share(value: ir.FloatingValue) -> ir.FloatingValue:
    return value.clip(0.0, 1.0)
