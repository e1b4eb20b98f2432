"""What says nothing of trust but fills every log: pages seen, usage, downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gouttes.simulate.draft import Draft, joined

if TYPE_CHECKING:
    from gouttes.simulate.world import World

KINDS = (("page.viewed", 0.62, "web"), ("usage.recorded", 0.28, "app"), ("content.downloaded", 0.10, "web"))  # priors


def fill(world: World) -> None:
    """Complete the events up to the company's mean per person, spread by time as a customer and by pace."""
    company, people, rng = world.company, world.people, world.rng
    wanted = round(company.events_per_person * world.part.count) - world.events["t"].size
    if wanted <= 0:
        return
    since = np.maximum(people.joined, company.start_day)
    share = np.cumsum((company.end_day - since) * people.pace)
    who = np.searchsorted(share, rng.random(wanted) * share[-1]).astype("i4")
    t = since[who] + rng.random(wanted) * (company.end_day - since[who])
    bounds = np.searchsorted(np.cumsum([part for _, part, _ in KINDS]), rng.random(wanted)).clip(max=len(KINDS) - 1)
    draft = Draft()
    for code, (kind, _, channel) in enumerate(KINDS):
        these = bounds == code
        quantity = np.round(rng.exponential(20.0, int(these.sum())), 0) + 1.0 if kind == "usage.recorded" else np.nan
        draft.emit(kind, who[these], t[these], channel=channel, direction="in", quantity=quantity)
    world.events = joined([world.events, draft.columns(company.start_day, company.end_day)])
