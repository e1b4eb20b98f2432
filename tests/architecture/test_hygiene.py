"""What must not be in the repository, whatever it does."""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING

import pytest
from tests.architecture import tree

if TYPE_CHECKING:
    from pathlib import Path

# One letter of each stands in brackets, so that this file does not find itself.
PLACES = {
    "a path of one machine": r"(?<![\w.])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+)/",
    "the address of a package registry": r"[p]ypi\.org/simple|[p]ythonhosted\.org|[n]pmjs\.org|[d]eb\.debian\.org",
    "a choice of package index": r"--(?:extra-)?[i]ndex-url|--[f]ind-links",
}
# A refusal of an index is no choice of one.
ALLOWED = re.compile(r"--no-emit-[\w-]+")

SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover)(.*)$")
WITH_REASON = {
    "noqa": re.compile(r"^: [A-Z]+[0-9]+(?:, ?[A-Z]+[0-9]+)* -- \S.{3,}"),
    "type": re.compile(r"^\[[\w, -]+\]\s+# \S.{3,}"),  # mypy refuses ` -- `
    "pragma": re.compile(r"^ (?:--|#) \S.{3,}"),
}


def texts() -> list[tuple[str, str]]:
    """Every tracked text file with its content."""
    found = []
    for path in tree.tracked():
        try:
            found.append((tree.name(path), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a picture, or a test file in another encoding
    return found


@pytest.mark.parametrize("what", PLACES)
def test_no_tracked_file_names(what: str) -> None:
    pattern = re.compile(PLACES[what])
    found = [
        f"{name}:{number}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(ALLOWED.sub("", line))
    ]
    assert found == [], f"These lines name {what}."


def comments(path: Path) -> list[tuple[int, str]]:
    """Line and text of each comment of a Python file."""
    with path.open("rb") as handle:
        tokens = list(tokenize.tokenize(handle.readline))
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def test_every_silenced_rule_says_why_on_the_same_line() -> None:
    bare = [
        f"{tree.name(path)}:{line}: {comment}"
        for path in tree.python_files("src", "tests", "bench", "scripts")
        for line, comment in comments(path)
        if (match := SILENCED.search(comment)) and not reasoned(match[1], match[2])
    ]
    assert bare == [], "Name the rule and say why: `# noqa: RULE -- reason` or `# type: ignore[rule]  # reason`."


def reasoned(tool: str, rest: str) -> bool:
    """Whether what follows a silencing comment names its rule and gives a reason."""
    return WITH_REASON[tool.partition(":")[0]].match(rest) is not None


@pytest.mark.parametrize(
    ("tool", "rest", "good"),
    [
        ("noqa", ": A001 -- reads like `open`", True),
        ("noqa", ": ANN401, PLC0415 -- Ibis is untyped", True),
        ("noqa", ": A001", False),
        ("noqa", "", False),
        ("type: ignore", "[arg-type]  # the stub is behind", True),
        ("type: ignore", "[arg-type]", False),
        ("type: ignore", "", False),
        ("pragma: no cover", " -- Windows alone", True),
        ("pragma: no cover", "", False),
    ],
)
def test_a_bare_silencing_is_told_from_a_reasoned_one(tool: str, rest: str, *, good: bool) -> None:
    assert reasoned(tool, rest) is good


def test_no_lock_names_a_place_and_every_line_has_its_hash() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (tree.ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert packages, f"{lock} is empty."
        wrong = [line[:60] for line in packages if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)]
        assert wrong == [], f"{lock}: run `make lock`."


def test_the_locks_agree() -> None:
    run, dev = (dict(versions(lock)) for lock in ("requirements.lock", "requirements-dev.lock"))
    differing = {
        package: (version, dev.get(package)) for package, version in run.items() if dev.get(package) != version
    }
    assert differing == {}


def versions(lock: str) -> list[tuple[str, str]]:
    """Package and version of each line of a lock."""
    return re.findall(r"^([\w.-]+)==(\S+)", (tree.ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
