from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from gouttes import engines
from gouttes.engines import kept
from gouttes.identity import link
from gouttes.identity.link import components

if TYPE_CHECKING:
    import pytest

CONNECTION = engines.connect()


def found(connection: Any, edges: list[tuple[int, int]]) -> dict[int, int]:
    table = connection.create_table(
        "edges", pd.DataFrame(edges, columns=["left", "right"], dtype="int64"), overwrite=True
    )
    rows = components(connection, table).to_pandas()
    assert rows["node"].is_unique
    return dict(zip(rows["node"], rows["component"], strict=True))


def union_find(edges: list[tuple[int, int]]) -> dict[int, int]:
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right in edges:
        if left != right:
            first, second = sorted((root(left), root(right)))
            parent[second] = first
    return {node: root(node) for node in parent}


@given(st.lists(st.tuples(st.integers(0, 25), st.integers(0, 25)), max_size=40))
@settings(max_examples=40)
def test_components_are_those_of_a_union_find(edges: list[tuple[int, int]]) -> None:
    assert found(CONNECTION, edges) == union_find(edges)


def test_a_long_chain_is_one_component_whatever_the_order_of_its_links() -> None:
    size = 20_000
    straight = [(node, node + 1) for node in range(size)]
    shuffled = pd.Series(range(size)).sample(frac=1, random_state=1).tolist()
    scattered = list(itertools.pairwise(shuffled))
    assert set(found(CONNECTION, straight).values()) == {0}
    assert set(found(CONNECTION, scattered).values()) == {0}


def test_rounds_grow_with_the_logarithm_of_a_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zigzag, where every other node is smaller than both its neighbours, leaves the most to do in each round."""
    steps: list[str] = []

    def counted(connection: Any, table: Any) -> Any:
        steps.append("kept")
        return kept(connection, table)

    monkeypatch.setattr(link, "kept", counted)
    taken = []
    for size in (500, 4_000):
        steps.clear()
        zigzag = [node // 2 if node % 2 else size + node for node in range(size)]
        found(CONNECTION, list(itertools.pairwise(zigzag)))
        taken.append(len(steps))
    assert taken[1] - taken[0] < 20


def test_a_star_with_its_centre_last_is_one_component() -> None:
    assert set(found(CONNECTION, [(node, 5_000) for node in range(5_000)]).values()) == {0}


def test_nobody_is_linked_where_there_are_no_edges() -> None:
    assert found(CONNECTION, []) == {}
    assert found(CONNECTION, [(3, 3)]) == {}
