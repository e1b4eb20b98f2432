"""The definitions of behaviour a second time: slow, obvious Python over lists, one person and one pair at a time.

Times are whole microseconds. An event is a dict with the columns of the log that matter here.
"""

from __future__ import annotations

import hashlib
import json
import math
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from gouttes.eventlog.kinds import KINDS, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gouttes.behaviour.windows import Windows

DAY = 86_400_000_000
Event = dict[str, Any]
Row = dict[str, Any]


def us(days: float) -> int:
    return round(days * DAY)


def role(event: Event) -> str:
    declared = KINDS[event["kind"]].role
    if declared is Role.CONTACT:
        return "touch" if event["direction"] == "out" else "contact"
    if declared is Role.TOUCH:
        return "other" if event["direction"] == "in" else "touch"
    return "reward" if declared is Role.REWARD else "other"


def episode(event: Event) -> str | None:
    for key in ("incident", "thread", "topic"):
        if event[key] is not None:
            return f"{key}:{event[key]}"
    return None


def row(event: Event, act: str, **others: Any) -> Row:
    found = {"person": event["person"], "act": act, "event_id": event["event_id"], "at": event["at"]}
    return {**found, "known": event["known"], "size": 1.0, "episode": episode(event), "touch_days": None, **others}


def same_matter(one: Event, other: Event, *keys: str) -> bool:
    return any(one[key] is not None and one[key] == other[key] for key in ("thread", "topic", *keys))


def before(event: Event, other: Event, span: int) -> bool:
    """`other` lies in [t - span, t)."""
    return bool(event["at"] - span <= other["at"] < event["at"])


def acts(events: Iterable[Event], as_of: int, w: Windows) -> list[Row]:
    known = [event for event in events if event["at"] <= as_of and event["known"] <= as_of]
    found: list[Row] = []
    for person in sorted({event["person"] for event in known}):
        own = [event for event in known if event["person"] == person]
        found += returns(own, w) + missed(own, as_of, w) + repeated(own, w) + resolved(own, as_of, w)
        found += promises(own) + renewals(own, w) + expansions(own, w) + recommendations(own, w) + bad(own, w)
    return found


def contact_moments(own: list[Event], w: Windows) -> list[Row]:
    contacts = [event for event in own if role(event) == "contact"]
    moments = []
    for at in sorted({event["at"] for event in contacts}):
        here = [event for event in contacts if event["at"] == at]
        opened = [*contacts, *(event for event in own if event["kind"] == "incident.touched")]
        reach = us(w.topic_days)
        goes_on = [e for e in here if any(same_matter(e, o, "incident") and before(e, o, reach) for o in opened)]
        due = [event for event in here if event["moment"] == "contract"]
        said = [event["unprompted"] for event in here]
        declared = False if False in said else (True if True in said else None)
        moments.append({"at": at, "here": here, "goes_on": bool(goes_on), "due": bool(due), "declared": declared})
    return moments


def returns(own: list[Event], w: Windows) -> list[Row]:
    found = []
    touches = [event["at"] for event in own if role(event) in {"touch", "reward"}]
    for moment in contact_moments(own, w)[1:]:
        if moment["goes_on"] or moment["due"]:
            continue
        at, declared = moment["at"], moment["declared"]
        same = [event for event in moment["here"] if event["unprompted"] == declared]
        carrier = min(same, key=lambda event: event["event_id"])
        last = max((touch for touch in touches if touch < at), default=None)
        days = None if last is None else (at - last) / DAY
        prompted = any(at - us(w.window_days) <= touch < at for touch in touches)
        if declared is not None:
            prompted, days = not declared, None if declared else 0.0
        found.append(row(carrier, "return.prompted" if prompted else "return.unprompted", touch_days=days))
    return found


def missed(own: list[Event], as_of: int, w: Windows) -> list[Row]:
    moments = contact_moments(own, w)
    gaps = [later - earlier for earlier, later in pairwise(moment["at"] for moment in moments if not moment["goes_on"])]
    if len(gaps) < 2:
        return []
    rhythm = math.floor(max(median(gaps), us(w.minimum_rhythm_days)))
    found = []
    for began, ended in zip(moments, [*moments[1:], None], strict=False):
        for number in range(1, int(w.missed_cap) + 1):
            at = began["at"] + (number + 1) * rhythm
            if at <= as_of and (ended is None or at < ended["at"]):
                person = own[0]["person"]
                text = f"missed|{person}|{began['at']}|{number}"
                digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
                line = {"person": person, "act": "return.missed", "event_id": digest, "at": at, "known": at}
                found.append({**line, "size": 1.0, "episode": None, "touch_days": None})
    return found


def repeated(own: list[Event], w: Windows) -> list[Row]:
    solved = [event for event in own if event["kind"] in {"ticket.solved", "ticket.closed"}]
    again = [
        event
        for event in own
        if role(event) == "contact"
        and any(same_matter(event, other) and before(event, other, us(w.topic_days)) for other in solved)
    ]
    found = []
    for at in sorted({event["at"] for event in again}):
        event = min((event for event in again if event["at"] == at), key=lambda event: event["event_id"])
        found.append(row(event, "contact.repeated", size=severity(event)))
    return found


