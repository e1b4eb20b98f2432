"""The sets of learned parameters of a workspace: each under a version of its own, none overwritten, one in force.

A set is proposed by learning and counts for nothing until somebody accepts it. What was accepted and rejected, by whom
and when, is one line each in a file that only grows.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

from gouttes.errors import BadInputError, WorkspaceError
from gouttes.trust.learning.parameters import ParameterSet
from gouttes.workspace import disk_errors, make_durable, replace_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gouttes.workspace import Workspace

FOLDER, DECIDED = "learned", "decided.jsonl"
Verdict = Literal["accepted", "rejected"]


@dataclass(frozen=True)
class Decision:
    """A set accepted or rejected."""

    version: str
    verdict: Verdict
    by: str
    at: str


@dataclass(frozen=True)
class ParameterShelf:
    """The sets of a workspace."""

    workspace: Workspace

    @property
    def _folder(self) -> Path:
        return self.workspace.insights / FOLDER

    def versions(self) -> list[str]:
        """Every version, the oldest first."""
        found = (path.name.removesuffix(".json").rsplit(".", 1) for path in self._folder.glob("*.json"))
        return [f"{day}.{number}" for day, number in sorted(found, key=lambda each: (each[0], int(each[1])))]

    def next_version(self, day: str) -> str:
        """A version that no set has yet."""
        taken = [int(version.rsplit(".", 1)[1]) for version in self.versions() if version.rsplit(".", 1)[0] == day]
        return f"{day}.{max(taken, default=0) + 1}"

    def propose(self, found: ParameterSet) -> None:
        """Keep a new set; it counts for nothing yet."""
        with disk_errors(self.workspace.root):
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._folder / f"{found.version}.json", found.text())

    def get(self, version: str) -> ParameterSet:
        """A set by its version.

        Raises:
            BadInputError: there is none of that version.
            WorkspaceError: its file cannot be read.
        """
        if version not in self.versions():
            known = ", ".join(self.versions()) or "none: `gouttes learn WORKSPACE` first"
            raise BadInputError(f"No parameters were learned under the version '{version}'. Versions: {known}.")
        path = self._folder / f"{version}.json"
        try:
            return ParameterSet.read(path.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise WorkspaceError(
                f"{path} holds no learned parameters ({error}). Take it from a backup, or reject that version."
            ) from error

    def decide(self, version: str, verdict: Verdict, *, by: str, at: datetime) -> Decision:
        """Accept a set, which puts it in force with the next run, or reject it.

        Raises:
            BadInputError: there is none of that version.
        """
        if verdict == "accepted" or version not in self.versions():
            self.get(version)
        decision = Decision(version, verdict, by, at.isoformat())
        path = self._folder / DECIDED
        # A line of its own even where a crash cut the one before short.
        line = f"{json.dumps(asdict(decision), ensure_ascii=False)}\n"
        with self.workspace.lock("learned"), disk_errors(self.workspace.root), path.open("a+b") as lines:
            torn = lines.seek(0, os.SEEK_END) > 0 and _last_byte(lines) != b"\n"
            lines.write(b"\n" * torn + line.encode())
            lines.flush()
            os.fsync(lines.fileno())
        make_durable(path)
        return decision

    def decisions(self) -> list[Decision]:
        """Every decision, the oldest first; a line that a crash cut short is no decision."""
        path = self._folder / DECIDED
        found = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            try:
                found.append(Decision(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return found

    def accepted(self) -> str | None:
        """The version in force: the last accepted that was not rejected later."""
        last: dict[str, str] = {}
        order: list[str] = []
        for decision in self.decisions():
            last[decision.version] = decision.verdict
            if decision.verdict == "accepted":
                order.append(decision.version)
        return next((version for version in reversed(order) if last[version] == "accepted"), None)


def _last_byte(lines: BinaryIO) -> bytes:
    lines.seek(-1, os.SEEK_END)
    return lines.read(1)
