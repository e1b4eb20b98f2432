"""Who is known where: one record per person and system, and a second one for some, written differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gouttes.simulate.names import ENGLISH, FRENCH
from gouttes.simulate.planted import SYSTEMS

if TYPE_CHECKING:
    from gouttes.simulate.company import Company

Array = npt.NDArray[Any]
FRENCH_SHARE = 0.75  # prior
STEP, SECOND = 7, 3
PREFIXES = ("zendesk:user:", "shop:customer:", "hubspot:contact:", "gouttes:account:")
OFFSETS = (30_000_000_000, 100_001, 5_001, 200_001)
SAME_EMAIL, SAME_PHONE, NEITHER = 0, 1, 2
FRENCH_PHONES, ENGLISH_PHONES = 50_000, 4_000
"""Numbers that regulators keep for fiction: five French ranges (Arcep) and four British ones (Ofcom)."""


@dataclass(frozen=True)
class Records:
    """Codes of what systems know of each person (arrays of one value per person).

    Attributes:
        french: speaks French (else English).
        first, last: positions in the lists of names of that language.
        phone: number among those reserved for fiction, -1 where there are none left: no two people share one.
        second_in: system (code) in which the person has a second record, -1 for none.
        variant: how the second record differs: 0 same e-mail, 1 same phone, 2 neither.
    """

    french: Array
    first: Array
    last: Array
    phone: Array
    second_in: Array
    variant: Array

    def key(self, system: int, who: Array, second: Array) -> Array:
        """Number of these people's record in a system."""
        has_two = second & (self.second_in[who] == system)
        return OFFSETS[system] + STEP * who.astype("i8") + SECOND * has_two


def enrol(company: Company) -> Records:
    """Draw what systems know of everyone."""
    rng = np.random.default_rng(np.random.SeedSequence(company.seed, spawn_key=(2**31,)))
    count, identity = company.people, company.identity
    french = rng.random(count) < FRENCH_SHARE
    pick = rng.random((2, count))
    phone = np.full(count, -1, dtype="i4")
    for where, available in ((french, FRENCH_PHONES), (~french, ENGLISH_PHONES)):
        people = np.flatnonzero(where)[:available]
        phone[people] = rng.permutation(available)[: people.size]
    twice = rng.random(count) < identity.duplicates
    variant = np.searchsorted(np.cumsum([identity.same_email, identity.same_phone]), rng.random(count))
    variant = np.where((phone < 0) & (variant == SAME_PHONE), SAME_EMAIL, variant)
    return Records(
        french=french,
        first=np.where(french, pick[0] * len(FRENCH.first), pick[0] * len(ENGLISH.first)).astype("i2"),
        last=np.where(french, pick[1] * len(FRENCH.last), pick[1] * len(ENGLISH.last)).astype("i2"),
        phone=phone,
        second_in=np.where(twice, rng.integers(0, len(SYSTEMS) - 1, count), -1).astype("i1"),
        variant=variant.astype("i1"),
    )
