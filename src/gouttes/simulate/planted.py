"""What is planted: the evidence rules the simulated customers really follow, and the labels events carry.

The figures are the first-day priors of the evidence rules, restated here because a step never imports another:
a learning step that reads the simulated log should find them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from gouttes.eventlog.kinds import all_names, default_direction
from gouttes.vocabulary import Channel


@dataclass(frozen=True)
class PlantedRule:
    """One rule that moves latent trust.

    Attributes:
        name: stable id.
        polarity: +1 adds trust, -1 takes it away.
        weight: w, evidence per unit of size.
        half_life: days until half of it is forgotten.
        facets: shares of credibility, integrity, benevolence; they sum to 1.
    """

    name: str
    polarity: int
    weight: float
    half_life: float
    facets: tuple[float, float, float]


CREDIBILITY, INTEGRITY, BENEVOLENCE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
BOTH, CARE = (0.5, 0.0, 0.5), (0.0, 0.4, 0.6)

RULES = (
    PlantedRule("promise_kept", +1, 0.30, 90.0, CREDIBILITY),
    PlantedRule("resolved_first", +1, 0.30, 90.0, CREDIBILITY),
    PlantedRule("human_contact", +1, 0.20, 90.0, BENEVOLENCE),
    PlantedRule("unprompted_return", +1, 0.80, 120.0, BOTH),
    PlantedRule("generous_gesture", +1, 1.00, 180.0, CARE),
    PlantedRule("promise_broken", -1, 1.20, 180.0, CREDIBILITY),
    PlantedRule("outage", -1, 1.20, 180.0, CREDIBILITY),
    PlantedRule("wrong_answer", -1, 1.20, 180.0, CREDIBILITY),
    PlantedRule("effort", -1, 0.80, 180.0, BENEVOLENCE),
    PlantedRule("integrity_breach", -1, 3.00, 365.0, INTEGRITY),
    PlantedRule("badly_handled", -1, 2.00, 365.0, CARE),
    PlantedRule("missed_opportunity", -1, 0.30, 120.0, BOTH),
)
RULE_CODE = {rule.name: code for code, rule in enumerate(RULES)}

REPAIR_SHARE = 0.5  # rho, prior: a repair gives back at most half of its own bucket
JUSTICE_WEIGHTS = (0.40, 0.10, 0.30, 0.20)  # distributive … informational: priors after Orsingher et al. 2010
JUSTICE_NAMES = ("distributive", "procedural", "interpersonal", "informational")
JUSTICE_LEVELS = (0.0, 0.4, 0.7, 1.0)
BADLY_REPAIRED = 0.4  # below it a repair is itself a failure

SYSTEMS = ("zendesk", "shop", "hubspot", "gouttes")
PRODUCTS = ("armchair", "lamp", "table", "rug", "tableware", "linen", "care", "care_plus")
GOODS, CARE_PLAN, CARE_PLUS = 6, 6, 7  # the first six are goods; the last two are maintenance subscriptions
PRICES = (640.0, 95.0, 480.0, 220.0, 70.0, 55.0, 39.0, 69.0)  # euro, invented
TOPICS = (
    "delivery",
    "invoice",
    "product",
    "account",
    "outage",
    "thanks",
    "refund",
    "warning",
    "advice",
    "wrong_answer",
    "useless_proof",
    "contradiction",
    "consent_ignored",
    "above_quote",
    "price",
    "retention",
    "reminder",
    "newsletter",
    "marketing",
)
MOMENTS = ("order", "delivery", "support", "relation", "contract")
SITES = ("Lyon", "Nantes", "Lille")
THREADS = (
    "zendesk:ticket:",
    "shop:order:",
    "gouttes:promise:",
    "gouttes:subscription:",
    "gouttes:referral:",
    "gouttes:complaint:",
)
OTHER_PROPERTIES = (
    '{"locked":true}',
    '{"discount":"10"}',
    '{"rewarded":true}',
    '{"rewarded":false}',
    '{"question":"nps"}',
    '{"question":"ces2"}',
    '{"question":"csat"}',
)


def _justice(levels: tuple[float, ...]) -> str:
    return "{" + ",".join(f'"{name}":{level}' for name, level in zip(JUSTICE_NAMES, levels, strict=True)) + "}"


PROPERTIES = (*(_justice(levels) for levels in product(JUSTICE_LEVELS, repeat=4)), *OTHER_PROPERTIES)

KIND_NAMES = tuple(all_names())
DIRECTIONS = ("in", "out", "none")

LABELS: dict[str, tuple[str, ...]] = {
    "kind": KIND_NAMES,
    "system": SYSTEMS,
    "channel": tuple(Channel),
    "direction": DIRECTIONS,
    "site": SITES,
    "product": PRODUCTS,
    "moment": MOMENTS,
    "topic": TOPICS,
    "thread_kind": THREADS,
    "properties": PROPERTIES,
}
CODES = {column: {label: code for code, label in enumerate(labels)} for column, labels in LABELS.items()}
DEFAULT_DIRECTION = tuple(DIRECTIONS.index(default_direction(name)) for name in KIND_NAMES)
