"""A set of learned parameters: what was learned, when, and from what. Nobody's data are in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gouttes.trust.learning.chances import Chance
from gouttes.trust.learning.learn import Learned, Parameter, RatioTest, State
from gouttes.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping


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
