"""What each subject says of who it is, one row a subject, in forms that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS
from gouttes.identity import names, places
from gouttes.identity.fields import NO_RULES, steps_of
from gouttes.identity.steps import after, quickly, words
from gouttes.schemas import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.mailboxes import EmailRules

FIELDS = (
    "name",
    "first_name",
    "last_name",
    "birth_date",
    "address",
    "postcode",
    "city",
    "country",
    "email",
    "phone",
    "company",
)
"""The identifiers that a record is made of."""

LATEST_MOMENT, AGE_DIGITS = 20_000_000_000_000_000, 17
"""Microseconds since 1970, the year 2603: what is left until then has seventeen digits, and as text sorts the newest
first, for any moment from the year 1 to 2286."""

SIX_DIGITS = "(?:[0-9][^0-9]*){6}"
SILENT = f"(?i)^[^a-z0-9]*(?:{'|'.join(words('name_words')['placeholders'])}|x+|0+)?[^a-z0-9]*$"
"""A value that says nothing: no letter or digit, or a way of writing "none"."""


def records(
    connection: SQLBackend, identifiers: ir.Table, *, country: str, email_rules: EmailRules = NO_RULES
) -> ir.Table:
    """One row per subject that says who it is.

    Of several values of a field the newest counts (``known_at``; at the same moment the smallest as written); passed
    over are ways of writing "none", e-mails without @ and phone numbers of fewer than six digits. A first and last name
    of their own come before those of a full name, a company before a full name that is an organisation's. Distinct
    values are normalised, once.

    Args:
        connection: the engine of ``identifiers``.
        identifiers: as ``eventlog.schema.IDENTIFIERS``.
        country: ISO 3166 code of the workspace: habits of phone numbers and dates, and of postcodes without country.
        email_rules: mail domains where dots, or what follows a plus sign, do not count.

    Returns:
        ``schemas.RECORDS``, held by the engine; ``source`` is the subject's key up to its first colon.

    Raises:
        MissingColumnsError: a column of ``identifiers`` is missing.
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    if missing := set(IDENTIFIERS.names) - set(identifiers.columns):
        raise MissingColumnsError(
            "identity.records", missing, identifiers.columns, "Pass the table people/identifiers."
        )
    newest = engines.kept(connection, _newest(identifiers))
    parts = {
        **{field: _distinct(connection, newest, field, country, email_rules) for field in ONE_PART},
        "name": _names(connection, newest),
        "address": _addresses(connection, newest),
    }
    told = engines.kept(connection, _joined(newest, parts))
    written = engines.kept(connection, _written(told, country))
    firsts = _roots(connection, written, "first_name", names.first_root)
    lasts = _roots(connection, written, "last_name", names.last_root)
    rooted = written.left_join(firsts, "first_name").drop("first_name_right").left_join(lasts, "last_name")
    return engines.kept(connection, rooted.select(*RECORDS))


# --- the newest of each subject ---------------------------------------------------------------------------------------


def _newest(identifiers: ir.Table) -> ir.Table:
    """``subject`` and a column per field: its newest value as written, null where there is none."""
    field, value = identifiers["field"], identifiers["value"]
    speaks = field.cases(
        ("email", value.contains("@")), ("phone", value.re_search(SIX_DIGITS)), else_=~value.re_search(SILENT)
    )
    age = (ibis.literal(LATEST_MOMENT) - engines.unix_micros(identifiers["known_at"])).cast("string")
    rows = identifiers.filter(field.isin(FIELDS) & speaks).select("subject", "field", order=age + value)
    first = {name: rows["order"].min(where=rows["field"] == name) for name in FIELDS}
    chosen = rows.group_by("subject").agg(**first)
    return chosen.select("subject", **{name: chosen[name].substr(AGE_DIGITS) for name in FIELDS})


# --- distinct values --------------------------------------------------------------------------------------------------

ONE_PART = tuple(field for field in FIELDS if field not in {"name", "address"})
QUICK = ("first_name", "last_name", "city", "company")
"""Fields of which most values are plain words."""

