"""Circles of people: households, by where they live, and companies, by where they work.

A circle is a guess about people who may never have said that they belong together: it serves to read trust together
and to speak with one voice, and never joins two persons into one.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import ibis

from gouttes.errors import BadInputError, MissingColumnsError
from gouttes.identity.normalise import SPACE, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import ibis.expr.types as ir

MOST = 12
"""People above which a shared key is an institution (a residence, a hostel, a letting agent). Prior."""

MAIN_SHARE = 0.5
"""The least share of a company name's people who must have one domain for the two to be one company, and the other
way round. Prior: below it, the name is many companies' ("self-employed") or the domain is (a hosting firm)."""

ID_LENGTH = 16

DOMAIN = f"^[^@{SPACE}]+@([^@{SPACE}.]+(?:\\.[^@{SPACE}.]+)+)$"
"""What stands after the @ of an e-mail, as ``normalise.EMAIL`` reads it; empty where it is no e-mail."""

DWELLING = ("house_number", "street", "postcode")
HOUSEHOLDS = ("household", "person")
COMPANIES = ("company", "name", "domain", "person")


def households(
    records: ir.Table,
    links: ir.Table,
    *,
    same_name: bool = True,
    most: int = MOST,
    addresses: ir.Table | None = None,
) -> ir.Table:
    """People who live together: at least two, at the same address and, unless told otherwise, of the same name.

    Two records share an address where house number, street and postcode are all known and equal, and the country does
    not differ; a name where the family names are equal without particles.

    Args:
        records: RECORDS.
        links: LINKS.
        same_name: where false, the address alone makes a household: flatmates, but also neighbours in a building.
        most: people above which the key is an institution's and joins nobody.
        addresses: where given, ``person, subject``: the record that says where each person lives now, as
            ``profile.profile`` chooses it. Where not, every record counts, and a person is of the household with the
            most people (of several, the first by address).

    Returns:
        ``household, person``; a person is in one household or none. The id is ``h`` and a hash of the smallest person
        id of the household: it survives a new run, a new address and people who come or go, and changes when
        the person with that id leaves, is erased or becomes one with another, or a smaller id comes in.

    Raises:
        MissingColumnsError: a column of ``records`` is missing.
        BadInputError: ``most`` is under 2.
    """
    _require("identity.households", records, ("subject", "last_root", "country", *DWELLING))
    if most < 2:  # noqa: PLR2004 -- a household of one is a person
        raise BadInputError(f"A household holds at least 2 people: `most` must be 2 or more, found {most}.")
    known = records.select("subject", "last_root", "country", *DWELLING).inner_join(
        links.select("subject", "person"), "subject"
    )
    housed = known if addresses is None else known.semi_join(addresses, ["person", "subject"])
    keyed = housed.filter(*(housed[name].notnull() for name in DWELLING))
    address = _joined(keyed, [*DWELLING, "country"])
    living = keyed.select("person", key=address).distinct()
    if same_name:
        named = known.filter(known["last_root"].notnull()).select("person", "last_root").distinct()
        both = living.inner_join(named, "person").select("person", "key", "last_root")
        living = both.select("person", key=_joined(both, ["key", "last_root"]))
    return _settled(living, most)


def _settled(living: ir.Table, most: int) -> ir.Table:
    """One household per person of ``person, key``: the largest that is no institution; then those of two or more."""
    sizes = living.group_by("key").agg(people=living.count())
    shared = living.inner_join(sizes.filter(sizes["people"].between(2, most)), "key")
    window = ibis.window(group_by="person", order_by=[shared["people"].desc(), shared["key"]])
    ranked = shared.mutate(at=ibis.row_number().over(window))
    placed = ranked.filter(ranked["at"] == 0).select("person", "key")
    found = placed.group_by("key").agg(first=placed["person"].min(), people=placed.count())
    kept = found.filter(found["people"] > 1)
    return placed.inner_join(kept, "key").select("person", household=_id("h", kept["first"])).select(*HOUSEHOLDS)


