"""The folder of one import: what it unpacks and spills may be personal, and must not outlive it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "gouttes-import-"


class PrivateFolder:
    """A folder in the temporary directory that its owner alone can read, gone when it is closed.

    It is locked while its process lives. A process that is killed leaves the folder and loses the lock: the next
    import finds it unlocked and deletes it. A process number would not do: the system gives it to another process, and
    what two containers share is the folder, not the numbers.
    """

    def __init__(self) -> None:
        sweep()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))  # readable by its owner alone
            self._lock = _locked(self.path, wait=True)
            if self._lock is not None:
                return  # else another import swept it before it was locked

    def close(self) -> None:
        """Delete the folder and all that is in it; once is enough."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def sweep() -> None:
    """Delete the folders of imports whose process is gone; other users' and linked ones are left alone."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            mine = path.lstat().st_uid == os.getuid() and path.is_dir() and not path.is_symlink()
        except FileNotFoundError:
            continue  # another import was quicker
        lock = _locked(path, wait=False) if mine else None
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _locked(path: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the folder's lock; none where it is held elsewhere or the folder is gone.

    A file system without locks gives a descriptor to who waits: what cannot be locked is never swept either.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        free = True
    except OSError:
        free = wait
    if free and path.exists():
        return descriptor
    os.close(descriptor)
    return None
