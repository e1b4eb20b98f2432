"""A set of parameters written by hand, for a workspace of default rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gouttes.learning import History
from gouttes.trust.learning.chances import Chance
from gouttes.trust.learning.design import Classes
from gouttes.trust.learning.learn import Parameter, RatioTest, State
from gouttes.trust.learning.parameters import ParameterSet

if TYPE_CHECKING:
    from gouttes.opened import OpenedWorkspace

ORIGINS = ("2026-02-23T23:30:00+00:00", "2026-05-24T23:30:00+00:00", "2026-08-22T23:30:00+00:00")


def hand_made(opened: OpenedWorkspace, version: str) -> ParameterSet:
    """Two weights learned, one that makes no difference, the rest guesses."""
    known = History.of(opened.workspace, opened.connection, opened.as_of).known
    states = [State.LEARNED, State.LEARNED, State.UNSUPPORTED] + [State.UNDECIDED] * (len(known) - 3)
    weights = {
        rule.name: Parameter(rule.name, rule.weight, 0.1, 2.0, rule.weight, state)
        if state is State.LEARNED
        else Parameter(rule.name, 0.0 if state is State.UNSUPPORTED else rule.weight, None, None, rule.weight, state)
        for rule, state in zip(known, states, strict=True)
    }
    classes = Classes.of(known)
    memories = {
        name: Parameter(name, float(days), 20.0, 400.0, float(days), State.LEARNED)
        for name, days in zip(classes.names, classes.half_lives, strict=True)
    }
    ratio = Parameter("weight_ratio", 2.5, 1.2, 5.5, 4.0, State.LEARNED)
    return ParameterSet(
        version=version,
        learned_at="2026-11-26T23:30:00+00:00",
        origins=ORIGINS,
        horizon=90.0,
        outcomes=("return", "renewal"),
        people=900,
        successes=3000,
        trials=6000,
        strength=Parameter("strength", 3.5, 2.9, 4.2, 4.0, State.LEARNED),
        mean=Parameter("mean", 0.56, 0.53, 0.58, 0.6, State.LEARNED),
        weights=weights,
        half_lives=memories,
        classes={rule.name: classes.names[number] for rule, number in zip(known, classes.of_rule, strict=True)},
        one_half_life=RatioTest(25.9, 2, 0.0001),
        equal_weights=None,
        asymmetry={"weight_ratio": ratio},
        single=False,
        log_likelihood=-4000.0,
        chances={"return": Chance(0.1, 0.8, (0.01, 0.0, 0.02), 900, 3000, 6000)},
    )
