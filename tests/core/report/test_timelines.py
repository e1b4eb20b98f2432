"""Incidents on the curve: names that never cover each other, and both charts on one calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gouttes.report.drawing import Frame
from gouttes.report.letters import width
from gouttes.report.timelines import LANES, TIP, Calendar, Flag, named_where_free

FIRST = date(2025, 11, 24)
WEEKS = [{"day": FIRST + timedelta(weeks=i)} for i in range(52)]


@pytest.mark.parametrize("narrow", [True, False])
@given(st.lists(st.tuples(st.integers(0, 357), st.text("abc éW", min_size=1, max_size=40)), max_size=8))
def test_names_fit_and_never_cover_each_other(narrow: bool, incidents: list[tuple[int, str]]) -> None:  # noqa: FBT001 -- a case
    calendar = Calendar(WEEKS, Frame(334 if narrow else 728, narrow, "fr"))
    flags = [Flag(FIRST + timedelta(days=day), label) for day, label in incidents]
    rows = named_where_free(flags, calendar)
    assert len(rows) == len(flags)
    rooms: dict[int, list[tuple[float, float]]] = {lane: [] for lane in LANES}
    for flag, row in zip(flags, rows, strict=True):
        if row["label"]:
            at, length = calendar.place(flag.day), width(flag.label, 12)
            shift = TIP if row["lane"] == LANES[0] else 0
            start = at + shift if row["align"] == "left" else at - shift - length
            rooms[row["lane"]].append((start, start + length))
    for taken in rooms.values():
        ordered = sorted(taken)
        assert all(end <= start for (_, end), (start, _) in pairwise(ordered))
        assert all(start >= -44 and end <= calendar.plot for start, end in ordered)


def test_the_incident_that_touched_most_is_named_first() -> None:
    calendar = Calendar(WEEKS, Frame(334, narrow=True, code="fr"))
    day = FIRST + timedelta(days=180)
    label = "Coupure générale du réseau"
    rows = named_where_free([Flag(day, label)] + [Flag(day, label + " bis")] * 3, calendar)
    assert rows[0]["label"] == label
    assert rows[-1]["label"] == ""


def test_the_axis_runs_from_the_first_week_to_the_last() -> None:
    calendar = Calendar(WEEKS, Frame(728, narrow=False, code="en"))
    assert calendar.place(FIRST) == calendar.margin
    assert calendar.place(WEEKS[-1]["day"]) == pytest.approx(calendar.plot - calendar.margin)
