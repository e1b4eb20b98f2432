from __future__ import annotations

from dataclasses import replace
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.identity.rows import DEFAULT, SECOND, Pair, Row, Said, groups, known, people, resolved

from gouttes import engines
from gouttes.identity.incremental import Before, News, Patch, resolve_incremental
from gouttes.identity.resolve import Known

CONNECTION = engines.connect()
SETTINGS = replace(DEFAULT, max_shared=3, household=2)


def subjects_of(rows: Any) -> Any:
    frame = pd.DataFrame({"subject": sorted({*rows})}, dtype="str")
    return engines.kept(CONNECTION, ibis.memtable(frame, schema={"subject": "string"}))


def everything(
    rows: list[Row], previous: Any = None, *, pairs: list[Pair], said: list[Said], at: Any = SECOND
) -> tuple[Any, Known]:
    told = known(CONNECTION, rows, settings=SETTINGS, pairs=pairs, said=said, link_at=0.9)
    seen = [row[3] for row in said]
    result = resolved(
        CONNECTION,
        rows,
        previous=previous,
        subjects=seen,
        at=at,
        settings=SETTINGS,
        pairs=pairs,
        said=said,
        link_at=0.9,
    )
    return result, told


def arriving(
    before: list[Row],
    later: list[Row],
    result: Any,
    told: Known,
    *,
    pairs: list[Pair],
    said: list[Said],
) -> Patch:
    """What ``later`` rows change; ``pairs`` are those that there are now, ``said`` all decisions now."""
    changed = {row[0] for row in later}
    now = known(CONNECTION, before + later, settings=SETTINGS, pairs=pairs, said=said, link_at=0.9)
    likened = changed | {end for left, right, _ in pairs for end in (left, right) if {left, right} & changed}
    former = told.pairs.semi_join(subjects_of(changed), "subject")["other"].execute().tolist()
    new_taken = now.taken.anti_join(told.taken, "event_id")
    mine = subjects_of(changed)
    news = News(
        subjects=subjects_of([]),
        changed=mine,
        decided=new_taken.select("subject").distinct(),
        likened=subjects_of(likened | set(former)),
        known=Known(
            now.keys.semi_join(mine, "subject"),
            now.records.semi_join(mine, "subject"),
            now.pairs.semi_join(subjects_of(likened | set(former)), "subject"),
            new_taken,
            0.9,
        ),
    )
    published = Before(result.links, result.tangles, told)
    return resolve_incremental(CONNECTION, news, published, settings=SETTINGS, linked_at=SECOND)


def ordered(rows: Any) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas()
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)


def patched(before: Any, patch: Patch, name: str) -> pd.DataFrame:
    return ordered(getattr(before, name).anti_join(patch.seen, "subject").union(getattr(patch.resolved, name)))


names = [f"s{at}" for at in range(8)]
subjects = st.sampled_from(names)
rows = st.one_of(
    st.tuples(subjects, st.just("email"), st.sampled_from(["a@x.fr", "B@x.fr", "b@x.fr ", "c@x.fr", "nobody"])),
    st.tuples(subjects, st.just("phone"), st.sampled_from(["0612345678", "+33 6 12 34 56 78", "0698765432"])),
    st.tuples(subjects, st.just("external_id"), st.sampled_from(["A1", "A2"])),
    st.tuples(subjects, st.just("same_as"), subjects),
    st.tuples(subjects, st.just("first_name"), st.sampled_from(["jean", "marie", "j", "paul"])),
)
pairs = st.dictionaries(
    st.tuples(subjects, subjects).filter(lambda ends: ends[0] < ends[1]), st.sampled_from([0.6, 0.95]), max_size=3
)


@st.composite
def decisions(draw: Any, prefix: str) -> list[Said]:
    """Up to two decisions, of which the first may be undone."""
    said: list[Said] = []
    for at in range(draw(st.integers(0, 2))):
        chosen = draw(st.lists(subjects, min_size=2, max_size=3, unique=True))
        apart = draw(st.booleans())
        said += [
            (f"{prefix}{at}", "apart" if apart else "same", str(n) if apart else "", s) for n, s in enumerate(chosen)
        ]
    if said and draw(st.booleans()):
        said.append((said[0][0], "undone", "", said[0][3]))
    return said


