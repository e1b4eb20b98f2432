"""What the commands of ``gouttes lab`` share: a file read as text, and a column found by its name."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from gouttes.errors import BadInputError
from gouttes.sources import Context
from gouttes.sources.contract import FileSpec
from gouttes.sources.reading import tables
from gouttes.sources.sandbox import Sandbox
from gouttes.sources.tables import Wanted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read(file: Path) -> pa.Table:
    """The file's columns as text, without outer spaces, blank cells null.

    Raises:
        BadInputError: the file cannot be read, has several tables, two columns of one name, or no row.
    """
    with Sandbox(Context(now=datetime.now(UTC))) as sandbox:
        (first, *others) = tables(file, sandbox)
        if others:
            raise BadInputError(
                f"{file.name} has {1 + len(others)} tables: save the one you mean in a file of its own."
            )
        bare = FileSpec(name="lab", columns={}, required=())
        headings = first.headings(bare)
        named = [heading or f"column {place}" for place, heading in enumerate(headings, 1)]
        if twice := {name for name in named if named.count(name) > 1}:
            raise BadInputError(f"{file.name} has several columns '{min(twice)}': give each a name of its own.")
        spec = FileSpec(name="lab", columns={f"h{place}": (name,) for place, name in enumerate(named)}, required=())
        loaded = first.load(sandbox, "lab", Wanted(spec, {f"h{place}": place for place in range(len(named))}))
        wanted = ", ".join(f"trim(h{place}) as h{place}" for place in range(len(named)))
        found = sandbox.arrow(f"select {wanted} from {loaded.table}") if named else pa.table({})  # noqa: S608 -- our names
    if not found.num_rows:
        raise BadInputError(f"{file.name} has no row: there is nothing to work on.")
    return found.rename_columns(named)


def existing(headings: Sequence[str], name: str) -> str:
    """A heading that is there.

    Raises:
        BadInputError: it is not; names the nearest.
    """
    if name in headings:
        return name
    small = {heading.casefold(): heading for heading in headings}
    near = difflib.get_close_matches(name.casefold(), small, n=1)
    guess = f" Did you mean '{small[near[0]]}'?" if near else ""
    raise BadInputError(f"There is no column '{name}'.{guess} Columns: {', '.join(headings)}.")
