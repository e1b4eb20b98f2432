from __future__ import annotations

from datetime import date

import ibis
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes.identity.dates import LAST_YOUNG, MONTHS, birth_date_steps
from gouttes.identity.steps import cleaned


def read(*texts: str, country: str = "FR") -> list[str | None]:
    table = ibis.memtable({"place": range(len(texts)), "value": texts}, schema={"place": "int64", "value": "string"})
    steps = birth_date_steps(country)
    return table.select("place", x=cleaned(table["value"], steps)).order_by("place").to_pyarrow().to_pydict()["x"]


WRITINGS = (
    "1980-01-31", "1980/1/31", "31/01/1980", "31.01.80", "31-1-1980", "31 janvier 1980", "31 janv. 1980",
    "Jan 31 1980", "January 31st, 1980", "31st of January 1980", "31-Jan-80", "19800131", "31011980",
    "1980-01-31T00:00:00Z", "1980-01-31 10:00:00", "dimanche 31 janvier 1980", "Thu, 31 Jan 1980", "01/31/1980",
)  # fmt: skip


def test_one_day_in_many_writings() -> None:
    assert read(*WRITINGS) == read(*WRITINGS, country="US") == ["1980-01-31"] * len(WRITINGS)


def test_the_country_says_which_comes_first() -> None:
    assert read("03/04/1980", "03041980") == ["1980-04-03"] * 2
    assert read("03/04/1980", "03041980", country="US") == ["1980-03-04"] * 2


NO_DATES = (
    "1900-01-01", "1970-01-01", "01/01/0001", "30/12/1899", "1980-02-30", "31/04/1980", "29/02/1900", "00/00/0000",
    "0000-00-00", "32/01/1980", "13/13/1980", "n/a", "", "hier", "1980", "12345", "3000-01-01",
)  # fmt: skip


def test_what_is_no_birth_date_is_unknown() -> None:
    assert read(*NO_DATES) == [None] * len(NO_DATES)


def test_a_year_of_two_digits_turns_at_a_prior() -> None:
    assert read(f"05/06/{LAST_YOUNG:02d}", f"05/06/{LAST_YOUNG + 1}") == ["2010-06-05", "1911-06-05"]


def test_leap_days() -> None:
    assert read("29/02/2000", "29/02/1984", "29/02/1985") == ["2000-02-29", "1984-02-29", None]


def test_every_month_in_french_and_in_english() -> None:
    named = [(name, month) for month, names in enumerate(MONTHS, 1) for name in names]
    assert read(*(f"5 {name} 1980" for name, _ in named)) == [f"1980-{month:02d}-05" for _, month in named]
    assert read("1er août 1980", "2 février 1980", "3 décembre 1980") == ["1980-08-01", "1980-02-02", "1980-12-03"]


@given(st.lists(st.dates(date(1911, 1, 1), date(2020, 12, 31)), min_size=1, max_size=30))
@settings(max_examples=5)
def test_any_day_is_read_back(days: list[date]) -> None:
    known = [None if day == date(1970, 1, 1) else day.isoformat() for day in days]
    assert read(*(day.isoformat() for day in days)) == known
    assert read(*(f"{day:%d/%m/%Y}" for day in days)) == known
    assert read(*(f"{day:%m/%d/%Y}" for day in days), country="US") == known
