"""One failure counts once: an outage with nine tickets is one bucket, not nine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.evidence.rows import TOPIC

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAY_US = 86_400_000_000
LEAST = 1e-300  # keeps the logarithm finite where a size is 1; exp brings it back to exactly 0


def collapse(raw: ir.Table, *, topic_days: float) -> ir.Table:
    """Rows of one person, rule and episode as one failure.

    All rows are kept; ``rank`` is 0 for the first of its episode, which stands for it. ``size`` becomes
    1 - prod(1 - x), ``known_at`` the first known of the episode, ``head_id`` and ``head_at`` the first row's event
    and time. Rows of rules that do not collapse, or without an incident, thread or topic, stay alone. A
    topic is no single cause: after ``topic_days`` without an event it opens a new episode.
    """
    alone = "event:" + raw.event_id
    keyed = raw.mutate(key=(raw.episodic & raw.episode.notnull()).ifelse(raw.episode, alone))
    order = ["moment", "event_id", "kind"]
    in_key = ibis.window(group_by=["person", "rule", "key"], order_by=order)
    since = keyed.moment - keyed.moment.lag().over(in_key)
    apart = keyed.key.startswith(TOPIC) & (since > round(topic_days * DAY_US))
    opened = keyed.mutate(opens=(since.isnull() | apart).cast("int64"))
    upto = ibis.cumulative_window(group_by=["person", "rule", "key"], order_by=order)
    numbered = opened.mutate(number=opened.opens.sum().over(upto))
    whole = ibis.window(group_by=["person", "rule", "key", "number"])
    ordered = ibis.window(group_by=["person", "rule", "key", "number"], order_by=order)
    left = ibis.greatest(1.0 - numbered["size"], LEAST).ln().sum().over(whole).exp()
    return numbered.mutate(
        size=1.0 - left,
        known_at=numbered.known_at.min().over(whole),
        head_id=numbered.event_id.first().over(ordered),
        head_at=numbered.occurred_at.min().over(whole),
        rank=ibis.row_number().over(ordered),
    )
