from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.core.people.conftest import identifiers, opened

from gouttes.errors import BadInputError, StaleError, UnknownPersonError
from gouttes.eventlog import read
from gouttes.eventlog.append import append_identifiers
from gouttes.listing import decisions_of

if TYPE_CHECKING:
    from pathlib import Path

    from gouttes.identity.decisions import Decision

ANA = frozenset({"shop:c:1", "zendesk:user:42", "crm:contact:7"})
JEAN, MARIE, EITHER = (frozenset({each}) for each in ("shop:c:2", "shop:c:3", "zendesk:user:50"))
EIGHT, NINE = (frozenset({each}) for each in ("crm:contact:8", "crm:contact:9"))
AT_FIRST = {ANA, JEAN, MARIE, EITHER, EIGHT, NINE}


def people(root: Path) -> set[frozenset[str]]:
    """Who is one person, without the bystanders."""
    links = opened(root).links()
    frame = links.filter(~links.subject.startswith("web:")).to_pandas()
    return {frozenset(group) for _, group in frame.groupby("person")["subject"]}


def readings(root: Path) -> pd.DataFrame:
    """The reading of everyone, under the smallest of their subjects: ids may differ between two histories."""
    here = opened(root)
    first = here.links().group_by("person").agg(subject=lambda t: t["subject"].min())
    frame: pd.DataFrame = here.trust().inner_join(first, "person").drop("person").order_by("subject").to_pandas()
    return frame


def assert_same_readings(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, rtol=1e-9, atol=1e-9)


def test_each_guard_keeps_its_people_apart_at_first(root: Path) -> None:
    assert people(root) == AT_FIRST


def test_a_merge_moves_the_events_at_once_and_undoing_it_gives_the_readings_of_never_having_merged(root: Path) -> None:
    never, as_of = readings(root), opened(root).as_of
    decided = opened(root).merge("shop:c:2", "zendesk:user:50", by="zoé")
    assert opened(root).run().mode == "incremental"
    assert people(root) == {ANA, JEAN | EITHER, MARIE, EIGHT, NINE}
    merged = opened(root).people().filter(lambda t: t.person == opened(root).find("shop:c:2")).to_pandas()
    assert merged["events"].tolist() == [8]
    assert len(readings(root)) == len(never) - 1
    opened(root).undo(decided.taken[0].decision, by="zoé")
    opened(root).run()
    assert people(root) == AT_FIRST
    assert_same_readings(readings(root), never)
    assert opened(root).as_of == as_of  # a decision is no news of a customer


def test_a_split_parts_what_a_key_joins_and_a_full_run_says_the_same(root: Path) -> None:
    opened(root).split("ana.roy@mail.fr", "crm:contact:7", by="zoé")
    opened(root).run()
    parted = {ANA - {"crm:contact:7"}, frozenset({"crm:contact:7"})}
    assert people(root) == AT_FIRST - {ANA} | parted
    patched = readings(root)
    opened(root).run(full=True)
    assert people(root) == AT_FIRST - {ANA} | parted
    assert_same_readings(readings(root), patched)


def test_undoing_a_run_gives_back_who_was_there_before_it(root: Path) -> None:
    never = readings(root)
    log = opened(root).log
    append_identifiers(
        log, identifiers([("crm:contact:8", "phone", "0699999999"), ("shop:c:2", "phone", "+33699999999")])
    )
    ran = opened(root).run()
    assert people(root) == AT_FIRST - {EIGHT, JEAN} | {EIGHT | JEAN}
    moved = opened(root).published("moves").to_pandas()
    assert set(moved["run"]) == {ran.run}
    opened(root).undo(ran.run, by="zoé")
    opened(root).run()
    assert people(root) == AT_FIRST
    assert_same_readings(readings(root), never)


def test_a_merge_against_the_machine_lasts_and_a_later_word_takes_its_place(root: Path) -> None:
    first = opened(root).merge("crm:contact:8", "crm:contact:9", by="zoé").taken[0].decision
    opened(root).run(full=True)
    assert EIGHT | NINE in people(root)
    person = opened(root).find("crm:contact:8")
    second = opened(root).split(person, "crm:contact:9", by="ali")
    assert second.undone == (first,)
    opened(root).run()
    assert {EIGHT, NINE} <= people(root)
    opened(root).undo(second.taken[0].decision, by="ali")  # what it had taken the place of comes back
    opened(root).run()
    assert EIGHT | NINE in people(root)


def test_what_a_split_does_not_concern_of_an_earlier_merge_stays(root: Path) -> None:
    opened(root).merge("shop:c:2", "zendesk:user:50", "crm:contact:8", by="zoé")
    opened(root).run()
    opened(root).split("shop:c:2", "crm:contact:8", by="ali")
    opened(root).run()
    assert {JEAN | EITHER, EIGHT} <= people(root)


