"""Published tables as plain data, to compare two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import gouttes

if TYPE_CHECKING:
    import pandas as pd

    from gouttes.workspace import Workspace


def published(workspace: Workspace, name: str) -> pd.DataFrame:
    """A table of the workspace, in an order that does not depend on how it was computed."""
    opened = gouttes.open(workspace.root)
    table: Any = {
        "links": opened.links,
        "people": opened.people,
        "acts": opened.acts,
        "evidence": opened.evidence,
        "trust": opened.trust,
    }[name]()
    frame: pd.DataFrame = table.to_pandas()
    kept = [column for column in frame.columns if column != "linked_at"]
    return frame[kept].sort_values(kept).reset_index(drop=True)


def assert_same(left: Workspace, right: Workspace, name: str) -> None:
    """Equal row for row; figures to 1e-9."""
    one, other = published(left, name), published(right, name)
    assert len(one) == len(other), name
    for column in one.columns:
        if one[column].dtype.kind == "f":
            np.testing.assert_allclose(one[column], other[column], rtol=0, atol=1e-9, err_msg=f"{name}.{column}")
        else:
            assert one[column].astype("object").where(one[column].notna(), None).tolist() == (
                other[column].astype("object").where(other[column].notna(), None).tolist()
            ), f"{name}.{column}"
