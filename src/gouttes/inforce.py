"""What is in force: the rules and the prior, as the company set them, as its customers taught them, or as guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gouttes.behaviour.figures import outcomes
from gouttes.errors import BadInputError
from gouttes.evidence.rule import load
from gouttes.learned import ParameterShelf
from gouttes.trust.learning.learn import State
from gouttes.trust.reading import Prior, pooled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

    from gouttes.evidence.rule import EvidenceRule
    from gouttes.trust.learning.chances import Chance
    from gouttes.trust.learning.parameters import ParameterSet
    from gouttes.workspace import Workspace

PRIOR, LEARNED = "prior", "learned"


def rules_in_force(workspace: Workspace, version: str) -> tuple[EvidenceRule, ...]:
    """The evidence rules: what the company set wins, then what was learned, then the first-day priors.

    Args:
        workspace: whose.
        version: of the learned parameters; empty for the priors.
    """
    rules = load(workspace.settings.rules)
    found = ParameterShelf(workspace).get(version) if version else None
    return tuple(taught(rule, found) for rule in rules) if found else rules


def taught(rule: EvidenceRule, found: ParameterSet) -> EvidenceRule:
    """A rule with what a set says of it; as it is where the company set it, or nothing was learned of it."""
    weight = found.weights.get(rule.name)
    if weight is None or rule.status != PRIOR:
        return rule
    memory = found.half_lives[found.classes[rule.name]]
    learned = weight.state in {State.LEARNED, State.UNSUPPORTED}
    if not learned and memory.state is not State.LEARNED:
        return rule
    return replace(
        rule,
        weight=weight.value,
        half_life=memory.value,
        status=LEARNED if learned else PRIOR,
        source=f"learned {found.version} ({weight.state})",
    )


def prior_in_force(workspace: Workspace, version: str, acts: ir.Table) -> Prior:
    """Where every reading starts.

    A mean that the settings give wins; then the mean and strength of the learned parameters; then the company's own
    rate of good outcomes (``acts``), with the strength of the settings.
    """
    if version and workspace.settings.trust.prior_mean == "pooled":
        found = ParameterShelf(workspace).get(version)
        return Prior(found.mean.value, found.strength.value, f"learned {found.version}")
    return first_prior(workspace, acts)


def first_prior(workspace: Workspace, acts: ir.Table) -> Prior:
    """The prior of the first day, before anything was learned: what learning starts from."""
    trust = workspace.settings.trust
    if trust.prior_mean != "pooled":
        return Prior(float(trust.prior_mean), trust.prior_strength, "set in gouttes.toml")
    successes, trials = outcomes(acts).to_pyarrow().to_pylist()[0].values()
    return pooled(int(successes or 0), int(trials or 0), strength=trust.prior_strength)


def chances_in_force(workspace: Workspace, version: str) -> Mapping[str, Chance]:
    """By outcome, how trust becomes its chance.

    Raises:
        BadInputError: the readings rest on priors, from which no chance follows.
    """
    if not version:
        raise BadInputError(
            f"No learned parameters are in force in {workspace.root}: `gouttes learn` them, accept them with "
            "`gouttes learn --accept`, then `gouttes run`."
        )
    return ParameterShelf(workspace).get(version).chances
