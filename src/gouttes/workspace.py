"""One folder that holds everything a company gave: settings, log, people, insights, rejects.

A folder is a workspace when it holds ``gouttes.toml``; that file is written last, so an interrupted ``init`` leaves
a folder that ``init`` can take up again. Whatever replaces a file is durable before it takes the file's place.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from gouttes.errors import BadInputError, NewerWorkspaceError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = 1
SETTINGS_FILE = "gouttes.toml"


@dataclass(frozen=True)
class TrustSettings:
    """How a reading starts before any evidence.

    Attributes:
        prior_strength: n₀, how many units of evidence the prior is worth (prior).
        prior_mean: m, ``"pooled"`` for the company's own rate of good outcomes, or a number in (0, 1).
    """

    prior_strength: float = 4.0
    prior_mean: float | Literal["pooled"] = "pooled"

    def __post_init__(self) -> None:
        _require(self.prior_strength > 0, "[trust] prior_strength", "a number above 0", self.prior_strength)
        pooled = self.prior_mean == "pooled"
        inside = not isinstance(self.prior_mean, str) and 0 < self.prior_mean < 1
        _require(pooled or inside, "[trust] prior_mean", "'pooled' or a number between 0 and 1", self.prior_mean)


@dataclass(frozen=True)
class BehaviourSettings:
    """Windows, in days, of the behaviours.

    Attributes:
        window_days: L, how long an outbound touch or a reward counts as a prompt.
        topic_days: how long the same topic counts as the same matter.
        reopen_days: how long a solved ticket must hold to count as solved at the first contact.
        minimum_rhythm_days: no rhythm is taken to be shorter (prior).
        missed_cap: most missed opportunities counted in one silence (prior).
    """

    window_days: float = 14
    topic_days: float = 30
    reopen_days: float = 14
    minimum_rhythm_days: float = 7
    missed_cap: int = 12

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            _require(value > 0, f"[behaviour] {each.name}", "a number above 0", value)


@dataclass(frozen=True)
class IdentitySettings:
    """Guards of identity.

    Attributes:
        max_shared: an e-mail or phone held by more subjects than this joins nobody (prior).
    """

    max_shared: int = 100

    def __post_init__(self) -> None:
        _require(self.max_shared > 1, "[identity] max_shared", "a whole number above 1", self.max_shared)


@dataclass(frozen=True)
class Settings:
    """What ``gouttes.toml`` says.

    Attributes:
        name: the company.
        currency: ISO 4217 code of amounts whose source gives none.
        timezone: IANA name, for times whose source gives no offset.
        country: ISO 3166 two letters, for phone numbers without a country code.
        language: ``fr`` or ``en``, of reports.
        simulated: the data are invented; every page says so.
        rules: overrides of the evidence rules, by rule name, as in ``[evidence.rules."promise kept"]``.
    """

    name: str
    currency: str = "EUR"
    timezone: str = "Europe/Paris"
    country: str = "FR"
    language: str = "fr"
    simulated: bool = False
    trust: TrustSettings = field(default_factory=TrustSettings)
    behaviour: BehaviourSettings = field(default_factory=BehaviourSettings)
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(bool(self.name.strip()), "name", "the company's name", self.name)
        _require(_letters(self.currency, 3), "currency", "an ISO 4217 code such as EUR", self.currency)
        _require(_letters(self.country, 2), "country", "an ISO 3166 code such as FR", self.country)
        known = self.timezone in available_timezones()
        _require(known, "timezone", "an IANA name such as Europe/Paris", self.timezone)
        _require(self.language in {"fr", "en"}, "language", "'fr' or 'en'", self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, ready to use."""
        return ZoneInfo(self.timezone)


