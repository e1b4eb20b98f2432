"""The model card and the impact assessment, written from what runs here rather than from memory.

The card has the sections of Mitchell et al. (2019), *Model Cards for Model Reporting*; the assessment those of
article 35(7) of the GDPR. Both are drafts for a person to complete: a machine knows the configuration, not the company.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gouttes.drifting import Drift
from gouttes.eventlog.erased import receipts
from gouttes.eventlog.kinds import KINDS
from gouttes.learned import ParameterShelf
from gouttes.report import validation
from gouttes.report.validation_data import shown
from gouttes.validated import standing
from gouttes.version import VERSION
from gouttes.vocabulary import Facet

if TYPE_CHECKING:
    from datetime import tzinfo

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.language import Language
    from gouttes.opened import OpenedWorkspace


class Card(StrEnum):
    """Which document."""

    MODEL = "model"
    IMPACT = "impact"


@dataclass(frozen=True)
class Recorded:
    """A kind of event that this workspace holds: how many, what sort of data, why, and for how long."""

    kind: str
    events: int
    category: str
    basis: str
    retention_days: int
    read_by: tuple[str, ...]


def facts(opened: OpenedWorkspace) -> dict[str, Any]:
    """What both documents are written from: the running configuration, and figures of everyone together.

    Raises:
        BadInputError: nothing was run yet.
    """
    workspace, manifest, found = opened.workspace, opened.manifest, standing(opened.workspace)
    learned = ParameterShelf(workspace).get(manifest.learned) if manifest.learned else None
    counted = opened.events().group_by("kind").agg(events=lambda t: t.count()).to_pyarrow().to_pylist()
    return {
        "company": workspace.settings.name,
        "simulated": workspace.settings.simulated,
        "as_of": opened.local_as_of,
        "version": VERSION,
        "run": manifest.run,
        "digest": manifest.digest,
        "people": int(opened.people().count().execute()),
        "recorded": _recorded({row["kind"]: row["events"] for row in counted}, opened.rules),
        "rules": [_rule(rule) for rule in opened.rules],
        "prior": opened.prior,
        "learned": learned,
        "decisions": ParameterShelf(workspace).decisions(),
        "standing": shown(found, digest=manifest.digest) if found else None,
        "drift": Drift.last(workspace),
        "erasures": len(receipts(opened.log)),
        "window": workspace.settings.behaviour,
        "linkage": workspace.settings.identity.linkage.mode,
    }


def _recorded(counted: dict[str, int], rules: tuple[EvidenceRule, ...]) -> list[Recorded]:
    """The kinds that the log holds, the most personal sort of data first."""
    found = [
        Recorded(
            name,
            counted[name],
            kind.category.value,
            kind.basis.value,
            kind.retention_days,
            tuple(rule.name for rule in rules if any(match.event == name for match in rule.matches)),
        )
        for name, kind in KINDS.items()
        if name in counted
    ]
    return sorted(found, key=lambda each: (each.category, each.kind))


def _rule(rule: EvidenceRule) -> dict[str, Any]:
    facets = {facet.value: share for facet, share in rule.facets.items() if share > 0}
    return {
        "name": rule.name,
        "drop": int(rule.polarity) > 0,
        "weight": rule.weight,
        "half_life": rule.half_life,
        "status": rule.status,
        "facets": [facet.value for facet in Facet if facet.value in facets],
    }


def card(opened: OpenedWorkspace, kind: Card, language: Language) -> str:
    """One of the two documents, as Markdown in the reader's language."""
    template = _environment().get_template(f"cards/{kind}.{language.code}.md.j2")
    zone = opened.workspace.settings.zone
    said = {
        "language": language,
        "say": language.say,
        "day": lambda moment: language.date(_local(moment, zone)),
        "short_day": lambda moment: language.date(_local(moment, zone), "medium"),
        "why": lambda found: validation.reason(found, language),
        "prior_source": _source(opened.prior.source, language),
    }
    text = template.render(**said, **facts(opened))
    return text.rstrip() + "\n"


def _local(moment: str | datetime, zone: tzinfo) -> datetime:
    """A moment in the company's time zone, as papers are dated."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return known.astimezone(zone)


def _source(words: str, language: Language) -> str:
    """Where the mean of the prior comes from, in the reader's language."""
    kind, _, version = words.partition(" ")
    key = f"card.prior.{kind}"
    return language.say(key, version=version) if language.knows(key) else language.say("card.prior.prior")


@cache
def _environment() -> Environment:
    found = Environment(  # noqa: S701 -- Markdown is no HTML: ``plain`` takes out what would break it
        loader=PackageLoader("gouttes.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters["plain"] = plain
    return found


def plain(text: object) -> str:
    """A name from outside, on one line, without what Markdown or HTML would act on."""
    kept = (each for each in str(text) if each.isspace() or (each.isprintable() and each not in "|<>[]`*_#\\"))
    return " ".join("".join(kept).split())