def severity(event: Event) -> float:
    return 1.0 if event["severity"] is None else min(1.0, max(0.0, event["severity"]))


def resolved(own: list[Event], as_of: int, w: Windows) -> list[Row]:
    found = []
    for thread in sorted({event["thread"] for event in own if event["thread"] is not None}):
        inside = [event for event in own if event["thread"] == thread]
        solvings = [event for event in inside if event["kind"] == "ticket.solved"]
        if not solvings:
            continue
        first = min(solvings, key=lambda event: (event["at"], event["event_id"]))
        contacts = {e["at"] for e in inside if role(e) == "contact" and e["at"] <= first["at"]}
        ripe = first["at"] + us(w.reopen_days)
        back = [e["known"] for e in inside if e["kind"] == "ticket.reopened" and first["at"] < e["at"] <= ripe]
        if len(contacts) > 1:
            found.append(row(first, "contact.resolved_later"))
        elif len(contacts) == 1 and back:
            found.append(row(first, "contact.resolved_later", known=max(first["known"], min(back))))
        elif len(contacts) == 1 and ripe <= as_of:
            found.append(row(first, "contact.resolved_first", known=max(first["known"], ripe)))
    return found


def promises(own: list[Event]) -> list[Row]:
    broken = [row(event, "promise.broken", size=severity(event)) for event in own if event["kind"] == "promise.broken"]
    return broken + [row(event, "promise.kept") for event in own if event["kind"] == "promise.kept"]


def renewals(own: list[Event], w: Windows) -> list[Row]:
    found = [row(event, "renewal.lost") for event in own if event["kind"] == "subscription.ended"]
    for event in own:
        if event["kind"] != "subscription.renewed":
            continue
        properties = json.loads(event["properties"] or "{}")
        recent = [other for other in own if before(event, other, us(w.strain_days))]
        touches = [other for other in recent if role(other) == "touch"]
        calm = (
            event["due_at"] is not None
            and event["at"] <= event["due_at"]
            and str(properties.get("discount", "")).lower() in {"", "0", "false", "0.0"}
            and not any(other["kind"] == "ticket.escalated" for other in recent)
            and sum(other["topic"] == "reminder" for other in touches) <= 1
            and not any(other["topic"] == "retention" for other in touches)
        )
        name = "locked" if properties.get("locked") is True else "frictionless" if calm else "strained"
        found.append(row(event, f"renewal.{name}"))
    return found


def expansions(own: list[Event], w: Windows) -> list[Row]:
    orders = [e for e in own if e["kind"] in {"order.placed", "subscription.started"} and role(e) != "touch"]
    orders = [event for event in orders if event["product"] is not None]
    more = [event for event in own if event["kind"] == "subscription.upgraded"]
    for product in {event["product"] for event in orders}:
        first = min((e for e in orders if e["product"] == product), key=lambda e: (e["at"], e["event_id"]))
        if any(other["at"] < first["at"] for other in orders):
            more.append(first)
    found = []
    for event in more:
        proposed = any(
            role(other) == "touch"
            and event["product"] is not None
            and other["product"] == event["product"]
            and before(event, other, us(w.window_days))
            for other in own
        )
        found.append(row(event, "expansion.proposed" if proposed else "expansion.unproposed"))
    return found


def recommendations(own: list[Event], w: Windows) -> list[Row]:
    referrals = [event for event in own if event["kind"] in {"referral.made", "referral.converted"}]
    traced = [event for event in referrals if event["thread"] is None]
    for thread in {event["thread"] for event in referrals if event["thread"] is not None}:
        inside = [event for event in referrals if event["thread"] == thread]
        traced.append(min(inside, key=lambda event: (event["at"], event["event_id"])))
    asked = [event for event in own if event["kind"] == "survey.asked"]
    reviews = [event for event in own if event["kind"] == "review.published"]
    span = us(w.window_days)
    traced += [event for event in reviews if not any(before(event, other, span) for other in asked)]
    found = []
    for event in traced:
        near = any(role(other) == "reward" and abs(other["at"] - event["at"]) <= span for other in own)
        said = json.loads(event["properties"] or "{}").get("rewarded") is True
        found.append(row(event, "recommendation.rewarded" if near or said else "recommendation.unrewarded"))
    return found


JUSTICE = {"distributive": 0.4, "procedural": 0.1, "interpersonal": 0.3, "informational": 0.2}


def justice(event: Event) -> float | None:
    properties = json.loads(event["properties"] or "{}")
    given = {name: properties[name] for name in JUSTICE if name in properties}
    if given:
        return sum(JUSTICE[name] * min(1.0, max(0.0, share)) for name, share in given.items())
    return None if event["severity"] is None else severity(event)


def bad(own: list[Event], w: Windows) -> list[Row]:
    known = [(event, justice(event)) for event in own if event["kind"] == "incident.repaired"]
    return [row(event, "incident.repaired_badly") for event, just in known if just is not None and just < w.bad_repair]
