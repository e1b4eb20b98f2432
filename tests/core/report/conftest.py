"""The invented company, rendered once for all tests: drawing its charts takes a second or two."""

from __future__ import annotations

import pytest
from tests.core.report.sample import sample

from gouttes.language import Language
from gouttes.report import ReportData, render


@pytest.fixture(scope="session")
def company() -> ReportData:
    return sample()


@pytest.fixture(scope="session")
def french_page(company: ReportData) -> str:
    return render(company, Language("fr"))


@pytest.fixture(scope="session")
def english_page(company: ReportData) -> str:
    return render(company, Language("en"))
