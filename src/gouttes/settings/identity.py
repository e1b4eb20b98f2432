"""What ``gouttes.toml`` says of who is who: guards, rules, linkage, and the golden profile."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from gouttes.errors import BadInputError
from gouttes.settings.checks import SETTINGS_FILE, refuse_unknown, require

if TYPE_CHECKING:
    from collections.abc import Mapping

MATCH_FIELDS = (
    "external_id",
    "email",
    "phone",
    "name",
    "first_name",
    "last_name",
    "birth_date",
    "address",
    "postcode",
    "city",
    "country",
    "company",
)
"""What a rule may compare. ``name`` is first and last name together, ``address`` number, street and postcode."""

REACHED_BY = ("email", "phone")
"""The fields that people of one household, or of one office, may share."""

PREFERENCES = ("source", "recent", "filled")
PROFILE_GROUPS = ("name", "address", "email", "phone", "external_id", "company", "language", "birth_date")
"""What a profile chooses separately; ``name`` and ``address`` stand for all their fields."""

How = Literal["exact", "normalised", "fuzzy"]
HOWS = ("exact", "normalised", "fuzzy")


@dataclass(frozen=True)
class Condition:
    """One field that must agree.

    Attributes:
        field: one of :data:`MATCH_FIELDS`.
        how: ``exact`` as the source wrote it, ``normalised``, or ``fuzzy``.
        at_least: of a fuzzy condition, the least similarity: 1 - edit distance ÷ length of the longer text.
    """

    field: str
    how: How = "normalised"
    at_least: float = 1.0

    def __post_init__(self) -> None:
        refuse_unknown([self.field], MATCH_FIELDS, "field of [[identity.rules]]")
        refuse_unknown([self.how], HOWS, "way of comparing (`how` of [[identity.rules]])")
        fits = 0 < self.at_least < 1 if self.how == "fuzzy" else self.at_least == 1
        needed = "a number between 0 and 1 where `how` is 'fuzzy', and only there"
        require(fits, f"[[identity.rules]] at_least of {self.field}", needed, self.at_least)


@dataclass(frozen=True)
class MatchRule:
    """Two records are one person where all conditions hold; between rules, one is enough.

    Attributes:
        name: what the rule is called in explanations.
        all: the conditions; a fuzzy one needs another beside it that is not.
        then: ``link``, or ``review`` to put the pair before a person.
    """

    name: str
    all: tuple[Condition, ...]
    then: Literal["link", "review"] = "link"

    def __post_init__(self) -> None:
        table = f"[[identity.rules]] {self.name}"
        require(bool(self.name) and self.name.isprintable(), "[[identity.rules]] name", "a name", self.name)
        require(bool(self.all), f"{table}: all", "at least one condition", [])
        firm = any(each.how != "fuzzy" for each in self.all)
        needed = "an exact or normalised condition beside the fuzzy one: a likeness alone would compare everyone"
        require(firm, f"{table}: all", needed, [each.field for each in self.all])
        refuse_unknown([self.then], ("link", "review"), f"outcome of {table} (`then`)")

    @property
    def plain(self) -> bool:
        """Whether the rule is one normalised field."""
        return len(self.all) == 1 and self.all[0].how == "normalised"


DEFAULT_RULES = tuple(MatchRule(name, (Condition(name),)) for name in ("external_id", "email", "phone"))
DEFAULT_WEAK = {"salesforce": ("phone",), "dynamics": ("phone",)}
"""Business phones of a CRM are switchboards more often than not (prior)."""


@dataclass(frozen=True)
class LinkageSettings:
    """What probabilistic linkage may do once a model is trained (`gouttes people resolve`).

    Attributes:
        mode: ``review`` puts likely pairs before a person; ``link`` links the surest by itself; ``off``.
        precision: of ``link``, the least share of links that must be right, in expectation.
        review_at: the least probability of a pair that is put before a person (prior).
    """

    mode: Literal["link", "review", "off"] = "review"
    precision: float = 0.999
    review_at: float = 0.5

    def __post_init__(self) -> None:
        refuse_unknown([self.mode], ("link", "review", "off"), "mode of [identity.linkage]")
        for name in ("precision", "review_at"):
            value = getattr(self, name)
            require(0 < value < 1, f"[identity.linkage] {name}", "a number between 0 and 1", value)


@dataclass(frozen=True)
class ProfileSettings:
    """Which value of several a person's profile shows.

    Attributes:
        sources: source names, the most trusted first; others come after.
        prefer: ``source`` (by that rank), ``recent`` (newest first) or ``filled`` (the record that says most).
        fields: by field, the same two settings where that field is an exception.
    """

    sources: tuple[str, ...] = ()
    prefer: str = "recent"
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_unknown([self.prefer], PREFERENCES, "preference (`prefer` of [identity.profile])")
        refuse_unknown(self.fields, PROFILE_GROUPS, "field of [identity.profile.fields]")
        for name, own in self.fields.items():
            refuse_unknown(own, ("sources", "prefer"), f"setting of [identity.profile.fields.{name}]")
            refuse_unknown(
                [own.get("prefer", "recent")], PREFERENCES, f"preference of [identity.profile.fields.{name}]"
            )


@dataclass(frozen=True)
class IdentitySettings:
    """Who is who.

    Attributes:
        max_shared: a key held by more records than this joins nobody (prior); a declared link and an external id may.
        household: an e-mail or phone held under more different names than this joins nobody (prior).
        alarm: a person made of more records than this is reported (prior).
        strong: fields of which one source gives a person one value only: records that contradict each other there
            are never joined by a machine.
        ignore_dots: mail domains where a.b@ and ab@ are one mailbox; none by default.
        drop_plus: mail domains where a+shop@ and a@ are one mailbox; none by default.
        weak: by source, fields that join only where the names agree as well (prior).
        rules: what joins two records; the order is that of trust.
        linkage: see ``LinkageSettings``.
        profile: see ``ProfileSettings``.
    """

    max_shared: int = 100
    household: int = 6
    alarm: int = 50
    strong: tuple[str, ...] = ("external_id",)
    ignore_dots: tuple[str, ...] = ()
    drop_plus: tuple[str, ...] = ()
    weak: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(DEFAULT_WEAK))
    rules: tuple[MatchRule, ...] = DEFAULT_RULES
    linkage: LinkageSettings = field(default_factory=LinkageSettings)
    profile: ProfileSettings = field(default_factory=ProfileSettings)

    def __post_init__(self) -> None:
        for name in ("max_shared", "household", "alarm"):
            value = getattr(self, name)
            require(isinstance(value, int) and value > 1, f"[identity] {name}", "a whole number above 1", value)
        refuse_unknown(self.strong, MATCH_FIELDS, "field of [identity] strong")
        for source, names in self.weak.items():
            refuse_unknown(names, REACHED_BY, f"field of [identity.weak] {source}")
        named = [rule.name for rule in self.rules]
        require(len(named) == len(set(named)), "[[identity.rules]] name", "a name of its own for each rule", named)

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> IdentitySettings:
        """The settings that the table ``[identity]`` states.

        Raises:
            BadInputError: an unknown name, or a value that cannot be meant.
        """
        values = dict(raw)
        refuse_unknown(values, _names(cls), "setting of [identity]")
        if "rules" in values:
            values["rules"] = tuple(_rule(each) for each in values["rules"])
        for name, kind in {"linkage": LinkageSettings, "profile": ProfileSettings}.items():
            given = dict(values.get(name, {}))
            refuse_unknown(given, _names(kind), f"setting of [identity.{name}]")
            values[name] = kind(**_frozen(given))
        try:
            return cls(**_frozen(values))
        except TypeError as error:
            raise BadInputError(f"[identity] of {SETTINGS_FILE} cannot be read: {error}.") from error

    def document(self) -> dict[str, Any]:
        """The table ``[identity]`` of these settings, as people would write it."""
        rules = [{**asdict(rule), "all": [_written(each) for each in rule.all]} for rule in self.rules]
        return {**asdict(self), "rules": rules}


def _written(condition: Condition) -> str | dict[str, Any]:
    plain = condition == Condition(condition.field)
    fuzzy = condition.how == "fuzzy"
    told = {name: value for name, value in asdict(condition).items() if fuzzy or name != "at_least"}
    return condition.field if plain else told


def _names(kind: Any) -> list[str]:  # noqa: ANN401 -- a dataclass
    return [each.name for each in fields(kind)]


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    """TOML's arrays as tuples, so that equal settings are equal."""
    return {name: _still(value) for name, value in values.items()}


def _still(value: Any) -> Any:  # noqa: ANN401 -- whatever TOML can hold
    if isinstance(value, list):
        return tuple(_still(each) for each in value)
    return _frozen(value) if isinstance(value, dict) else value


def _rule(raw: Mapping[str, Any]) -> MatchRule:
    refuse_unknown(raw, ("name", "all", "then"), "setting of [[identity.rules]]")
    conditions = tuple(_condition(each) for each in raw.get("all", ()))
    return MatchRule(str(raw.get("name", "")), conditions, raw.get("then", "link"))


def _condition(raw: str | Mapping[str, Any]) -> Condition:
    if isinstance(raw, str):
        return Condition(raw)
    refuse_unknown(raw, ("field", "how", "at_least"), "setting of a condition of [[identity.rules]]")
    return Condition(str(raw.get("field", "")), raw.get("how", "normalised"), raw.get("at_least", 1.0))
