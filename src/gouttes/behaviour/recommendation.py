"""Recommendation: a traced act, never an intention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.behaviour.contacts import REWARD_KINDS, is_reward
from gouttes.behaviour.rows import LABELS, act_rows, flag, known_by
from gouttes.behaviour.windows import Windows, microseconds
from gouttes.engines import json_text, unix_micros
from gouttes.vocabulary import Act

if TYPE_CHECKING:
    from datetime import datetime

    import ibis.expr.types as ir

REFERRALS, REVIEW, ASKED = ("referral.made", "referral.converted"), "review.published", "survey.asked"


def recommendation(events: ir.Table, *, as_of: datetime, window: Windows) -> ir.Table:
    """Acts ``recommendation.unrewarded`` and ``recommendation.rewarded``.

    A recommendation is a referral made or converted (one per thread, the first), or a review published without
    having been asked for in [t - L, t). It is rewarded where its properties say so or a reward reached the person in
    the L days before or after: programmes pay once the referral has converted.
    """
    rows = _rows(known_by(events, as_of))
    reach = microseconds(window.window_days)
    before = ibis.range_window(preceding=(reach, 1), group_by="person", order_by="moment")
    around = ibis.range_window(preceding=reach, following=reach, group_by="person", order_by="moment")
    seen = rows.mutate(
        asked=rows.asking.sum().over(before).fill_null(0) > 0,
        rewarded=rows.said_rewarded | (rows.rewarding.sum().over(around) > 0),
        rank=ibis.row_number().over(
            ibis.window(group_by=["person", "thread", "referral"], order_by=["moment", "event_id"])
        ),
    )
    one_per_thread = seen.referral & (seen.thread.isnull() | (seen["rank"] == 0))
    acts = seen.filter(one_per_thread | (seen.review & ~seen.asked))
    name = acts.rewarded.ifelse(Act.RECOMMENDED_REWARDED.value, Act.RECOMMENDED.value)
    return act_rows(acts, name)


def _rows(known: ir.Table) -> ir.Table:
    """Referrals and reviews with the requests and rewards around them: windows count these."""
    chosen = known.filter(known.kind.isin((*REFERRALS, REVIEW, ASKED, *REWARD_KINDS)))
    return chosen.select(
        *("person", "event_id", "occurred_at", "known_at", "incident", "thread", "topic", *LABELS),
        moment=unix_micros(chosen.occurred_at),
        referral=chosen.kind.isin(REFERRALS),
        review=chosen.kind == REVIEW,
        asking=(chosen.kind == ASKED).cast("int64"),
        rewarding=is_reward(chosen).cast("int64"),
        said_rewarded=flag(json_text(chosen.properties, "rewarded") == "true"),
    )
