"""How `moment`, `number`, `flag`, `json`, `digest` and `end_of_day` read cells."""

import uuid
from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.sources.brought import CONTEXT

from gouttes.sources import GOUTTES_NAMESPACE
from gouttes.sources.delivering import event_ids
from gouttes.sources.macros import NUMBER_STYLES
from gouttes.sources.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(CONTEXT) as made:
        made.lock()
        yield made


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02 03:04:05"),
        ("2024-01-02T03:04:05.250+02:00", "2024-01-02 01:04:05.25"),
        ("2024-01-02 03:04:05 +0200", "2024-01-02 01:04:05"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02 03:04:05"),
        ("2024-01-02 03:04", "2024-01-02 02:04:00"),
        ("2024-07-02", "2024-07-01 22:00:00"),
        ("02/01/2024", "2024-01-01 23:00:00"),
        ("2/1/24 8:05", "2024-01-02 07:05:00"),
        ("02.01.2024 08:05:06", "2024-01-02 07:05:06"),
        ("02/01/2024 à 10h30", "2024-01-02 09:30:00"),
        ("2024/01/02 10:11", "2024-01-02 09:11:00"),
        ("20240102", "2024-01-01 23:00:00"),
        ("1704164645", "2024-01-02 03:04:05"),
        ("1704164645123", "2024-01-02 03:04:05.123"),
        ("Tue, 02 Jan 2024 03:04:05 +0000", "2024-01-02 03:04:05"),
        ("Jan 2, 2024 3:04 PM", "2024-01-02 14:04:00"),
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),  # an hour that the clocks skip
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_workspace_where_it_names_none(
    sandbox: Sandbox, text: str, utc: str
) -> None:
    assert sandbox.one("select timezone('UTC', moment(?))::varchar", [text]) == utc


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "31/02/2024",
        "12/25/2024",
        "0000-00-00",
        "hello",
        "infinity",
        "now",
        "12",
        "99/99/9999",
        "2024-13-01",
    ],
)
def test_what_does_not_exist_is_null(sandbox: Sandbox, text: str) -> None:
    assert sandbox.one("select moment(?) is null", [text])


def test_american_dates_are_an_option(sandbox: Sandbox) -> None:
    assert sandbox.one("select timezone('UTC', moment_mdy('12/1/10 8:26'))::varchar") == "2010-12-01 07:26:00"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 234,56 €", 1234.56),
        ("1\u202f234,56", 1234.56),
        ("1,234.56", 1234.56),
        ("1.234,56", 1234.56),
        ("1,234,567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("12,5", 12.5),
        ("-3", -3.0),
        ("\u22123", -3.0),
        ("(12.00)", -12.0),
        ("EUR 12", 12.0),
        ("$1,234.50", 1234.5),
        ("1e3", 1000.0),
        ("abc", None),
        ("-", None),
        ("1.2.3", None),
    ],
)
def test_a_number_is_read_as_people_write_it(sandbox: Sandbox, text: str, value: float | None) -> None:
    assert sandbox.one("select number(?)", [text]) == value


@pytest.mark.parametrize(("style", "value"), [("", 1234.0), (";", 1.234), (",", 1.234), (".", 1234.0)])
def test_a_lone_comma_before_three_digits_is_told_by_the_file(sandbox: Sandbox, style: str, value: float) -> None:
    assert sandbox.one(f"select number_{NUMBER_STYLES[style]}('1,234')") == value


def test_flags_json_digests_and_days(sandbox: Sandbox) -> None:
    assert sandbox.rows("select flag('Oui'), flag('NON'), flag('1'), flag('perhaps')") == [(True, False, True, None)]
    assert sandbox.rows("select json('{\"a\": {\"b\": 2}}', '$.a.b'), json('{', '$.a')") == [("2", None)]
    assert sandbox.one("select digest(' A@B.fr ') = digest('a@b.fr')")
    day = "select timezone('UTC', end_of_day(moment('2024-07-02 10:00')))::varchar"
    assert sandbox.one(day) == "2024-07-02 21:59:59.999999"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_no_text_makes_a_macro_fail(sandbox: Sandbox, text: str) -> None:
    sandbox.rows("select moment($1)::varchar, moment_mdy($1)::varchar, number($1), number_comma($1), flag($1)", [text])


@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40), max_size=5))
def test_event_ids_are_the_uuid5_of_pythons_library(sandbox: Sandbox, names: list[str]) -> None:
    digests = [digest for (digest,) in sandbox.rows("select digest_of(unnest(?::varchar[]))", [names])]
    found = event_ids(pa.array(["0" * 40, *digests], pa.string()).slice(1))
    assert found.to_pylist() == [str(uuid.uuid5(GOUTTES_NAMESPACE, name)) for name in names]


@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)))  # noqa: DTZ001 -- cells know no zone
def test_a_day_written_the_french_the_american_or_the_iso_way_is_the_same(sandbox: Sandbox, moment: datetime) -> None:
    for time in ("", " %H:%M", " %H:%M:%S"):
        ways = {"moment": f"%d/%m/%Y{time}", "moment_mdy": f"%m/%d/%Y{time}"}
        iso = sandbox.one("select moment(?)::varchar", [moment.strftime(f"%Y-%m-%d{time}")])
        for reader, form in ways.items():
            assert sandbox.one(f"select {reader}(?)::varchar", [moment.strftime(form)]) == iso is not None