CUT_BEFORE = {"phone": "phone_form", "birth_date": "iso_date"}
"""Rules that name their input many times: what comes before them is computed first."""


def _values(connection: SQLBackend, newest: ir.Table, field: str) -> ir.Table:
    """The distinct values of a field."""
    return engines.kept(connection, newest.filter(newest[field].notnull()).select(value=field).distinct())


def _distinct(connection: SQLBackend, newest: ir.Table, field: str, country: str, rules: EmailRules) -> ir.Table:
    """``value`` and its normalised form under the name of the field; a postcode waits for its country."""
    steps = places.postcode_steps() if field == "postcode" else steps_of(field, country=country, email_rules=rules)
    cut = next((place for place, step in enumerate(steps) if step.name == CUT_BEFORE.get(field)), 0)
    rows = _values(connection, newest, field)
    if cut:
        rows = engines.kept(connection, rows.select("value", begun=after(rows["value"], steps[:cut])))
    text = rows["begun"] if cut else rows["value"]
    said = quickly(text, steps) if field in QUICK else after(text, steps[cut:])
    return engines.kept(connection, rows.select("value", **{field: said}))


def _names(connection: SQLBackend, newest: ir.Table) -> ir.Table:
    """``value, given, family, organisation`` of full names."""
    split = names.full_names(connection, _values(connection, newest, "name"))
    company = ibis.ifelse(split["company"], after(split["value"], names.company_steps()), "")
    said = split.select("value", given="first_name", family="last_name", organisation=company)
    return engines.kept(connection, said)


def _addresses(connection: SQLBackend, newest: ir.Table) -> ir.Table:
    """``value, street, house_number`` of address lines."""
    rows = _values(connection, newest, "address")
    lines = engines.kept(connection, rows.select("value", plain=quickly(rows["value"], places.address_steps())))
    street, number = places.street(lines["plain"]), places.house_number(lines["plain"])
    return engines.kept(connection, lines.select("value", street=street, house_number=number))


# --- rows -------------------------------------------------------------------------------------------------------------


def _joined(newest: ir.Table, parts: dict[str, ir.Table]) -> ir.Table:
    """``subject`` and every part, empty or null where nothing is said."""
    rows = newest.rename({f"{field}_written": field for field in FIELDS})
    for field, said in parts.items():
        own = said.rename({f"{field}_value": "value"})
        rows = rows.left_join(own, rows[f"{field}_written"] == own[f"{field}_value"])
    return rows.select("subject", *(column for said in parts.values() for column in said.columns if column != "value"))


WHOSE = ("subject", "source")


def _written(told: ir.Table, country: str) -> ir.Table:
    """The columns of RECORDS but the roots; null where nothing is said."""
    said = {column: told[column].nullif("") for column in told.columns if column != "subject"}
    own = {column: said[column] for column in RECORDS if column in said}
    made = {
        "source": told["subject"].re_extract("^[^:]*", 0),
        "first_name": ibis.coalesce(said["first_name"], said["given"]),
        "last_name": ibis.coalesce(said["last_name"], said["family"]),
        "postcode": places.padded(said["postcode"], ibis.coalesce(said["country"], ibis.literal(country))),
        "company": ibis.coalesce(said["company"], said["organisation"]),
    }
    rows = told.select("subject", **(own | made))
    return rows.filter(ibis.or_(*(rows[column].notnull() for column in rows.columns if column not in WHOSE)))


def _roots(
    connection: SQLBackend, rows: ir.Table, column: str, root: Callable[[ir.StringValue], ir.StringValue]
) -> ir.Table:
    """The distinct names of a column, each with its root (``first_root`` of ``first_name``)."""
    distinct = engines.kept(connection, rows.filter(rows[column].notnull()).select(column).distinct())
    named = {column.replace("name", "root"): root(distinct[column])}
    return engines.kept(connection, distinct.select(column, **named))