def companies(records: ir.Table, links: ir.Table, identifiers: ir.Table) -> ir.Table:
    """Where people work: by the domain of their e-mail or the company that a record names, each in one at a time.

    A name stands for the domain that at least half of its people who have one share (:data:`MAIN_SHARE`), and a
    domain for another one that is the main one of the name most of its people give. A person belongs to the company
    of the record whose company or e-mail was learnt last. Freemail and internet providers are no companies
    (``freemail.toml``).

    Args:
        records: RECORDS.
        links: LINKS.
        identifiers: IDENTIFIERS, for the e-mails (a record may have several) and for the dates.

    Returns:
        ``company, name, domain, person``, one row per person who has a company; ``name`` is the normalised name
        most of its people give, null where none does; ``domain`` null where only a name is known. The id is ``c``
        and a hash of the domain, or of the name where there is no domain: it survives people who come and go, and
        changes when the first domain of a name becomes known, or another domain becomes the name's main one.

    Raises:
        MissingColumnsError: a column of ``records`` or ``identifiers`` is missing.
    """
    _require("identity.companies", records, ("subject", "company"))
    _require("identity.companies", identifiers, ("subject", "field", "value", "known_at"))
    claims = _claims(records, links, identifiers)
    pairs = claims.filter(claims["name"].notnull(), claims["domain"].notnull()).select("person", "name", "domain")
    main_domain = _main(pairs, of="name", is_="domain")
    main_name = _main(pairs, of="domain", is_="name")
    own = _canonical(main_domain, main_name)
    placed = _placed(claims, main_domain, own)
    shown = _last(placed).left_join(_names(placed), "key").select("person", "key", "domain", "name")
    return shown.select("person", "name", "domain", company=_id("c", shown["key"])).select(*COMPANIES)


def near(records: ir.Table, links: ir.Table, identifiers: ir.Table, person: str) -> ir.Table:
    """Column ``subject``: all that can decide which household and company one person belongs to.

    These are the records of whoever shares an address, a company's name or a domain of work with the person.
    """
    mine = records.semi_join(links.filter(links["person"] == person), "subject")
    homes = records.semi_join(mine.filter(*(mine[name].notnull() for name in DWELLING)), DWELLING)
    firms = records.semi_join(mine.filter(mine["company"].notnull()), "company")
    emails = identifiers.filter(identifiers["field"] == "email")
    domain = _of_work(trimmed(emails["value"]).lower().re_extract(DOMAIN, 1))
    at_work = emails.select("subject", domain=domain).filter(lambda t: t["domain"].notnull())
    colleagues = at_work.semi_join(at_work.semi_join(mine, "subject"), "domain")
    around = ibis.union(*(table.select("subject") for table in (mine, homes, firms, colleagues)), distinct=True)
    people = links.semi_join(around, "subject")
    return links.semi_join(people, "person").select("subject").distinct()


def _claims(records: ir.Table, links: ir.Table, identifiers: ir.Table) -> ir.Table:
    """``person, name, domain, known_at, since``: where each record says that somebody works, by each of its e-mails.

    ``known_at`` is when the company or the e-mail was learnt last, ``since`` when the e-mail was.
    """
    dated = identifiers.filter(identifiers["field"] == "company")
    dates = dated.group_by("subject").agg(named=dated["known_at"].max())
    given = records.filter(records["company"].notnull(), records["company"] != "").select("subject", name="company")
    names = given.left_join(dates, "subject").select("subject", "name", "named")
    mails = identifiers.filter(identifiers["field"] == "email")
    read = mails.select("subject", "known_at", domain=_of_work(trimmed(mails["value"]).lower().re_extract(DOMAIN, 1)))
    domains = read.filter(read["domain"].notnull()).group_by("subject", "domain").agg(since=read["known_at"].max())
    domains = domains.select("domain", "since", holder="subject")
    both = names.outer_join(domains, names["subject"] == domains["holder"])
    both = both.select("subject", "holder", "name", "domain", "since", "named")
    said = both.select("name", "domain", "since", "named", subject=ibis.coalesce(both["subject"], both["holder"]))
    said = said.inner_join(links.select("subject", "person"), "subject")
    known_at = ibis.greatest(ibis.coalesce(said["named"], said["since"]), ibis.coalesce(said["since"], said["named"]))
    return said.select("person", "name", "domain", "since", known_at=known_at)


