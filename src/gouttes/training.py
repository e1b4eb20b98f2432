"""Training the model of likeness of a workspace, and finding from which probability it may link by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gouttes.engines import kept
from gouttes.eventlog import read
from gouttes.eventlog.tables import EventLog
from gouttes.identity.keys import email_rules
from gouttes.identity.likening import Likening
from gouttes.identity.linkage.score import scored
from gouttes.identity.linkage.threshold import LOWEST, link_at
from gouttes.identity.linkage.train import Untrained, trained
from gouttes.identity.records import records

if TYPE_CHECKING:
    from ibis.backends.sql import SQLBackend

    from gouttes.workspace import Workspace


@dataclass(frozen=True)
class Training:
    """What became of training.

    Attributes:
        state: ``trained``, ``kept`` (the model there was stays) or ``untrained``.
        link_at: the probability from which pairs may be linked; None without a model.
        reason: why there is no model.
    """

    state: Literal["trained", "kept", "untrained"]
    link_at: float | None = None
    reason: str = ""


def train(workspace: Workspace, connection: SQLBackend, *, anew: bool = False) -> Training:
    """Train a model on all records of a workspace, and put it in force.

    Args:
        workspace: whose records.
        connection: the engine.
        anew: train even where there is a model.
    """
    before = Likening.load(workspace)
    if before and not anew:
        return Training("kept", before.link_at)
    settings = workspace.settings
    identifiers = read.identifiers(EventLog(workspace), connection)
    found = records(connection, identifiers, country=settings.country, email_rules=email_rules(settings.identity))
    found = kept(connection, found)
    model = trained(connection, found)
    if isinstance(model, Untrained):
        return Training("untrained", None if before is None else before.link_at, model.reason)
    sure = scored(connection, found, model, at_least=LOWEST)
    threshold = link_at(kept(connection, sure), precision=settings.identity.linkage.precision)
    Likening(model, threshold).save(workspace)
    return Training("trained", threshold)
