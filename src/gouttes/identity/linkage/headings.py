"""From a file that nobody has seen before to records that can be compared: headings to roles, cells to plain texts."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from gouttes.identity.linkage.comparisons import Role

if TYPE_CHECKING:
    from collections.abc import Callable

HEADINGS: dict[Role, str] = {
    Role.GIVEN_NAME: "first name, firstname, given name, givenname, forename, prenom, prenoms",
    Role.FAMILY_NAME: "last name, lastname, surname, family name, nom, nom de famille, nom d usage, nom usuel",
    Role.FULL_NAME: "name, full name, fullname, contact name, customer name, customer, client, nom complet, "
    "nom prenom, prenom nom, nom et prenom",
    Role.DATE: "date, date of birth, dateofbirth, dob, birth date, birthdate, birthday, born, date de naissance, "
    "naissance, ne le, nee le, date naissance",
    Role.EMAIL: "email, e mail, mail, email address, e mail address, courriel, "
    "adresse email, adresse e mail, adresse mail",
    Role.PHONE: "phone, phone number, telephone, mobile, mobile phone, cell, tel, portable, numero de telephone",
    Role.POSTCODE: "postcode, post code, postal code, zip, zip code, zipcode, code postal, cp",
    Role.CITY: "city, town, suburb, locality, ville, commune, localite",
    Role.STREET: "street, street name, address, address 1, address1, address line 1, rue, voie, adresse, adresse 1",
    Role.NUMBER: "street number, house number, number, numero, numero de voie, numero de rue",
    Role.COUNTRY: "country, country code, state, pays, code pays, region, departement",
    Role.COMPANY: "company, company name, organisation, organization, employer, societe, entreprise, raison sociale",
    Role.CODE: "soc sec id, ssn, social security number, national id, tax id, vat, vat number, passport, iban, "
    "siren, siret, numero de securite sociale",
}
"""Headings by role, in English and French, as :func:`plain` writes them. Any other column is free text."""

DATES = (
    re.compile(r"^(?P<y>\d{4})[-/. ]?(?P<m>\d{2})[-/. ]?(?P<d>\d{2})(?:[T ].*)?$"),
    re.compile(r"^(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4})$"),
)
MONTHS = 12
NATIONAL = 9
"""Last digits of a phone number that are compared, whatever stands before them (a prior: French numbers have nine)."""


def plain(text: str) -> str:
    """A text in lower-case ASCII letters and digits, words parted by one space; what has no ASCII letter stays."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(re.sub(r"[\W_]+", " ", bare.casefold()).split())


def role_of(heading: str) -> Role:
    """What a heading says of its column; free text where it is not known."""
    name = plain(heading)
    return next((role for role, names in HEADINGS.items() if name in names.split(", ")), Role.TEXT)


def cleaned(text: str, role: Role) -> str | None:
    """A cell as it is compared: the same thing written in two ways becomes one; None where nothing is left."""
    return CLEANERS.get(role, plain)(text) or None


def iso_date(text: str) -> str:
    """A date as YYYY-MM-DD, day before month where both could be; any other text as :func:`plain` writes it."""
    for form in DATES:
        if found := form.match(text.strip()):
            day, month = int(found["d"]), int(found["m"])
            if month > MONTHS >= day:
                day, month = month, day
            return f"{found['y']}-{month:02}-{day:02}"
    return plain(text)


def digits(text: str) -> str:
    """The last digits of a phone number."""
    return re.sub(r"\D", "", text)[-NATIONAL:]


def unbroken(text: str) -> str:
    """A code or number without spaces and marks."""
    return plain(text).replace(" ", "")


def mailbox(text: str) -> str:
    """An e-mail address in lower case."""
    return "".join(text.split()).casefold()


CLEANERS: dict[Role, Callable[[str], str]] = {
    Role.DATE: iso_date,
    Role.PHONE: digits,
    Role.CODE: unbroken,
    Role.NUMBER: unbroken,
    Role.POSTCODE: unbroken,
    Role.EMAIL: mailbox,
}
"""How a cell is written for comparison, by role; :func:`plain` for the others."""
