"""The model of linkage in force in a workspace: what it likens, and from which probability a pair is linked.

It is trained when somebody asks (``gouttes people resolve``) and kept until they ask again, so that two runs over the
same data liken the same pairs. The file holds weights and the frequencies of common values, and nobody's record.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from gouttes.engines import kept
from gouttes.errors import BadInputError
from gouttes.identity.linkage.blocking import TWIN
from gouttes.identity.linkage.model import LinkageModel
from gouttes.identity.linkage.score import published, scored, scored_new
from gouttes.workspace import disk_errors, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

    from gouttes.settings.identity import IdentitySettings
    from gouttes.workspace import Workspace

FILE = "linkage.json"

NEVER = 2.0
"""Above every probability: where the model may only suggest, it links nobody."""


def model_file(workspace: Workspace) -> Path:
    """Where the model of a workspace is."""
    return workspace.people / FILE


def model_digest(workspace: Workspace) -> str:
    """A text that changes when the model does; empty where there is none."""
    path = model_file(workspace)
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.exists() else ""


@dataclass(frozen=True)
class Likening:
    """A trained model, and the probability from which it links (``linkage.threshold``)."""

    model: LinkageModel
    link_at: float

    @classmethod
    def load(cls, workspace: Workspace) -> Likening | None:
        """The model of a workspace; None where none was trained.

        Raises:
            BadInputError: the file is none of ours.
        """
        path = model_file(workspace)
        if not path.exists():
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(LinkageModel.from_json(json.dumps(told["model"])), float(told["link_at"]))
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, BadInputError):
                raise
            raise BadInputError(f"{path} is no linkage model ({error}): `gouttes people resolve --train`.") from error

    def save(self, workspace: Workspace) -> None:
        """Put the model in force: the next run likens everyone anew."""
        told = {"link_at": self.link_at, "model": json.loads(self.model.to_json())}
        with disk_errors(workspace.root):
            replace_file(model_file(workspace), json.dumps(told, ensure_ascii=False, indent=1))

    def among(self, connection: SQLBackend, records: ir.Table, settings: IdentitySettings) -> ir.Table:
        """LIKENESSES of all records (RECORDS)."""
        return both_ways(scored(connection, records, self.model, at_least=settings.linkage.review_at))

    def blocks(self, records: ir.Table) -> ir.Table:
        """BLOCKS (``subject, name, value``): by what each record meets others."""
        keyed = published(records, self.model)
        names = [TWIN, *(f"key_{place}" for place in range(len(self.model.keys)))]
        parts = [keyed.select("subject", name=ibis.literal(name), value=keyed[name].cast("string")) for name in names]
        return ibis.union(*parts).filter(lambda t: t["value"].notnull())

    def arriving(
        self, connection: SQLBackend, new: ir.Table, records: ir.Table, blocks: ir.Table, settings: IdentitySettings
    ) -> ir.Table:
        """LIKENESSES that have one of the ``new`` records, whom ``records`` and their ``blocks`` do not hold."""
        met = kept(connection, self.blocks(new).select("name", "value").distinct())
        near = blocks.semi_join(met, ["name", "value"]).select("subject").distinct()
        others = kept(connection, records.semi_join(near, "subject"))
        return both_ways(scored_new(connection, new, others, self.model, at_least=settings.linkage.review_at))


def link_at(likening: Likening | None, settings: IdentitySettings) -> float:
    """The probability from which a pair is linked; ``NEVER`` without a model, or where it may only suggest."""
    return likening.link_at if likening and settings.linkage.mode == "link" else NEVER


def both_ways(pairs: ir.Table) -> ir.Table:
    """LIKENESSES from PAIRS."""
    here = pairs.select("probability", "weight", subject="left", other="right")
    there = pairs.select("probability", "weight", subject="right", other="left")
    both = here.union(there)
    return both.select("subject", "other", "probability", "weight")
