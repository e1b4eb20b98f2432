"""One simulated company for all the tests of this folder: its truth is read, never changed."""

from __future__ import annotations

import pytest

from gouttes.simulate import Company, Truth, simulate


@pytest.fixture(scope="session")
def company() -> Company:
    return Company(people=1_500, seed=7)


@pytest.fixture(scope="session")
def truth(company: Company) -> Truth:
    return simulate(company)
