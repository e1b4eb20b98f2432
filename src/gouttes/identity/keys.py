"""What subjects may be joined by: one row for each key that a subject holds, normalised once and kept.

A key of a *field* (e-mail, phone, external id, declared link) finds people as well as joining them. A key of a *rule*
of several conditions is made of what its exact and normalised conditions compare.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.identity.mailboxes import EmailRules
from gouttes.identity.normalise import FIELDS, normalised, trimmed
from gouttes.identity.steps import cleaned

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.settings.identity import Condition, IdentitySettings, MatchRule

BETWEEN = "\x1f"
"""Stands between the parts of a key of several conditions; no source writes it."""

OF_RULE = "rule "
"""Before the name of a rule, where a key is of a rule and not of a field."""

SUBJECT_SOURCE = "^[^:]*"


def keys(
    connection: SQLBackend, identifiers: ir.Table, records: ir.Table, settings: IdentitySettings, *, country: str
) -> ir.Table:
    """KEYS of all subjects that ``identifiers`` speak of.

    Args:
        connection: holds what is used twice.
        identifiers: as ``eventlog.schema.IDENTIFIERS``.
        records: RECORDS of the same subjects.
        settings: the rules, and the mail domains whose addresses are read in a way of their own.
        country: see ``normalise.normalised``.

    Returns:
        ``subject, field, key, source``, each once; ``source`` is who stated it, empty for keys of rules.

    Raises:
        BadInputError, MissingColumnsError: see ``normalise.normalised``.
    """
    plain = kept(connection, by_mailbox(normalised(identifiers, country=country), settings))
    composed = [_composed(rule, plain, identifiers, records) for rule in settings.rules if field_of(rule) not in FIELDS]
    return ibis.union(plain, *composed) if composed else plain


def email_rules(settings: IdentitySettings) -> EmailRules:
    """The mail domains whose addresses are read in a way of their own."""
    return EmailRules(settings.ignore_dots, settings.drop_plus)


def by_mailbox(written: ir.Table, settings: IdentitySettings) -> ir.Table:
    """Keys (``field, key`` among the columns) with several addresses of one mailbox brought to one, where asked."""
    steps = email_rules(settings).steps
    if not steps:
        return written
    key = ibis.ifelse(written["field"] == "email", cleaned(written["key"], steps), written["key"])
    return written.mutate(key=key).distinct()


def field_of(rule: MatchRule) -> str:
    """The ``field`` under which KEYS holds what a rule compares."""
    return rule.all[0].field if rule.plain and rule.all[0].field in FIELDS else OF_RULE + rule.name


def _composed(rule: MatchRule, plain: ir.Table, identifiers: ir.Table, records: ir.Table) -> ir.Table:
    """Keys of one rule: what its conditions other than fuzzy compare, side by side."""
    parts = [values(each, plain, identifiers, records) for each in rule.all if each.how != "fuzzy"]
    joined = reduce(_beside, parts)
    return joined.select(
        "subject", field=ibis.literal(OF_RULE + rule.name), key=joined["value"], source=ibis.literal("")
    ).distinct()


def _beside(left: ir.Table, right: ir.Table) -> ir.Table:
    both = left.inner_join(right.rename(other="value"), "subject")
    return both.select("subject", value=both["value"] + ibis.literal(BETWEEN) + both["other"])


def values(condition: Condition, plain: ir.Table, identifiers: ir.Table, records: ir.Table) -> ir.Table:
    """``subject, value``: what each subject has for a condition to compare; several rows where it has several."""
    if condition.how == "exact":
        stated = identifiers.filter(identifiers["field"] == condition.field)
        found = stated.select("subject", value=trimmed(stated["value"]))
    elif condition.field in FIELDS:
        found = plain.filter(plain["field"] == condition.field).select("subject", value="key")
    else:
        found = records.select("subject", value=_of_record(records, condition.field))
    return found.filter(found["value"].notnull() & (found["value"] != "")).distinct()


def _of_record(records: ir.Table, field: str) -> ir.StringValue:
    """The normalised form of a field of RECORDS; null where a part of it is unknown."""
    parts = {
        "name": ("first_root", "last_root"),
        "first_name": ("first_root",),
        "last_name": ("last_root",),
        "address": ("house_number", "street", "postcode"),
    }.get(field, (field,))
    return reduce(lambda text, part: text + ibis.literal(BETWEEN) + records[part], parts[1:], records[parts[0]])


def source_of(subject: ir.StringValue) -> ir.StringValue:
    """The source that a subject key names: what stands before its first colon."""
    return subject.re_extract(SUBJECT_SOURCE, 0)
