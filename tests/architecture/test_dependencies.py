"""What the code imports is what it declares: nothing works only because the tests brought it along."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.architecture import tree


def plain(requirement: str) -> str:
    """The name of a package, without its version, as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]).lower()


def declared() -> set[str]:
    """Packages that an installation has, and those of the extras that the code itself asks for."""
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {plain(each) for each in [*project["dependencies"], *project["optional-dependencies"]["spark"]]}


def test_every_package_that_the_code_imports_is_declared() -> None:
    packages, may = packages_distributions(), declared()
    strangers = {
        f"{tree.name(path)} imports {top}"
        for path in tree.python_files("src")
        for top in {module.partition(".")[0] for module in tree.imports(path)}
        if top not in sys.stdlib_module_names
        and top != "gouttes"
        and not may & {plain(package) for package in packages.get(top, [])}
    }
    assert strangers == set()


def test_every_declared_package_is_locked() -> None:
    locked = {
        plain(line)
        for lock in ("requirements.lock", "requirements-dev.lock")
        for line in (tree.ROOT / lock).read_text(encoding="utf-8").splitlines()
        if line[:1].isalnum()
    }
    assert declared() - locked == set(), "Run `make lock`."
