"""From a path to the tables in it."""

from __future__ import annotations

import stat
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
    _check(path)
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


def _check(path: Path) -> None:
    """Say in one sentence why a path is no file that can be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            path.open("rb").close()
    except FileNotFoundError as error:
        raise BadInputError(f"There is no file {path}. Check its name and its folder.") from error
    except PermissionError as error:
        raise BadInputError(f"You may not read {path}. Ask its owner, or copy it where you may.") from error
    except (OSError, ValueError) as error:  # a name too long, a NUL byte in it, a disk that fails
        why = getattr(error, "strerror", None) or error
        raise BadInputError(f"{path} cannot be read: {why}. Check its name and its folder.") from error
    if stat.S_ISDIR(mode):
        raise BadInputError(f"{path} is a folder. Name the files in it, such as {path}/*.csv.")
    if not stat.S_ISREG(mode):
        raise BadInputError(f"{path} is no file but a pipe or a device. Save what it gives in a file, and name that.")


def _open(member: Member, sandbox: Sandbox) -> list[Table]:
    if member.kind == "workbook":
        return [*sheets(member.name, member.path)]
    if member.kind == "parquet":
        return [Parquet(member.name, member.path, sandbox)]
    if member.kind == "json":
        return [Documents(member.name, member.path, sandbox.folder, sandbox)]
    return [Delimited(member.name, member.path, sandbox.folder)]
