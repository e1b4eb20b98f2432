"""Connected components: which subjects hang together, directly or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from gouttes.engines import kept

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend


FEW_EDGES = 2_000
"""Edges up to which following them here is quicker than asking the engine again and again (prior)."""


def components(connection: SQLBackend, edges: ir.Table) -> ir.Table:
    """The connected components of a graph.

    Each round points every node to its smallest neighbour (or to itself), follows the pointers to their ends, and
    keeps the edges between different ends. An end that nobody joined sees a smaller end in the next round, so two
    rounds leave at most half the nodes: the number of rounds is logarithmic, as in Borůvka's spanning tree (1926).

    Args:
        connection: holds the tables between rounds; how many rounds there are depends on the data, and one expression
            for all of them would repeat each round's work in the next.
        edges: columns ``left, right`` of one ordered type; direction, repeats and loops do not matter.

    Returns:
        One row per node that has an edge to another: ``node, component``, the smallest node it is connected to.
    """
    here = kept(connection, edges.filter(edges["left"] != edges["right"]).distinct())
    if int(here.count().execute()) <= FEW_EDGES:
        return _followed(here)
    ends = _ends(connection, here)
    found = ends
    while True:
        here = kept(connection, _contracted(here, ends))
        if not here.count().execute():
            return found.rename(component="parent")
        ends = _ends(connection, here)
        later = ends.rename(step="node", further="parent")
        onward = found.left_join(later, found["parent"] == later["step"])
        found = kept(connection, onward.select("node", parent=ibis.coalesce(onward["further"], onward["parent"])))


def _followed(edges: ir.Table) -> ir.Table:
    """The same for few edges, followed one by one: the engine's rounds would cost a hundred times more."""
    parent: dict[str, str] = {}

    def end(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    rows = edges.select("left", "right").to_pyarrow()
    for left, right in zip(rows["left"].to_pylist(), rows["right"].to_pylist(), strict=True):
        first, second = sorted((end(left), end(right)))
        parent[second] = first
    nodes = sorted(parent)
    kind = rows.schema.field("left").type
    found = pa.table({"node": pa.array(nodes, kind), "component": pa.array([end(node) for node in nodes], kind)})
    return ibis.memtable(found)


def _ends(connection: SQLBackend, edges: ir.Table) -> ir.Table:
    """For each node the end of the way that leads from smallest neighbour to smallest neighbour."""
    both = edges.union(edges.select(left="right", right="left"))
    nearest = both.group_by(node="left").agg(smallest=both["right"].min())
    pointers = kept(connection, nearest.select("node", parent=ibis.least(nearest["node"], nearest["smallest"])))
    while True:
        target = pointers.rename(step="node", further="parent")
        jumps = pointers.inner_join(target, pointers["parent"] == target["step"])
        moved = jumps.filter(jumps["parent"] != jumps["further"])
        if not moved.count().execute():
            return pointers
        pointers = kept(connection, jumps.select("node", parent="further"))


def _contracted(edges: ir.Table, ends: ir.Table) -> ir.Table:
    """The edges between the ends of their nodes."""
    of_left, of_right = ends.rename(left="node", first="parent"), ends.rename(right="node", second="parent")
    between = edges.inner_join(of_left, "left").inner_join(of_right, "right").select(left="first", right="second")
    return between.filter(between["left"] != between["right"]).distinct()