def test_the_second_to_answer_is_told_who_answered_what(root: Path) -> None:
    one, other = opened(root), opened(root)
    one.deciding("zoé").answer("zendesk:user:50", "shop:c:2", same=False)
    with pytest.raises(StaleError, match=r"zoé said on .* that 'zendesk:user:50' and 'shop:c:2' are two people"):
        other.deciding("ali").answer("zendesk:user:50", "shop:c:2", same=True)
    one.deciding("zoé").answer("zendesk:user:50", "shop:c:3", same=True)
    with pytest.raises(StaleError, match="are one person"):
        other.deciding("ali").answer("shop:c:3", "zendesk:user:50", same=False)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda here: here.merge("shop:c:1", "crm:contact:7"), StaleError, "one person already"),
        (lambda here: here.keep_apart("shop:c:1", "crm:contact:7"), StaleError, "gouttes people split"),
        (lambda here: here.merge("shop:c:1", "nobody"), UnknownPersonError, "nobody"),
        (lambda here: here.split("shop:c:1", "shop:c:2"), BadInputError, "has no record shop:c:2"),
        (lambda here: here.split("shop:c:1", *sorted(ANA)), BadInputError, "not all of them"),
        (lambda here: here.undo("d123"), BadInputError, "has the number 'd123'"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    root: Path, call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(opened(root))
    assert opened(root).deciding("zoé").taken() == ()


def test_undoing_twice_is_told(root: Path) -> None:
    number = opened(root).merge("crm:contact:8", "crm:contact:9", by="zoé").taken[0].decision
    opened(root).undo(number, by="ali")
    with pytest.raises(StaleError, match="undone already, by ali"):
        opened(root).undo(number, by="zoé")


# --- lists ------------------------------------------------------------------------------------------------------------


def written(root: Path, text: str, name: str = "list.csv") -> Path:
    path = root.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def listed(root: Path, text: str, verdict: Any) -> tuple[Decision, ...]:
    return decisions_of(written(root, text), opened(root).links(), verdict=verdict)


def test_the_template_of_dynamics_and_plain_keys_say_the_same(root: Path) -> None:
    template = "Table1,Table1Key,Table2,Table2Key\ncontact,8,contact,9\ncrm:contact,9,c,2\n"
    plain = "left;right\ncrm:contact:8;crm:contact:9\nshop:c:2;crm:contact:9\n"
    pairs = [[set(each.subjects) for each in listed(root, text, "same")] for text in (template, plain)]
    assert pairs[0] == pairs[1] == [{"crm:contact:8", "crm:contact:9"}, {"shop:c:2", "crm:contact:9"}]


def test_a_list_is_in_force_after_the_next_run_and_says_nothing_new_a_second_time(root: Path) -> None:
    text = "a,b\ncrm:contact:8,crm:contact:9\n"
    assert len(opened(root).record(listed(root, text, "same"), by="zoé").taken) == 1
    assert opened(root).record(listed(root, text, "same"), by="zoé").taken == ()
    opened(root).run()
    assert EIGHT | NINE in people(root)


def test_lists_that_contradict_each_other_are_refused_with_the_chain(root: Path) -> None:
    always = listed(root, "a,b\ncrm:contact:8,crm:contact:9\ncrm:contact:9,shop:c:2\n", "same")
    never = listed(root, "a,b\ncrm:contact:8,shop:c:2\n", "apart")
    opened(root).record(always, by="zoé")
    with pytest.raises(BadInputError, match=r"'crm:contact:8' is 'crm:contact:9' .*'crm:contact:9' is 'shop:c:2'"):
        opened(root).record(never, by="zoé")
    with pytest.raises(BadInputError, match="contradict each other"):
        opened(root).record([*always, *never], by="zoé")
    assert len(opened(root).deciding("zoé").taken()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found nothing and 0 row"),
        ("a,b\n", "0 row"),
        ("a,b,c\n1,2,3\n", r"Table1Key.*found \['a', 'b', 'c'\]"),
        ("a,b\nshop:c:1,\n", "row 2: needs 2 values"),
        ("a,b\nshop:c:1,shop:c:99\n", r"'shop:c:99' \(row 2\)"),
        ("Table1,Table1Key,Table2,Table2Key\nc,1,c\n", "row 2: needs 4 values"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_words(root: Path, text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        listed(root, text, "same")


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_erasing_a_person_leaves_no_trace_in_what_was_decided_and_the_others_decisions_whole(root: Path) -> None:
    opened(root).merge("shop:c:2", "zendesk:user:50", by="zoé")
    opened(root).split("ana.roy@mail.fr", "crm:contact:7", by="zoé")
    opened(root).run()
    receipt = opened(root).forget("crm:contact:7")
    assert receipt.traces == ()
    opened(root).run(full=True)
    assert people(root) == {ANA - {"crm:contact:7"}, JEAN | EITHER, MARIE, EIGHT, NINE}
    told = read.events(opened(root).log, opened(root).connection)
    assert told.filter(told.subject == "crm:contact:7").count().execute() == 0


def test_whoever_stays_in_doubt_because_of_an_erased_person_is_placed_anew(root: Path) -> None:
    opened(root).forget("shop:c:3")
    assert opened(root).run().mode == "full"
    assert people(root) == {ANA, JEAN | EITHER, EIGHT, NINE}


def test_decisions_do_not_count_as_events_of_a_customer(root: Path) -> None:
    opened(root).merge("crm:contact:8", "crm:contact:9", by="zoé")
    for full in (False, True):
        opened(root).run(full=full)
        assert opened(root).people()["events"].sum().execute() == 32


def test_every_pair_of_doubts_names_two_people(root: Path) -> None:
    links = opened(root).links().to_pandas().set_index("subject")["person"]
    doubts = opened(root).published("doubts").to_pandas()
    assert len(doubts) == 3
    assert all(links[one] != links[other] for one, other in itertools.zip_longest(doubts["subject"], doubts["other"]))


def test_whoever_is_known_by_anything_at_all_has_a_person_however_they_came(root: Path) -> None:
    """A language, or a placeholder, says nothing of who it is; yet the subject must be found and can be erased."""
    append_identifiers(
        opened(root).log, identifiers([("crm:contact:20", "language", "fr"), ("crm:contact:21", "name", "n/a")])
    )
    for full in (False, True):
        opened(root).run(full=full)
        assert {frozenset({"crm:contact:20"}), frozenset({"crm:contact:21"})} <= people(root)
