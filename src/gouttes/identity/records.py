"""What each subject says of who it is, one row a subject, in forms that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes import engines
from gouttes.errors import MissingColumnsError
from gouttes.eventlog.schema import IDENTIFIERS
from gouttes.identity import names, places
from gouttes.identity.fields import NO_RULES, steps_of
from gouttes.identity.steps import after, quickly, words
from gouttes.schemas import RECORDS
from gouttes.settings.identity import MATCH_FIELDS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.identity.mailboxes import EmailRules
    from gouttes.identity.steps import Step

FIELDS = tuple(name for name in MATCH_FIELDS if name != "external_id")
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
    parts = _Parts(connection, newest, country, email_rules)
    present = _present(newest)
    written = _written(parts.joined(present), country)
    return engines.kept(connection, _rooted(connection, written) if NAMES & {*present} else _rootless(written))


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


def _present(newest: ir.Table) -> tuple[str, ...]:
    """The fields of which there is a value: what none of them needs is not compiled."""
    counts = newest.agg(**{field: newest[field].count() for field in FIELDS}).to_pyarrow().to_pylist()[0]
    return tuple(field for field in FIELDS if counts[field])


# --- values in their normalised form ----------------------------------------------------------------------------------

QUICK = ("first_name", "last_name", "city", "company")
"""Fields of which most values are plain words."""

OWN = ("email", "phone")
"""Fields of which nearly every subject has its own value: others are normalised once for all who share it."""

CUT_BEFORE = {"phone": "phone_form", "birth_date": "iso_date", "postcode": "uk_space"}
"""Rules that name their input many times: what comes before them is computed first."""


@dataclass(frozen=True)
class _Parts:
    """What becomes of the newest values as written."""

    connection: SQLBackend
    newest: ir.Table
    country: str
    rules: EmailRules

    def joined(self, present: tuple[str, ...]) -> ir.Table:
        """``subject`` and the columns of each present field, empty or null where nothing is said."""
        rows = self.newest.select("subject", **{f"{field}_written": field for field in present})
        said = ["subject", *(field for field in present if field in OWN)]
        for field in said[1:]:
            rows = self._normalised(rows, field, f"{field}_written")
        for field in present:
            if field not in OWN:
                own = self._values(field).rename({f"{field}_value": "value"})
                rows = rows.left_join(own, rows[f"{field}_written"] == own[f"{field}_value"])
                said.extend(own.columns[1:])
        return rows.select(*said)

    def _values(self, field: str) -> ir.Table:
        """``value``, each once, and what becomes of it."""
        rows = self.newest.filter(self.newest[field].notnull()).select(value=field).distinct()
        if field == "name":
            said = _names(self.connection, rows)
        elif field == "address":
            said = _addresses(rows)
        else:
            said = self._normalised(rows, field, "value")
        return engines.kept(self.connection, said)  # Ibis compiles several small queries faster than a large one

    def _normalised(self, rows: ir.Table, field: str, column: str) -> ir.Table:
        """The rows with a field's normalised form under its name; a postcode waits for its country."""
        if field in QUICK:
            return rows.mutate(**{field: quickly(rows[column], self._steps(field))})
        steps = self._steps(field)
        cut = next((place for place, step in enumerate(steps) if step.name == CUT_BEFORE.get(field)), 0)
        begun = rows.mutate(**{field: after(rows[column], steps[:cut])})
        return begun.mutate(**{field: after(begun[field], steps[cut:])})

    def _steps(self, field: str) -> tuple[Step, ...]:
        if field == "postcode":
            return places.postcode_steps()
        return steps_of(field, country=self.country, email_rules=self.rules)


def _names(connection: SQLBackend, values: ir.Table) -> ir.Table:
    """``value, given, family, organisation`` of full names."""
    split = names.full_names(connection, values)
    company = ibis.ifelse(split["company"], after(split["value"], names.company_steps()), "")
    return split.select("value", given="first_name", family="last_name", organisation=company)


def _addresses(values: ir.Table) -> ir.Table:
    """``value, street, house_number`` of address lines."""
    lines = values.select("value", plain=quickly(values["value"], places.address_steps()))
    street, number = places.street(lines["plain"]), places.house_number(lines["plain"])
    return lines.select("value", street=street, house_number=number)


# --- rows -------------------------------------------------------------------------------------------------------------


WHOSE = ("subject", "source")


def _written(told: ir.Table, country: str) -> ir.Table:
    """The columns of RECORDS but the roots; null where nothing is said."""
    rows = told.select("subject", **{column: told[column].nullif("") for column in told.columns if column != "subject"})
    unsaid = ibis.null("string")
    said = {column: rows[column] if column in rows.columns else unsaid for column in (*RECORDS, *OF_NAMES)}
    chosen = {column: said[column] for column in RECORDS if column not in ROOTS} | {
        "source": rows["subject"].re_extract("^[^:]*", 0),
        "first_name": ibis.coalesce(said["first_name"], said["given"]),
        "last_name": ibis.coalesce(said["last_name"], said["family"]),
        "postcode": places.padded(said["postcode"], ibis.coalesce(said["country"], ibis.literal(country))),
        "company": ibis.coalesce(said["company"], said["organisation"]),
    }
    made = rows.select(**chosen)
    return made.filter(ibis.or_(*(made[column].notnull() for column in made.columns if column not in WHOSE)))


ROOTS = ("first_root", "last_root")
OF_NAMES = ("given", "family", "organisation")
"""What a full name adds."""


NAMES = frozenset({"name", "first_name", "last_name"})


def _rootless(written: ir.Table) -> ir.Table:
    """RECORDS where nobody has a name."""
    return written.mutate(**dict.fromkeys(ROOTS, ibis.null("string"))).select(*RECORDS)


def _rooted(connection: SQLBackend, written: ir.Table) -> ir.Table:
    """RECORDS: the root of each distinct name, once."""
    rows = engines.kept(connection, written)
    for column, root in (("first_name", names.first_root), ("last_name", names.last_root)):
        distinct = rows.filter(rows[column].notnull()).select(column).distinct()
        roots = distinct.select(**{f"{column}_written": column, column.replace("name", "root"): root(distinct[column])})
        rows = rows.left_join(roots, rows[column] == roots[f"{column}_written"])
    return rows.select(*RECORDS)
