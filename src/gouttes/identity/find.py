"""Who answers to a name of theirs: for a command line or a search box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.identity.normalise import keys_of, look_alikes, with_looks

if TYPE_CHECKING:
    import ibis.expr.types as ir

SPOKEN = ("email", "phone", "external_id")


def find(links: ir.Table, identifiers: ir.Table, text: str, *, country: str) -> ir.Table:
    """The people who answer to a person id, a subject key, an e-mail, a phone number or an external id.

    Args:
        links: LINKS.
        identifiers: all of ``people/identifiers``.
        text: what was typed; e-mail and phone in any writing that ``normalise.normalised`` understands.
        country: of a phone number without calling code.

    Returns:
        Column ``person``, each once; no row where nobody answers, several where a mailbox is shared.

    Raises:
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    typed = ibis.memtable({"subject": [""] * len(SPOKEN), "field": SPOKEN, "value": [text] * len(SPOKEN)})
    alike = keys_of(look_alikes(with_looks(identifiers), with_looks(typed)), country=country)
    holders = alike.semi_join(keys_of(typed, country=country), ["field", "key"])
    asked = text.strip()
    named = links.filter((links["person"] == asked) | (links["subject"] == asked))
    known = links.semi_join(holders, "subject")
    return named.select("person").union(known.select("person"), distinct=True)
