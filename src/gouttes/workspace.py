"""One folder that holds everything a company gave: settings, log, people, insights, rejects.

A folder is a workspace when it holds ``gouttes.toml``; that file is written last, so an interrupted ``init`` leaves
a folder that ``init`` can take up again. Whatever replaces a file is durable before it takes the file's place.
"""

from __future__ import annotations

import errno
import fcntl
import os
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gouttes.errors import BadInputError, NewerWorkspaceError, WorkspaceError
from gouttes.settings import FORMAT, parse_settings, settings_text
from gouttes.settings.checks import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gouttes.settings import Settings


@dataclass(frozen=True)
class Workspace:
    """The places of a workspace, and what its settings say."""

    root: Path
    settings: Settings

    @classmethod
    def create(cls, root: str | os.PathLike[str], settings: Settings) -> Workspace:
        """Make a new workspace in a folder that is absent or empty.

        Raises:
            WorkspaceError: the folder holds something else, or cannot be written.
        """
        path = Path(root)
        if (path / SETTINGS_FILE).exists():
            raise WorkspaceError(f"{path} is a workspace already: use it, or choose another folder.")
        strangers = {each.name for each in path.iterdir()} - set(PLACES) if path.is_dir() else set()
        if strangers or path.is_file():
            raise WorkspaceError(
                f"{path} holds other things ({', '.join(sorted(strangers))[:80]}): choose a new folder."
            )
        with disk_errors(path):
            for place in PLACES:
                (path / place).mkdir(parents=True, exist_ok=True)
            (path / "people").chmod(0o700)
            replace_file(path / SETTINGS_FILE, settings_text(settings))
        return cls(path, settings)

    @classmethod
    def open(cls, root: str | os.PathLike[str]) -> Workspace:
        """Open an existing workspace.

        Raises:
            WorkspaceError: there is none.
            NewerWorkspaceError: a later version of Gouttes made it.
            BadInputError: its settings cannot be read.
        """
        path = Path(root)
        try:
            text = (path / SETTINGS_FILE).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise WorkspaceError(
                f"{path} is not a workspace: it has no {SETTINGS_FILE}. Make one with `gouttes init {path} --name …`."
            ) from error
        found = _format(text)
        if found > FORMAT:
            raise NewerWorkspaceError(str(path), found, FORMAT)
        return cls(path, parse_settings(text))

    @property
    def log(self) -> Path:
        """Folder of the event log."""
        return self.root / "log"

    @property
    def people(self) -> Path:
        """Folder of personal data."""
        return self.root / "people"

    @property
    def insights(self) -> Path:
        """Folder of what a run publishes."""
        return self.root / "insights"

    @property
    def rejects(self) -> Path:
        """Folder of the rows that an import set aside."""
        return self.root / "rejects"

    @contextmanager
    def lock(self, name: str = "log") -> Iterator[None]:
        """Hold a lock of this workspace; other processes wait. It falls away when a process dies."""
        with disk_errors(self.root), (self.root / f".{name}.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


PLACES = ("log", "people", "insights", "rejects")


def _format(text: str) -> int:
    try:
        found = tomllib.loads(text).get("format", FORMAT)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"{SETTINGS_FILE} is not valid TOML: {error}. Mend that line.") from error
    return int(found)


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, finds either the old text or the new, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
    _sync(path.parent)


def make_durable(path: Path) -> None:
    """Have the disk hold a file, or every file of a folder, before anything refers to it."""
    for each in [*path.rglob("*"), path] if path.is_dir() else [path]:
        _sync(each)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says into words a person can act on."""
    try:
        yield
    except WorkspaceError:
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.ENOSPC or "No space left" in str(error):  # the engines have errors of their own for it
            raise WorkspaceError(
                f"The disk of {path} is full. What was acknowledged before is safe; make room, then run the same "
                "command again: it takes up where it stopped."
            ) from error
        if isinstance(error, OSError) and number in {errno.EACCES, errno.EROFS, errno.EPERM}:
            raise WorkspaceError(f"{error.filename or path} cannot be written: {error.strerror}.") from error
        raise
