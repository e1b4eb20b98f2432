"""Fixtures every part shares: an engine, local Spark, real data where there are any.

A test that needs something the machine lacks (Java, a browser) is skipped with the reason. Under continuous
integration (``CI=true``) that skip is a failure, so that no suite goes quietly missing. Real data are the one
exception: they may not be in the repository, so their absence is printed and allowed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from gouttes import engines

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
NO_DATA = "real data absent"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci",
    deadline=None,  # a shared machine is slow at times, and that is no fault of the code
    derandomize=True,  # a red build must be the fault of the change under test
    suppress_health_check=[HealthCheck.too_slow],  # same reason as the deadline
)
settings.load_profile("ci" if IN_CI else "dev")


def lacking(reason: str) -> NoReturn:
    """Skip for want of a tool; fail instead under continuous integration, which must install it."""
    if IN_CI:
        pytest.fail(f"CI must have what the suite needs: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses Spark says so, or ``-m "not spark"`` would not mean what it says."""
    forgotten = [
        item.nodeid
        for item in items
        if "spark" in getattr(item, "fixturenames", ()) and item.get_closest_marker("spark") is None
    ]
    if forgotten:
        raise pytest.UsageError(f"These tests use the fixture `spark`: mark them @pytest.mark.spark. {forgotten}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under continuous integration a skip is a failure, except for real data."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and NO_DATA not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI, where everything must run: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module skipped as a whole (``pytest.importorskip``) is judged like a skipped test."""
    report = yield
    if IN_CI and report.skipped and NO_DATA not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"module skipped under CI, where everything must run: {report.longrepr}"
    return report


@pytest.fixture
def duck() -> Any:
    """A fresh DuckDB connection, in memory."""
    return engines.connect()


@pytest.fixture(scope="session")
def spark() -> Any:
    """One local Spark for the whole run: starting it takes seconds."""
    if importlib.util.find_spec("pyspark") is None:
        lacking("PySpark is not installed: `pip install 'gouttes[spark]'`")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        lacking("Java (17 or later) is not installed")
    return engines.connect("local")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The command that starts Chromium, for what only a browser can show."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        lacking("Chromium is not installed")
    return found


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets, one folder each. Setting: GOUTTES_TEST_DATA (default ../shared/data beside the repository)."""
    folder = Path(os.environ.get("GOUTTES_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"{NO_DATA}: {folder} is not a folder. Set GOUTTES_TEST_DATA.")
    return folder
