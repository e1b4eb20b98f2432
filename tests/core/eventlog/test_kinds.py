import pytest

from gouttes.errors import BadInputError
from gouttes.eventlog.kinds import KINDS, Role, default_direction, kind_named, names_with
from gouttes.eventlog.schema import EVENTS


def test_every_kind_is_a_noun_and_a_verb_in_the_past() -> None:
    assert all(name.count(".") == 1 and name == name.lower() for name in KINDS)


def test_every_column_a_kind_needs_is_a_column_of_the_log() -> None:
    assert {column for kind in KINDS.values() for column in kind.needs} <= set(EVENTS.names)


def test_retention_is_stated_for_every_kind() -> None:
    assert all(kind.retention_days > 0 for kind in KINDS.values())


def test_an_unknown_kind_is_told_its_neighbours() -> None:
    with pytest.raises(BadInputError, match=r"no event kind 'order.bought'.*order.placed"):
        kind_named("order.bought")


def test_contacts_come_in_and_touches_go_out() -> None:
    assert {default_direction(name) for name in names_with(Role.CONTACT)} == {"in"}
    assert {default_direction(name) for name in names_with(Role.TOUCH, Role.REWARD)} == {"out"}
    assert default_direction("order.delivered") == "none"
