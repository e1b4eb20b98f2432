"""Gouttes: trust is won by drops and lost by buckets.

``import gouttes; ws = gouttes.open("ws"); ws.trust().to_pandas()``
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.version import VERSION

if TYPE_CHECKING:
    import os

    from gouttes.opened import OpenedWorkspace

__version__ = VERSION


def open(path: str | os.PathLike[str], *, engine: str = "duckdb") -> OpenedWorkspace:  # noqa: A001 -- `gouttes.open` reads like `open`
    """Open an existing workspace; every table it gives is an Ibis expression."""
    from gouttes.opened import OpenedWorkspace  # noqa: PLC0415 -- the engines are slow to import

    return OpenedWorkspace.at(path, engine=engine)
