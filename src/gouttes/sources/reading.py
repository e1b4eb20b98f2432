"""From a path to the tables in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from gouttes.errors import BadInputError
from gouttes.sources.delimited import Delimited
from gouttes.sources.documents import Documents
from gouttes.sources.recognise import Member, members
from gouttes.sources.sheets import Parquet, sheets

if TYPE_CHECKING:
    from gouttes.sources.sandbox import Sandbox
    from gouttes.sources.tables import Table


def tables(path: Path, sandbox: Sandbox) -> list[Table]:
    """Every table in a file: one, or one per sheet or member of an archive.

    Raises:
        BadInputError: the file is absent, empty, damaged, or not a table.
    """
    if path.is_dir():
        raise BadInputError(f"{path} is a folder. Name the files in it, such as {path}/*.csv.")
    found: list[Table] = []
    for member in members(path, sandbox.folder):
        try:
            opened = _open(member, sandbox)
        except (OSError, duckdb.Error) as error:
            raise BadInputError(f"{member.name} cannot be read: {str(error).splitlines()[0]}") from error
        if member.notice:
            for table in opened:
                table.notices = (member.notice, *table.notices)
        found += opened
    return found


def _open(member: Member, sandbox: Sandbox) -> list[Table]:
    if member.kind == "workbook":
        return [*sheets(member.name, member.path)]
    if member.kind == "parquet":
        return [Parquet(member.name, member.path, sandbox)]
    if member.kind == "json":
        return [Documents(member.name, member.path, sandbox.folder, sandbox)]
    return [Delimited(member.name, member.path, sandbox.folder)]
