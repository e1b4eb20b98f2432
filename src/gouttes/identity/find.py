"""Who answers to a name of theirs: for a command line or a search box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from gouttes.identity.keys import by_mailbox
from gouttes.identity.normalise import keys_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from gouttes.settings.identity import IdentitySettings

SPOKEN = ("email", "phone", "external_id")


def find(links: ir.Table, keys: ir.Table, text: str, settings: IdentitySettings, *, country: str) -> ir.Table:
    """The people who answer to a person id, a subject key, an e-mail, a phone number or an external id.

    Args:
        links: LINKS.
        keys: KEYS.
        text: what was typed; e-mail and phone in any writing that ``normalise.normalised`` understands.
        settings: the mail domains whose addresses are read in a way of their own.
        country: of a phone number without calling code.

    Returns:
        Column ``person``, each once; no row where nobody answers, several where a mailbox is shared.

    Raises:
        BadInputError: ``country`` is not a country that ``phonenumbers`` knows.
    """
    typed = ibis.memtable({"subject": [""] * len(SPOKEN), "field": SPOKEN, "value": [text] * len(SPOKEN)})
    asked = by_mailbox(keys_of(typed, country=country), settings)
    holders = keys.semi_join(asked, ["field", "key"])
    word = text.strip()
    named = links.filter((links["person"] == word) | (links["subject"] == word))
    known = links.semi_join(holders, "subject")
    return named.select("person").union(known.select("person"), distinct=True)
