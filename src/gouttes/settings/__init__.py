"""What ``gouttes.toml`` says: values that refuse rather than guess, and the text they are read from."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from gouttes.errors import BadInputError
from gouttes.settings.checks import SETTINGS_FILE, refuse_unknown, require
from gouttes.settings.identity import IdentitySettings
from gouttes.settings.relating import PledgeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT = 1


@dataclass(frozen=True)
class TrustSettings:
    """How a reading starts before any evidence.

    Attributes:
        prior_strength: n₀, how many units of evidence the prior is worth (prior).
        prior_mean: m, ``"pooled"`` for the company's own rate of good outcomes, or a number in (0, 1).
        sector_mean: share of good outcomes in the trade, in (0, 1), which stands above the company among the levels of
            trust (prior), or ``"absent"``.
        sector_strength: how many outcomes that share is worth (prior).
    """

    prior_strength: float = 4.0
    prior_mean: float | Literal["pooled"] = "pooled"
    sector_mean: float | Literal["absent"] = "absent"
    sector_strength: float = 100.0

    def __post_init__(self) -> None:
        require(self.prior_strength > 0, "[trust] prior_strength", "a number above 0", self.prior_strength)
        pooled = self.prior_mean == "pooled"
        inside = not isinstance(self.prior_mean, str) and 0 < self.prior_mean < 1
        require(pooled or inside, "[trust] prior_mean", "'pooled' or a number between 0 and 1", self.prior_mean)
        mean = self.sector_mean
        good = mean == "absent" if isinstance(mean, str) else 0 < mean < 1
        require(good, "[trust] sector_mean", "'absent' or a number between 0 and 1", mean)
        require(self.sector_strength > 0, "[trust] sector_strength", "a number above 0", self.sector_strength)


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
            require(value > 0, f"[behaviour] {each.name}", "a number above 0", value)


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
    pledge: PledgeSettings = field(default_factory=PledgeSettings)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require(bool(self.name.strip()), "name", "the company's name", self.name)
        require(_letters(self.currency, 3), "currency", "an ISO 4217 code such as EUR", self.currency)
        require(_letters(self.country, 2), "country", "an ISO 3166 code such as FR", self.country)
        known = self.timezone in available_timezones()
        require(known, "timezone", "an IANA name such as Europe/Paris", self.timezone)
        require(self.language in {"fr", "en"}, "language", "'fr' or 'en'", self.language)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone, ready to use."""
        return ZoneInfo(self.timezone)


def _letters(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isalpha() and text.isupper()


PARTS = {"trust": TrustSettings, "behaviour": BehaviourSettings, "pledge": PledgeSettings}


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
    parts = {name: _build(kind, raw.pop(name, {}), name) for name, kind in PARTS.items()}
    parts["identity"] = IdentitySettings.of(raw.pop("identity", {}))
    refuse_unknown(raw, ["company", *PARTS, "identity", "evidence"], "table")
    return _build(Settings, {**company, **parts, "rules": rules}, "company")


def _build(kind: type, values: Mapping[str, Any], table: str) -> Any:  # noqa: ANN401 -- one of three dataclasses
    known = [each.name for each in fields(kind)]
    refuse_unknown(values, known, f"setting of [{table}]")
    try:
        return kind(**values)
    except TypeError as error:
        raise BadInputError(f"[{table}] of {SETTINGS_FILE} cannot be read: {error}.") from error


def settings_text(settings: Settings) -> str:
    """The ``gouttes.toml`` of these settings, with every default written out so that it can be changed."""
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    company = {name: value for name, value in values.items() if isinstance(value, str | bool)}
    lines = [f"format = {FORMAT}", *_table("company", company)]
    lines += _table("trust", asdict(settings.trust))
    lines += _table("behaviour", asdict(settings.behaviour))
    lines += _table("identity", settings.identity.document())
    lines += _table("pledge", asdict(settings.pledge))
    lines += ["", '# [evidence.rules."promise kept"]   # any field of docs/reference/evidence.md', "# weight = 0.5"]
    return "\n".join(lines) + "\n"


def _table(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """A TOML table: its own values, then the tables and arrays of tables below it."""
    arrays = {key: value for key, value in values.items() if _is_array_of_tables(value)}
    below = {key: value for key, value in values.items() if isinstance(value, dict)}
    yield from ("", f"[{name}]")
    yield from (f"{_key(key)} = {_toml(value)}" for key, value in values.items() if key not in {*arrays, *below})
    for key, value in below.items():
        yield from _table(f"{name}.{_key(key)}", value) if value else ()
    for key, rows in arrays.items():
        for row in rows:
            yield from ("", f"[[{name}.{_key(key)}]]")
            yield from (f"{field} = {_toml(value)}" for field, value in row.items())


def _is_array_of_tables(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, dict) for each in value)


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(each)}' for key, each in value.items())} }}"
    return repr(value)