def _letters(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isalpha() and text.isupper()


def _require(holds: bool, name: str, needed: str, found: object) -> None:  # noqa: FBT001 -- an assertion in words
    if not holds:
        raise BadInputError(f"Setting `{name}` needs {needed}, found {found!r}. Mend it in {SETTINGS_FILE}.")


def parse_settings(text: str) -> Settings:
    """The settings that a ``gouttes.toml`` states.

    Raises:
        BadInputError: not TOML, an unknown setting, or a value out of its range.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"{SETTINGS_FILE} is not valid TOML: {error}. Mend that line.") from error
    raw.pop("format", None)
    company = raw.pop("company", {})
    rules = raw.pop("evidence", {}).get("rules", {})
    parts = {
        name: _build(kind, raw.pop(name, {}), name)
        for name, kind in {"trust": TrustSettings, "behaviour": BehaviourSettings, "identity": IdentitySettings}.items()
    }
    _refuse_unknown(raw, ["company", "trust", "behaviour", "identity", "evidence"], "table")
    return _build(Settings, {**company, **parts, "rules": rules}, "company")


def _build(kind: type, values: Mapping[str, Any], table: str) -> Any:  # noqa: ANN401 -- one of three dataclasses
    known = [each.name for each in fields(kind)]
    _refuse_unknown(values, known, f"setting of [{table}]")
    try:
        return kind(**values)
    except TypeError as error:
        raise BadInputError(f"[{table}] of {SETTINGS_FILE} cannot be read: {error}.") from error


def _refuse_unknown(values: Mapping[str, Any], known: list[str], what: str) -> None:
    for name in values:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f" Did you mean '{near[0]}'?" if near else f" Known: {', '.join(known)}."
            raise BadInputError(f"{SETTINGS_FILE}: there is no {what} named '{name}'.{meant}")


def settings_text(settings: Settings) -> str:
    """The ``gouttes.toml`` of these settings, with every default written out so that it can be changed."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    company = {name: value for name, value in values.items() if not is_dataclass(value) and name != "rules"}
    tables: list[tuple[str, Mapping[str, Any]]] = [("company", company)]
    tables += [(name, asdict(value)) for name, value in values.items() if is_dataclass(value)]  # type: ignore[arg-type]  # mypy does not narrow in a comprehension
    lines = [f"format = {FORMAT}"]
    for name, table in tables:
        lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    lines += ["", '# [evidence.rules."promise kept"]   # any field of docs/reference/evidence.md', "# weight = 0.5"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


@dataclass(frozen=True)
class Workspace:
    """The places of a workspace, and what its settings say."""

    root: Path
    settings: Settings

    @classmethod
    def create(cls, root: str | os.PathLike[str], settings: Settings) -> Workspace:
        """Make a new workspace in a folder that is absent or empty.

        Raises:
            WorkspaceError: the folder holds something else, or cannot be written.
        """
        path = Path(root)
        if (path / SETTINGS_FILE).exists():
            raise WorkspaceError(f"{path} is a workspace already: use it, or choose another folder.")
        strangers = {each.name for each in path.iterdir()} - set(PLACES) if path.is_dir() else set()
        if strangers or path.is_file():
            raise WorkspaceError(
                f"{path} holds other things ({', '.join(sorted(strangers))[:80]}): choose a new folder."
            )
        with disk_errors(path):
            for place in PLACES:
                (path / place).mkdir(parents=True, exist_ok=True)
            (path / "people").chmod(0o700)
            replace_file(path / SETTINGS_FILE, settings_text(settings))
        return cls(path, settings)

    @classmethod
    def open(cls, root: str | os.PathLike[str]) -> Workspace:
        """Open an existing workspace.

        Raises:
            WorkspaceError: there is none.
            NewerWorkspaceError: a later version of Gouttes made it.
            BadInputError: its settings cannot be read.
        """
        path = Path(root)
        try:
            text = (path / SETTINGS_FILE).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise WorkspaceError(
                f"{path} is not a workspace: it has no {SETTINGS_FILE}. Make one with `gouttes init {path} --name …`."
            ) from error
        found = _format(text)
        if found > FORMAT:
            raise NewerWorkspaceError(str(path), found, FORMAT)
        return cls(path, parse_settings(text))

    @property
    def log(self) -> Path:
        """Folder of the event log."""
        return self.root / "log"

    @property
    def people(self) -> Path:
        """Folder of personal data."""
        return self.root / "people"

    @property
    def insights(self) -> Path:
        """Folder of what a run publishes."""
        return self.root / "insights"

    @property
    def rejects(self) -> Path:
        """Folder of the rows that an import set aside."""
        return self.root / "rejects"

    @contextmanager
    def lock(self, name: str = "log") -> Iterator[None]:
        """Hold a lock of this workspace; other processes wait. It falls away when a process dies."""
        with disk_errors(self.root), (self.root / f".{name}.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


PLACES = ("log", "people", "insights", "rejects")


def _format(text: str) -> int:
    try:
        found = tomllib.loads(text).get("format", FORMAT)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"{SETTINGS_FILE} is not valid TOML: {error}. Mend that line.") from error
    return int(found)


def replace_file(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, finds either the old text or the new, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(path)
    _sync(path.parent)


def make_durable(path: Path) -> None:
    """Have the disk hold a file, or every file of a folder, before anything refers to it."""
    for each in [*path.rglob("*"), path] if path.is_dir() else [path]:
        _sync(each)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk says into words a person can act on."""
    try:
        yield
    except WorkspaceError:
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.ENOSPC or "No space left" in str(error):  # the engines have errors of their own for it
            raise WorkspaceError(
                f"The disk of {path} is full. What was acknowledged before is safe; make room, then run the same "
                "command again: it takes up where it stopped."
            ) from error
        if isinstance(error, OSError) and number in {errno.EACCES, errno.EROFS, errno.EPERM}:
            raise WorkspaceError(f"{error.filename or path} cannot be written: {error.strerror}.") from error
        raise
