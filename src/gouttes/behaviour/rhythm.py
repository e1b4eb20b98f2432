"""Each person's own rhythm, the silences between contacts, and the opportunities missed in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.datatypes as dt

from gouttes.behaviour.rows import act_rows, instant, micros
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

GAPS_FOR_A_RHYTHM = 2


def rhythms(moments: ir.Table, *, window: Windows) -> ir.Table:
    """The rhythm of the people who have one: person, ``rhythm`` in whole microseconds.

    The median gap between consecutive contacts that did not go on with an open matter, where there are at least
    two gaps; never below ``minimum_rhythm_days``.
    """
    fresh = moments.filter(~moments.continued).select("person", "moment")
    before = fresh.moment.lag().over(ibis.window(group_by="person", order_by="moment"))
    gaps = fresh.select("person", gap=fresh.moment - before)
    medians = gaps.group_by("person").aggregate(median=gaps.gap.median(), gaps=gaps.gap.count())
    enough = medians.filter(medians.gaps >= GAPS_FOR_A_RHYTHM)
    shortest = float(microseconds(window.minimum_rhythm_days))
    return enough.select("person", rhythm=ibis.greatest(enough["median"], shortest).floor().cast(dt.int64))


def silences(moments: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """One row per silence long enough to miss something in, or still open, of the people who have a rhythm.

    Who has none is expected at no date: their silence is ignorance, not distrust.

    Columns: person, ``began`` (the contact that began it, microseconds), ``open``, ``rhythm`` (microseconds) and
    ``rhythms_passed``, the whole rhythms that went by in it. A contact at exactly the end of a rhythm is in time, so
    that rhythm does not count as passed; at ``as_of`` it does, since no contact came.
    """
    shortest, now = 2 * microseconds(window.minimum_rhythm_days), micros(as_of)
    closed = moments.select("person", began=moments.previous, open=False, length=moments.moment - moments.previous)
    last = moments.group_by("person").aggregate(began=moments.moment.max())
    still = last.select("person", "began", open=True, length=now + 1 - last.began)
    silent = ibis.union(closed.filter(closed.length > shortest), still)
    paced = silent.inner_join(rhythms(moments, window=window), "person")
    passed = ((paced.length - 1) // paced.rhythm).cast(dt.int64)
    return paced.select("person", "began", "open", "rhythm", rhythms_passed=passed)


def missed(moments: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Missed opportunities: the contact that a person's own rhythm led to expect and that did not come.

    The first rhythm after a contact is grace; then each whole rhythm of silence misses one, at most
    ``missed_cap`` in one silence. It happens, and is known, at the end of its rhythm.
    """
    silent = silences(moments, as_of=as_of, window=window)
    counted = silent.mutate(missed=ibis.least(silent.rhythms_passed - 1, window.missed_cap))
    some = counted.filter(counted.missed >= 1)
    each = some.mutate(number=ibis.range(1, some.missed + 1).unnest())
    moment = instant(each.began + (each.number + 1) * each.rhythm)
    identity = ibis.literal("|").join(["missed", each.person, each.began.cast("string"), each.number.cast("string")])
    return act_rows(each, Act.RETURN_MISSED, event_id=identity.hexdigest("md5"), occurred_at=moment, known_at=moment)