def _of_work(domain: ir.StringValue) -> ir.StringValue:
    domains, families = freemail()
    private = (domain == "") | domain.isin(sorted(domains)) | domain.re_search(families)
    return ibis.ifelse(private, ibis.null("string"), domain)


@cache
def freemail() -> tuple[frozenset[str], str]:
    """The private domains of ``freemail.toml``: those named one by one, and the expression of the families."""
    table = tomllib.loads(resources.files("gouttes.identity").joinpath("freemail.toml").read_text("utf-8"))
    families = "|".join(re.escape(name) for name in table["families"])
    return frozenset(table["domains"]), rf"^(?:{families})(?:\.[a-z]{{2,3}}){{1,2}}$"


def is_freemail(domain: str) -> bool:
    """Whether a domain says nothing of where a person works."""
    domains, families = freemail()
    asked = domain.lower()
    return asked in domains or re.search(families, asked) is not None


def _main(pairs: ir.Table, *, of: str, is_: str) -> ir.Table:
    """``of, is_``: the other side that most people of this side have, where they are enough of them."""
    people = pairs.group_by(of, is_).agg(people=pairs["person"].nunique())
    window = ibis.window(group_by=of, order_by=[people["people"].desc(), people[is_]])
    ranked = people.mutate(at=ibis.row_number().over(window))
    total = pairs.group_by(of).agg(all=pairs["person"].nunique())
    best = ranked.filter(ranked["at"] == 0).inner_join(total, of)
    return best.filter(best["people"] >= MAIN_SHARE * best["all"]).select(of, is_)


def _canonical(main_domain: ir.Table, main_name: ir.Table) -> ir.Table:
    """``domain, main``: the domain under which a company goes that has several.

    Only one step, and only where both sides agree: a chain of near misses would end in one company of everybody.
    """
    agreed = main_name.inner_join(main_domain, ["name", "domain"]).select("name", main="domain")
    return main_name.inner_join(agreed, "name").select("domain", "main")


def _placed(claims: ir.Table, main_domain: ir.Table, own: ir.Table) -> ir.Table:
    """Claims with ``key``, the company each means, and its ``domain``."""
    by_name = main_domain.select("name", of_name="domain")
    known = claims.left_join(by_name, "name").select("person", "name", "domain", "known_at", "since", "of_name")
    known = known.mutate(first=ibis.coalesce(known["domain"], known["of_name"]))
    found = known.left_join(own, known["first"] == own["domain"]).select(
        "person", "name", "known_at", "since", "first", "main"
    )
    placed = found.mutate(domain=ibis.coalesce(found["main"], found["first"]))
    # A name cannot be taken for a domain: it has a space before it, which no domain has.
    key = ibis.coalesce(placed["domain"], ibis.literal(" ") + placed["name"])
    return placed.select("person", "name", "known_at", "since", "domain", key=key)


def _last(placed: ir.Table) -> ir.Table:
    """``person, key, domain`` of each person's newest claim; of several as new, the one with the newest e-mail."""
    dates = [order for name in ("known_at", "since") for order in (placed[name].isnull(), placed[name].desc())]
    window = ibis.window(group_by="person", order_by=[*dates, placed["key"]])
    ranked = placed.mutate(at=ibis.row_number().over(window))
    return ranked.filter(ranked["at"] == 0).select("person", "key", "domain")


def _names(named: ir.Table) -> ir.Table:
    """``key, name``: what most of a company's people call it."""
    given = named.filter(named["name"].notnull())
    people = given.group_by("key", "name").agg(people=given["person"].nunique())
    window = ibis.window(group_by="key", order_by=[people["people"].desc(), people["name"]])
    ranked = people.mutate(at=ibis.row_number().over(window))
    return ranked.filter(ranked["at"] == 0).select("key", "name")


def _joined(table: ir.Table, names: Iterable[str]) -> ir.StringValue:
    return ibis.literal("\n").join([table[name].fill_null("") for name in names])


def _id(letter: str, text: ir.StringValue) -> ir.StringValue:
    return ibis.literal(letter) + text.hexdigest("md5").substr(0, ID_LENGTH)


def _require(where: str, table: ir.Table, names: Sequence[str]) -> None:
    if missing := set(names) - set(table.columns):
        raise MissingColumnsError(where, missing, table.columns, "Pass the table as the reference of tables gives it.")
