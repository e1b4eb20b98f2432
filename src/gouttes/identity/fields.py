"""The fields that records are compared on, and the rules that each goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError
from gouttes.identity import normalise
from gouttes.identity.dates import birth_date_steps
from gouttes.identity.mailboxes import EmailRules
from gouttes.identity.names import company_steps, first_name_steps, last_name_steps, name_steps
from gouttes.identity.places import (
    address_steps,
    city_steps,
    country_steps,
    house_number_steps,
    padded,
    postcode_steps,
    street_steps,
)
from gouttes.identity.steps import PUNCTUATION, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

NO_RULES = EmailRules()


def _trimmed(value: ir.StringValue) -> ir.StringValue:
    return value.re_replace(f"^[{normalise.SPACE}]+|[{normalise.SPACE}]+$", "")


def _email(_country: str, rules: EmailRules) -> tuple[Step, ...]:
    return (Step("blanks_around", _trimmed), Step("email_form", normalise.email), *rules.steps)


def _phone(country: str, _rules: EmailRules) -> tuple[Step, ...]:
    return (
        Step("phone_digits", lambda value: normalise.digits(value, country=country)),
        Step("phone_form", lambda value: normalise.phone(value, country=country)),
    )


def _external_id(_country: str, _rules: EmailRules) -> tuple[Step, ...]:
    return (Step("blanks_around", _trimmed), Step("external_id_form", normalise.external_id))


def _postcode(country: str, _rules: EmailRules) -> tuple[Step, ...]:
    return (*postcode_steps(), Step("leading_zero", lambda value: padded(value, ibis.literal(country))))


def _plain(steps: Callable[[], tuple[Step, ...]]) -> Callable[[str, EmailRules], tuple[Step, ...]]:
    return lambda _country, _rules: steps()


FIELDS: dict[str, Callable[[str, EmailRules], tuple[Step, ...]]] = {
    "email": _email,
    "phone": _phone,
    "external_id": _external_id,
    "name": _plain(lambda: (*name_steps(), PUNCTUATION)),
    "first_name": _plain(first_name_steps),
    "last_name": _plain(last_name_steps),
    "birth_date": lambda country, _rules: birth_date_steps(country),
    "address": _plain(address_steps),
    "street": _plain(street_steps),
    "house_number": _plain(house_number_steps),
    "postcode": _postcode,
    "city": _plain(city_steps),
    "country": _plain(country_steps),
    "company": _plain(company_steps),
}
"""Field → its rules, of a country and e-mail rules."""


def steps_of(field: str, *, country: str, email_rules: EmailRules = NO_RULES) -> tuple[Step, ...]:
    """The rules of a field, in their order; for ``steps.cleaned`` and ``steps.changes``.

    Args:
        field: one of :data:`FIELDS`.
        country: ISO 3166 code of the workspace's country: habits of phone numbers, dates and postcodes.
        email_rules: of mail domains.

    Raises:
        BadInputError: there is no such field, or a phone's ``country`` is not one that ``phonenumbers`` knows.
    """
    if field not in FIELDS:
        raise BadInputError(f"There is no field '{field}' to compare. Fields: {', '.join(FIELDS)}.")
    return FIELDS[field](country, email_rules)
