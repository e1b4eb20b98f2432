"""What validation last found in a workspace: a small file that every screen which shows the reading looks at.

It holds figures of everyone together, and nothing of anybody's.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gouttes.errors import WorkspaceError
from gouttes.version import VERSION
from gouttes.workspace import disk_errors, replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gouttes.workspace import Workspace

FILE = "validation.json"


@dataclass(frozen=True)
class Finding:
    """What was found for one outcome.

    Attributes:
        verdict: ``adds``, ``none`` (no added value found) or ``unknown``.
        over: the best baseline; with ``none``, the one that is as good or better and to fall back on.
        reason: why it is not known; empty where it is.
    """

    verdict: str
    over: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """What validation last found.

    Attributes:
        validated_at: when, ISO 8601.
        as_of: the date of the readings that were validated, ISO 8601.
        digest: of the settings and rules they were computed with.
        horizon: days after each date in which outcomes were counted.
        findings: by outcome.
        reason: why nothing could be validated; empty where something was.
        hold_out_used: when the permanent hold-out was asked, each time, ISO 8601.
        figures: all that was measured.
        version: of Gouttes.
    """

    validated_at: str
    as_of: str
    digest: str
    horizon: float
    findings: Mapping[str, Finding] = field(default_factory=dict)
    reason: str = ""
    hold_out_used: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    version: str = VERSION

    @property
    def without_gain(self) -> dict[str, str]:
        """Outcomes for which no added value was found, each with the baseline to fall back on."""
        return {name: found.over for name, found in self.findings.items() if found.verdict == "none"}

    @property
    def adding(self) -> dict[str, str]:
        """Outcomes for which the reading adds to every baseline, each with the best of them."""
        return {name: found.over for name, found in self.findings.items() if found.verdict == "adds"}


def _file(workspace: Workspace) -> Path:
    return workspace.insights / FILE


def standing(workspace: Workspace) -> Standing | None:
    """What validation last found; None where it never ran.

    Raises:
        WorkspaceError: the file cannot be read.
    """
    path = _file(workspace)
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        findings = {name: Finding(**found) for name, found in raw.pop("findings").items()}
        return Standing(**{**raw, "findings": findings, "hold_out_used": tuple(raw["hold_out_used"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WorkspaceError(
            f"{path} cannot be read: {error}. Remove it, then run `gouttes validate`: it is computed from the log."
        ) from error


def keep(workspace: Workspace, found: Standing) -> None:
    """Put a finding in force, whole or not at all."""
    with disk_errors(workspace.root):
        replace_file(_file(workspace), json.dumps(asdict(found), indent=1, allow_nan=False))


def written(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON can hold
    """Values as the file holds them: dates as ISO 8601, numbers that are not defined as null."""
    if isinstance(value, dict):
        return {str(key): written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [written(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
