"""People made up for the tests: few fields, known errors."""

from __future__ import annotations

import random
from typing import Any

from gouttes.schemas import RECORDS

FIRST = [
    "ana",
    "bob",
    "cleo",
    "dan",
    "eva",
    "finn",
    "gus",
    "hana",
    "igor",
    "jo",
    "kim",
    "lea",
    "max",
    "nora",
    "otto",
    "pia",
    "quinn",
    "rosa",
    "sam",
    "tea",
    "uma",
    "vera",
    "wim",
    "xena",
    "yan",
    "zoe",
]
LAST = [
    f"{a}{b}"
    for a in ("mar", "ber", "du", "le", "gar", "ro", "fon", "vi")
    for b in ("tin", "nard", "pont", "roy", "cia", "sel", "dal", "net")
]


def mistyped(text: str, rng: random.Random) -> str:
    """One letter replaced."""
    place = rng.randrange(len(text))
    return text[:place] + rng.choice("bcdfghjk") + text[place + 1 :]


def person(number: int, rng: random.Random) -> dict[str, Any]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    return {
        "first_name": first,
        "last_name": last,
        "birth_date": f"{rng.randint(1940, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "postcode": f"{rng.randint(10, 60)}000",
        "city": f"ville {rng.randint(10, 60)}",
        "street": f"rue {rng.choice(LAST)} {rng.choice(FIRST)}",
        "house_number": str(rng.randint(1, 90)),
        "email": f"{first}.{last}{number}@example.org",
        "phone": f"+336{rng.randint(10_000_000, 99_999_999)}",
        "country": "FR",
    }


def copied(of: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same person once more, with typing errors and gaps."""
    again = dict(of)
    for name in ("first_name", "last_name", "street", "email"):
        if rng.random() < 0.1:
            again[name] = mistyped(again[name], rng)
    for name in ("birth_date", "email", "phone", "street", "postcode"):
        if rng.random() < 0.15:
            again[name] = None
    return again


def records(people: int, doubles: int, seed: int = 7) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """RECORDS of so many people and so many second records; subject → person."""
    rng = random.Random(seed)  # noqa: S311 -- a test's people, no secret
    firsts = [person(number, rng) for number in range(people)]
    told = [(number, each) for number, each in enumerate(firsts)]
    told += [(number, copied(firsts[number], rng)) for number in rng.sample(range(people), doubles)]
    rows, truth = [], {}
    for place, (number, each) in enumerate(told):
        subject = f"test:{place:05}"
        truth[subject] = number
        rows.append({**dict.fromkeys(RECORDS), **rooted(each), "subject": subject, "source": "test"})
    return rows, truth


def rooted(each: dict[str, Any]) -> dict[str, Any]:
    return {**each, "first_root": each["first_name"], "last_root": each["last_name"]}
