"""Sets of learned parameters: each is kept under a version of its own, none is overwritten, and one is in force.

A set is proposed by learning and counts for nothing until somebody accepts it. What was accepted and rejected, by whom
and when, is one line each in a file that only grows. Nobody's data are in any of it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from gouttes.errors import BadInputError, WorkspaceError
from gouttes.trust.learning.chances import Chance
from gouttes.trust.learning.learn import Learned, Parameter, RatioTest, State
from gouttes.version import VERSION
from gouttes.workspace import disk_errors, make_durable, replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from gouttes.workspace import Workspace

FOLDER, DECIDED = "learned", "decided.jsonl"
Verdict = Literal["accepted", "rejected"]


@dataclass(frozen=True)
class ParameterSet:
    """What was learned, when, and from what.

    Attributes:
        version: such as ``2026-11-20.1``: the date of the data, and a number.
        learned_at: ISO 8601.
        origins: the dates before which evidence counted, ISO 8601.
        horizon: days after each in which outcomes were counted.
        outcomes: those that were learned from.
        people, successes, trials: how many.
        strength, mean: n₀ and m.
        weights: by rule.
        half_lives: by class.
        classes: by rule, its class.
        one_half_life, equal_weights: tests of two simplifications.
        asymmetry: its three sources apart: ``weight_ratio``, ``half_life_ratio``, ``drop_shift``, ``bucket_shift``.
        single: one opportunity for each person and date: n₀ was held.
        log_likelihood: without its constant.
        chances: by outcome, how trust becomes a chance.
        software: the version of Gouttes.
    """

    version: str
    learned_at: str
    origins: tuple[str, ...]
    horizon: float
    outcomes: tuple[str, ...]
    people: int
    successes: int
    trials: int
    strength: Parameter
    mean: Parameter
    weights: Mapping[str, Parameter]
    half_lives: Mapping[str, Parameter]
    classes: Mapping[str, str]
    one_half_life: RatioTest | None
    equal_weights: RatioTest | None
    asymmetry: Mapping[str, Parameter]
    single: bool
    log_likelihood: float
    chances: Mapping[str, Chance] = field(default_factory=dict)
    software: str = VERSION

    @classmethod
    def of(cls, learned: Learned, rules: tuple[str, ...], **told: Any) -> ParameterSet:  # noqa: ANN401 -- the other fields
        """From what was learned; ``told`` are the fields that say when and from what."""
        shifts = (learned.weight_ratio, learned.half_life_ratio, learned.drop_shift, learned.bucket_shift)
        return cls(
            strength=learned.strength,
            mean=learned.mean,
            weights={each.name: each for each in learned.weights},
            half_lives={each.name: each for each in learned.half_lives},
            classes=dict(zip(rules, learned.classes, strict=True)),
            one_half_life=learned.one_half_life,
            equal_weights=learned.equal_weights,
            asymmetry={each.name: each for each in shifts if each is not None},
            single=learned.single,
            log_likelihood=learned.log_likelihood,
            **told,
        )

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def read(cls, text: str) -> ParameterSet:
        """From JSON.

        Raises:
            ValueError, KeyError, TypeError: the text is none of ours.
        """
        raw = json.loads(text)
        for name in ("strength", "mean"):
            raw[name] = _parameter(raw[name])
        for name in ("weights", "half_lives", "asymmetry"):
            raw[name] = {key: _parameter(each) for key, each in raw[name].items()}
        for name in ("one_half_life", "equal_weights"):
            raw[name] = raw[name] and RatioTest(**raw[name])
        raw["chances"] = {key: Chance.read(each) for key, each in raw["chances"].items()}
        raw["origins"], raw["outcomes"] = tuple(raw["origins"]), tuple(raw["outcomes"])
        return cls(**raw)


def _parameter(raw: dict[str, Any]) -> Parameter:
    return Parameter(**{**raw, "state": State(raw["state"])})


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
        with disk_errors(self.workspace.root), path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(decision), ensure_ascii=False) + "\n")
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

    def in_force(self) -> ParameterSet | None:
        """The set that runs use; None where none was accepted: the priors are in force."""
        version = self.accepted()
        return self.get(version) if version else None
