"""An invented company, as the report receives it: a broadband provider with an outage at the start of November."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gouttes.report.data import Change, Counts, Estimate, Identity, Prior, ReportData

AS_OF = datetime(2026, 11, 22, 9, 40, tzinfo=ZoneInfo("Europe/Paris"))
WEEKS = 52
PEOPLE = 18204
RULES = (
    # name, polarity, weight, half-life, facets, events a week
    ("promise kept", 1, 0.3, 90, (1.0, 0.0, 0.0), 812),
    ("resolved at first contact", 1, 0.3, 90, (1.0, 0.0, 0.0), 240),
    ("good human contact", 1, 0.2, 90, (0.0, 0.0, 1.0), 61),
    ("unprompted return", 1, 0.8, 120, (0.5, 0.0, 0.5), 310),
    ("generous gesture", 1, 1.0, 180, (0.0, 0.4, 0.6), 18),
    ("promise broken", -1, 1.2, 180, (1.0, 0.0, 0.0), 58),
    ("outage", -1, 1.2, 180, (1.0, 0.0, 0.0), 40),
    ("effort", -1, 0.8, 180, (0.0, 0.0, 1.0), 120),
    ("breach of integrity", -1, 3.0, 365, (0.0, 1.0, 0.0), 9),
    ("missed opportunity", -1, 0.3, 120, (0.5, 0.0, 0.5), 150),
)
OUTAGE = "Panne du réseau"


def _mondays() -> pd.DatetimeIndex:
    return pd.date_range(end="2026-11-16", periods=WEEKS, freq="7D", tz="UTC")


def _rule_weeks(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for rule, polarity, weight, _, _, pace in RULES:
        events = rng.poisson(pace, WEEKS)
        if rule == "outage":
            events[-3:] += [4112, 260, 40]
        if rule == "effort":
            events[-3:] += [310, 250, 90]
        if rule == "promise broken":
            events[14:16] += [240, 130]
        events[-1] = int(events[-1] * 0.8)
        for week, count in zip(_mondays(), events, strict=True):
            size = float(count * weight)
            rows.append(
                {
                    "week": week,
                    "rule": rule,
                    "drops": size if polarity > 0 else 0.0,
                    "buckets": size if polarity < 0 else 0.0,
                    "events": int(count),
                    "people": int(count * 0.9),
                }
            )
    return pd.DataFrame(rows)


def _weeks(rng: np.random.Generator, rule_weeks: pd.DataFrame) -> pd.DataFrame:
    trust = 0.735 + 0.004 * np.sin(np.arange(WEEKS) / 5) + rng.normal(0, 0.002, WEEKS)
    trust[14:18] -= [0.012, 0.014, 0.008, 0.004]
    trust[-3:] -= [0.014, 0.020, 0.021]
    half = 0.011 + rng.uniform(0, 0.002, WEEKS)
    sums = rule_weeks.groupby("week")[["drops", "buckets"]].sum()
    return pd.DataFrame(
        {
            "week": _mondays(),
            "trust": trust,
            "low": trust - half,
            "high": trust + half,
            "people": np.linspace(15900, PEOPLE, WEEKS).astype(int),
            "drops": sums["drops"].to_numpy(),
            "buckets": sums["buckets"].to_numpy(),
            "credibility": trust - 0.01,
            "integrity": trust + 0.03,
            "benevolence": trust - 0.06,
        }
    )


FIGURES = (
    ("promises_kept", None, 39480, 42510, 0.9287, 0.9266, 0.9307),
    ("first_contact_resolution", None, 12610, 17990, 0.7009, 0.6953, 0.7065),
    ("frictionless_renewal", None, 702, 903, 0.7774, 0.7538, 0.7993),
    ("unprompted_return", 7, 19120, 44610, 0.4286, 0.4248, 0.4325),
    ("unprompted_return", 14, 16210, 44610, 0.3634, 0.3596, 0.3671),
    ("unprompted_return", 30, 12240, 44610, 0.2744, 0.2709, 0.2779),
    ("repeat_contact", None, 6240, 24230, 0.2575, 0.2529, 0.2622),
    ("expansion", None, 1310, 16022, 0.0818, 0.0783, 0.0854),
    ("recommendation", None, 402, 18204, 0.0221, 0.0204, 0.0240),
)

MOVERS = (
    ("outage", OUTAGE, 4412, 4112, -0.0162, -0.0170, -0.0154),
    ("effort", None, 770, 640, -0.0048, -0.0054, -0.0042),
    ("promise broken", None, 231, 222, -0.0031, -0.0036, -0.0026),
    ("breach of integrity", None, 36, 36, -0.0018, -0.0024, -0.0012),
    ("missed opportunity", None, 604, 590, -0.0009, -0.0010, -0.0008),
    ("promise kept", None, 3240, 2980, 0.0022, 0.0020, 0.0024),
    ("unprompted return", None, 1240, 1180, 0.0019, 0.0017, 0.0021),
    ("generous gesture", None, 72, 72, 0.0011, 0.0008, 0.0014),
    ("resolved at first contact", None, 960, 940, 0.0006, 0.0005, 0.0007),
)

NAMES = ("Camille Renard", "Hugo Marchetti", None, "Inès Belkacem", "Société Dubreuil & Fils", None, "Léa Fontaine")


def _fallers() -> tuple[pd.DataFrame, pd.DataFrame]:
    people, reasons = [], []
    for i in range(10):
        before, after = 0.79 - 0.012 * i, 0.41 + 0.013 * i
        person = f"p{0x8F3A21C4D5 + 7919 * i:010x}"
        people.append(
            {
                "person": person,
                "name": NAMES[i] if i < len(NAMES) else None,
                "before": before,
                "after": after,
                "low": after - 0.16,
                "high": after + 0.17,
                "events": 14 + 3 * i,
            }
        )
        reasons.append({"person": person, "rule": "outage", "events": 1, "contribution": -0.52 + 0.02 * i})
        reasons.append({"person": person, "rule": "effort", "events": 3, "contribution": -0.69 + 0.03 * i})
        if i % 3 == 0:
            reasons.append({"person": person, "rule": "breach of integrity", "events": 1, "contribution": -0.6})
    return pd.DataFrame(people), pd.DataFrame(reasons)


def _distribution(rng: np.random.Generator) -> pd.DataFrame:
    edges = np.linspace(0, 1, 21)
    people, _ = np.histogram(rng.beta(9.5, 3.8, PEOPLE), edges)
    return pd.DataFrame({"low": edges[:-1].round(4), "high": edges[1:].round(4), "people": people})


def _facets() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "facet": ["credibility", "integrity", "benevolence"],
            "value": [0.712, 0.758, 0.659],
            "low": [0.699, 0.741, 0.637],
            "high": [0.725, 0.775, 0.681],
            "n": [PEOPLE] * 3,
        }
    )


def _incidents() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": ["INC-201", "INC-233"],
            "opened_at": pd.to_datetime(["2026-03-02T08:00Z", "2026-11-03T05:40Z"]),
            "label": ["Hausse de tarif", OUTAGE],
            "people": [812, 4112],
        }
    )


OWN_RULE = "nom, prénom et date de naissance dans le même foyer"
IDENTITY = Identity(
    records=48211,
    people=31406,
    consolidation=1 - 31406 / 48211,
    sizes={1: 20110, 2: 8204, 3: 2100, 4: 700, 5: 201, 6: 60, 7: 20, 8: 7, 9: 1, 10: 3},
    largest=73,
    alarm=50,
    alarming=2,
    by_rule={
        "external_id": 9120,
        "email": 5210,
        "phone": 1804,
        OWN_RULE: 402,
        "same_as": 201,
        "linkage": 60,
        "human": 8,
    },
    by_source={"web": 21000, "salesforce": 15002, "zendesk": 8209, "boutique": 4000},
    waiting={"names": 212, "likeness": 84, "strong": 31, "either": 4, "rule": 2},
    set_aside=118,
    decisions=12,
)


def _rules() -> pd.DataFrame:
    columns = ["rule", "polarity", "weight", "half_life", "credibility", "integrity", "benevolence", "status"]
    rows = [(name, sign, w, h, *facets, "prior") for name, sign, w, h, facets, _ in RULES]
    return pd.DataFrame(rows, columns=columns)


def sample(**changes: Any) -> ReportData:
    """The company, with some fields changed."""
    rng = np.random.default_rng(7)
    rule_weeks = _rule_weeks(rng)
    fallers, reasons = _fallers()
    whole = ReportData(
        company="Maison Lenoir",
        as_of=AS_OF,
        counts=Counts(PEOPLE, 1204318, date(2023, 3, 1), date(2026, 11, 22)),
        today=Estimate(0.714, 0.702, 0.725, PEOPLE),
        change=Change(-0.021, -0.030, -0.013, 0.9998, date(2026, 10, 23), 30),
        prior=Prior(0.74, 4.0, "pooled"),
        ignorance=0.23,
        simulated=True,
        version="0.1.0",
        identity=IDENTITY,
        weeks=_weeks(rng, rule_weeks),
        facets=_facets(),
        figures=pd.DataFrame(FIGURES, columns=["measure", "window", "successes", "trials", "rate", "low", "high"]),
        distribution=_distribution(rng),
        rule_weeks=rule_weeks,
        movers=pd.DataFrame(MOVERS, columns=["rule", "label", "events", "people", "contribution", "low", "high"]),
        fallers=fallers,
        reasons=reasons,
        incidents=_incidents(),
        rules=_rules(),
    )
    return replace(whole, **changes)


def nothing() -> ReportData:
    """A workspace in which nothing has been imported yet."""
    return ReportData(company="Maison Lenoir", as_of=datetime(2026, 11, 22, tzinfo=UTC))