@pytest.mark.slow
@given(
    before=st.lists(rows, max_size=16),
    later=st.lists(rows, max_size=5),
    alike=pairs,
    said=decisions("d"),
    more=decisions("e"),
)
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_two_arrivals_give_what_one_gives(
    before: list[Row], later: list[Row], alike: dict[tuple[str, str], float], said: list[Said], more: list[Said]
) -> None:
    had = {row[0] for row in before}
    changed = {row[0] for row in later}
    now = [(left, right, chance) for (left, right), chance in alike.items() if {left, right} <= had | changed]
    former = [pair for pair in now if not {pair[0], pair[1]} & changed]
    first, told = everything(before, pairs=former, said=said)
    again, _ = everything(before + later, first.links, pairs=now, said=said + more)
    patch = arriving(before, later, first, told, pairs=now, said=said + more)
    for name in ("links", "doubts", "tangles"):
        pd.testing.assert_frame_equal(patched(first, patch, name), ordered(getattr(again, name)))
    alone, _ = everything(before + later, pairs=now, said=said + more)
    assert people(again.links) == people(alone.links)


BEFORE: list[Row] = [
    ("a", "email", "a@x.fr"),
    ("b", "email", "a@x.fr"),
    ("b", "phone", "0612345678"),
    ("z", "email", "z@x.fr"),
]


def patch_of(later: list[Row], before: list[Row] = BEFORE, said: list[Said] | None = None) -> Patch:
    result, told = everything(before, pairs=[], said=[])
    return arriving(before, later, result, told, pairs=[], said=said or [])


def test_only_those_concerned_are_computed_again() -> None:
    change = patch_of([("c", "phone", "+33 6 12 34 56 78")])
    assert people(change.resolved.links) == groups("a b c")


def test_nothing_new_changes_nothing() -> None:
    assert patch_of([]).resolved.links.count().execute() == 0


def test_a_subject_named_before_it_is_seen_finds_its_person() -> None:
    change = patch_of([("x", "email", "x@x.fr"), ("y", "email", "x@x.fr")], [("a", "same_as", "x")])
    assert people(change.resolved.links) == groups("a x y")


def test_whom_a_mailbox_had_joined_part_when_it_proves_shared() -> None:
    change = patch_of([("c", "email", "a@x.fr"), ("d", "email", "A@X.FR")])
    assert people(change.resolved.links) == groups("a", "b", "c", "d")


def test_a_key_set_aside_before_goes_on_joining_nobody_and_its_holders_are_left_alone() -> None:
    before: list[Row] = [*BEFORE, *((f"s{at}", "email", "contact@x.fr") for at in range(4))]
    change = patch_of([("n", "email", "Contact@x.fr"), ("n", "phone", "0612345678")], before)
    assert people(change.resolved.links) == groups("a b n")
    assert change.resolved.set_aside["subjects"].execute().tolist() == [5]


def test_a_new_first_name_parts_whom_an_old_mailbox_had_joined() -> None:
    before: list[Row] = [*BEFORE, ("a", "first_name", "anne")]
    assert people(patch_of([("b", "first_name", "paul")], before).resolved.links) == groups("a", "b")


def test_a_decision_alone_is_news_enough() -> None:
    change = patch_of([], said=[("d1", "apart", "0", "a"), ("d1", "apart", "1", "b")])
    assert people(change.resolved.links) == groups("a", "b")


@pytest.mark.parametrize("repeats", [1, 4])
def test_importing_the_same_rows_again_changes_no_link(repeats: int) -> None:
    result, told = everything(BEFORE, pairs=[], said=[])
    patch = arriving(BEFORE, BEFORE * repeats, result, told, pairs=[], said=[])
    pd.testing.assert_frame_equal(patched(result, patch, "links"), ordered(result.links))
