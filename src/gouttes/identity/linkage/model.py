"""A linkage model: a small frozen value that scores two records and holds nobody's rare value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from math import log2
from typing import TYPE_CHECKING, Any

from gouttes.errors import BadInputError
from gouttes.identity.linkage.blocking import BlockKey, Part
from gouttes.identity.linkage.comparisons import Comparison, Field, Role
from gouttes.identity.linkage.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
"""Of :meth:`LinkageModel.to_json`."""

RAREST = 0.001
"""Share of the records below which a value's frequency is not kept (a prior)."""

FEWEST = 5
"""Records below which a value's frequency is not kept (a prior: the usual threshold of statistical disclosure)."""


@dataclass(frozen=True)
class Frequencies:
    """How common the values of a column are.

    Attributes:
        common: of the common values, the share of the records that have the column; none below :data:`RAREST` of the
            records or held by fewer than :data:`FEWEST`.
        rest: for every other value, the chance that another record holds the same.
    """

    common: Mapping[str, float]
    rest: float

    def of(self, value: str) -> float:
        """The frequency of a value."""
        return self.common.get(value, self.rest)


@dataclass(frozen=True)
class Weighted:
    """A comparison with its parameters.

    Attributes:
        comparison: what is compared.
        m: of each level, and of "none of these" at the end, the probability among pairs that are one person.
        u: the same among pairs that are not.
        frequencies: of the values, where agreement is weighed by them.
    """

    comparison: Comparison
    m: tuple[float, ...]
    u: tuple[float, ...]
    frequencies: Frequencies | None = None

    @property
    def weights(self) -> tuple[float, ...]:
        """Match weight of each level: log2(m/u), Fellegi & Sunter (1969), JASA 64(328)."""
        return tuple(log2(m / u) for m, u in zip(self.m, self.u, strict=True))

    def adjustment(self, value: str) -> float:
        """What full agreement on this value adds to the weight of the first level: log2(u / frequency), bits."""
        return 0.0 if self.frequencies is None else log2(self.u[0] / self.frequencies.of(value))


@dataclass(frozen=True)
class Home:
    """What the people of one home have in common, which must not count as often as there are fields for it.

    Fellegi & Sunter's weights add up where fields are independent. A family name, a street and a telephone are not:
    a couple shares them all. Together they weigh no more than ``most``.

    Attributes:
        columns: of the comparisons concerned.
        most: their largest weight together, in bits: log2(m/u) of agreeing on a home, where u is the probability that
            two people share one.
    """

    columns: tuple[str, ...]
    most: float


@dataclass(frozen=True)
class LinkageModel:
    """Fellegi & Sunter's model (1969), its weights adjusted for common values (Winkler 2000).

    Attributes:
        prior: the probability that two records drawn at random are one person.
        fields: the comparisons with their parameters.
        keys: the keys by which records meet.
        home: the fields that are no more together than a home, where there are such.
    """

    prior: float
    fields: tuple[Weighted, ...]
    keys: tuple[BlockKey, ...]
    home: Home | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of a record that the model looks at."""
        named = [name for each in self.fields for name in (each.comparison.column, *each.comparison.columns)]
        return tuple(dict.fromkeys([*named, *(name for key in self.keys for name in _columns(key))]))

    @property
    def prior_weight(self) -> float:
        """The weight before anything is compared: log2 of the prior odds."""
        return log2(self.prior / (1 - self.prior))

    def to_json(self) -> str:
        """The model as a text; :meth:`from_json` gives back an equal one."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> LinkageModel:
        """The model that :meth:`to_json` wrote.

        Raises:
            BadInputError: it is none, or of a later version.
        """
        try:
            told = json.loads(text)
            if told.get("format") != FORMAT:
                raise BadInputError(f"The linkage model has format {told.get('format')}, not {FORMAT}: train it again.")
            home = told["home"] and Home(tuple(told["home"]["columns"]), told["home"]["most"])
            return cls(told["prior"], tuple(map(_weighted, told["fields"])), tuple(map(_key, told["keys"])), home)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, BadInputError):
                raise
            raise BadInputError(f"This is no linkage model ({error}): train it again.") from error


def _columns(key: BlockKey) -> tuple[str, ...]:
    return tuple(part.column for part in (*key.parts, *key.then))


def _weighted(told: Any) -> Weighted:  # noqa: ANN401 -- a JSON object
    of, known = told["comparison"], told["frequencies"]
    field = Field(of["field"]["column"], Role(of["field"]["role"]), of["field"]["root"])
    levels = tuple(Level(each["name"], each["kind"], tuple(each["columns"]), each["most"]) for each in of["levels"])
    frequencies = Frequencies(known["common"], known["rest"]) if known else None
    return Weighted(
        Comparison(field, levels, of["by_frequency"]), tuple(told["m"]), tuple(told["u"]), frequencies
    )  # fmt: skip


def _key(told: Any) -> BlockKey:  # noqa: ANN401 -- a JSON object
    parts, then = (tuple(Part(each["column"], each["first"]) for each in told[name]) for name in ("parts", "then"))
    return BlockKey(parts, then, told["weak"], told["unordered"])
