"""The columns of the tables that pass from one step to the next (docs/reference/tables.md)."""

import ibis

LINKS = ibis.schema({"subject": "string", "person": "string", "rule": "string", "linked_at": "timestamp('UTC', 6)"})
"""Which person a subject key belongs to, and by which rule."""

ACTS = ibis.schema(
    {
        "person": "string",
        "act": "string",
        "event_id": "string",
        "occurred_at": "timestamp('UTC', 6)",
        "known_at": "timestamp('UTC', 6)",
        "size": "float64",
        "episode": "string",
        "touch_days": "float64",
        "channel": "string",
        "team": "string",
        "agent": "string",
        "product": "string",
    }
)
"""What was seen to be done; ``touch_days`` is the age in days of the last prompt before a return."""

EVIDENCE = ibis.schema(
    {
        "person": "string",
        "rule": "string",
        "event_id": "string",
        "kind": "string",
        "occurred_at": "timestamp('UTC', 6)",
        "known_at": "timestamp('UTC', 6)",
        "t": "float64",
        "known": "float64",
        "size": "float64",
        "episode": "string",
        "channel": "string",
        "team": "string",
        "agent": "string",
        "product": "string",
    }
)
"""One row per drop, bucket or repair; ``t`` and ``known`` are the two times in days since 1970."""

STATES = ibis.schema({"person": "string", "rule": "string", "tau": "float64", "value": "float64"})
"""The decayed sum of a rule for a person, ``value``, at the time of its newest evidence, ``tau`` (days)."""

PEOPLE = ibis.schema(
    {
        "person": "string",
        "first_seen": "timestamp('UTC', 6)",
        "last_seen": "timestamp('UTC', 6)",
        "events": "int64",
        "next_due": "timestamp('UTC', 6)",
    }
)
"""Everyone; ``next_due`` is when time alone will next change what is known of them."""

RECORDS = ibis.schema(
    {
        "subject": "string",
        "source": "string",
        "first_name": "string",
        "first_root": "string",
        "last_name": "string",
        "last_root": "string",
        "birth_date": "string",
        "house_number": "string",
        "street": "string",
        "postcode": "string",
        "city": "string",
        "country": "string",
        "email": "string",
        "phone": "string",
        "company": "string",
    }
)
"""One row per subject that says who it is: each field in its normalised form (``identity.fields``), null where unknown.
``first_root`` is the name that a first name is a variant of, ``last_root`` the family name without particles;
``birth_date`` as ISO 8601. Personal data."""

PAIRS = ibis.schema({"left": "string", "right": "string", "probability": "float64", "weight": "float64"})
"""Two subjects that may be one person, ``left`` before ``right``: the probability that they are, and the match weight
(log2 of the Bayes factor, prior included)."""

KEYS = ibis.schema({"subject": "string", "field": "string", "key": "string", "source": "string"})
"""What a subject may be joined and found by, normalised: e-mail, phone, external id, declared link, and the keys of
rules of several conditions (``field`` is then ``rule NAME``). ``source`` is who stated it. Personal data."""

LIKENESSES = ibis.schema({"subject": "string", "other": "string", "probability": "float64", "weight": "float64"})
"""PAIRS both ways, so that each subject's are found by its key."""

BLOCKS = ibis.schema({"subject": "string", "name": "string", "value": "string"})
"""By what a record meets others when the model of linkage compares them. Personal data."""

DOUBTS = ibis.schema({"subject": "string", "other": "string", "rule": "string", "reason": "string"})
"""Two subjects that a rule would join and something keeps apart until a person decides. ``reason``: ``rule`` (the rule
asks for review), ``names`` (one mailbox or phone, several names), ``strong`` (one source tells them apart), ``either``
(could go with either of two who are apart)."""

TANGLES = ibis.schema({"subject": "string", "component": "string"})
"""Subjects that ties would have made one person, and guards did not; ``component`` is the smallest of them."""

DECISIONS = ibis.schema(
    {
        "event_id": "string",
        "decision": "string",
        "verdict": "string",
        "side": "string",
        "subject": "string",
        "agent": "string",
        "at": "timestamp('UTC', 6)",
    }
)
"""What people decided of who is who: ``same``, ``apart`` (by ``side``) or ``undone``."""

MOVES = ibis.schema(
    {"run": "string", "at": "timestamp('UTC', 6)", "subject": "string", "before": "string", "after": "string"}
)
"""The id map: where people joined or parted in a run, each of their former subjects with its person before and
after."""

OPPORTUNITIES = ibis.schema(
    {"person": "string", "origin": "float64", "outcome": "string", "successes": "int64", "trials": "int64"}
)
"""What people did in a window of time after a date, ``origin`` (days since 1970): of ``trials`` opportunities of an
outcome, ``successes`` were taken."""
