"""Errors that say what was needed, what was found and what to do.

Every error descends from :class:`GouttesError` and from a builtin, keeps its fields, and says whether the
person who typed the command can mend it (``BadInputError``: exit code 2) or not (exit code 1).
"""

from collections.abc import Iterable


class GouttesError(Exception):
    """Root of every error raised on purpose."""


class BadInputError(GouttesError, ValueError):
    """What was given cannot be used as it is: a file, a mapping, a setting, a name."""


class MissingColumnsError(BadInputError):
    """A table lacks columns that a step needs.

    Attributes:
        where: the step or file that needs them.
        needed: the missing column names.
        found: the column names that are there.
    """

    def __init__(self, where: str, needed: Iterable[str], found: Iterable[str], advice: str) -> None:
        self.where, self.needed, self.found = where, sorted(needed), sorted(found)
        super().__init__(f"{where} needs column(s) {self.needed}, found {self.found}. {advice}")


class UnknownPersonError(BadInputError, LookupError):
    """No such person in this workspace."""

    def __init__(self, person: str) -> None:
        self.person = person
        super().__init__(
            f"No person answers to '{person}'. Give a person id (as `gouttes trust` prints it), a subject key "
            "such as 'zendesk:user:42', an e-mail or a phone number."
        )


class WorkspaceError(GouttesError, OSError):
    """The workspace folder cannot be opened or written."""


class NewerWorkspaceError(WorkspaceError):
    """The workspace was made by a later version of Gouttes."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.path, self.found, self.known = path, found, known
        super().__init__(
            f"{path} has format {found}; this version of Gouttes knows formats up to {known}. "
            "Upgrade Gouttes (`pip install --upgrade gouttes`); nothing was changed."
        )


class EngineError(GouttesError, RuntimeError):
    """An engine is missing or refused to start."""


class StaleError(GouttesError, RuntimeError):
    """Someone else changed the same thing first."""
