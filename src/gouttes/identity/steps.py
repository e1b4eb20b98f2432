"""Named rules on a text column, so that whoever asks is told which rule changed what.

A rule is an Ibis expression in functions and regular expressions that all engines share (no look-around, no
back-reference in a replacement: engines write them differently). A rule names its input once wherever it can, because
an expression repeats its input as often as it is named; :func:`folded` names it more often and therefore comes first.
"""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import ibis

from gouttes.errors import MissingColumnsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import ibis.expr.types as ir


@dataclass(frozen=True)
class Step:
    """A named rule.

    Attributes:
        name: what the rule is called in the texts (``step.<name>``).
        apply: from a text column to a text column; empty where the text says nothing.
        marks: whether it has nothing to do on plain words (see :data:`PLAIN_WORDS`) in lower case.
    """

    name: str
    apply: Callable[[ir.StringValue], ir.StringValue]
    marks: bool = False


@dataclass(frozen=True)
class Change:
    """What one rule did to a text.

    Attributes:
        step: the rule's name.
        before: the text it was given.
        after: the text it gave; none where it found that the text says nothing.
    """

    step: str
    before: str
    after: str | None


def cleaned(value: ir.StringValue, steps: Iterable[Step]) -> ir.StringValue:
    """A text column after all the rules, in their order; null where nothing is left."""
    return after(value, steps).nullif("")


def after(value: ir.StringValue, steps: Iterable[Step]) -> ir.StringValue:
    """:func:`cleaned`, but empty where nothing is left (null stays null): an engine computes twice what it compares."""
    return reduce(lambda text, step: step.apply(text), steps, value)


def quickly(value: ir.StringValue, steps: Sequence[Step]) -> ir.StringValue:
    """What :func:`after` gives, for steps that begin with :data:`CASE_AND_ACCENTS`.

    Most texts are plain words: they skip the rules on accents and marks, the dearest. ``value``, which is named often,
    should be a column as stored.
    """
    few = [step for step in steps if not step.marks]
    return ibis.ifelse(value.re_search(PLAIN_WORDS), after(value.lower(), few), after(value, steps))


def changes(text: str, steps: Sequence[Step]) -> tuple[Change, ...]:
    """Which rules changed a text, in their order."""
    found = changes_in(ibis.memtable({"value": [text]}), steps).order_by("place").to_pyarrow().to_pylist()
    return tuple(Change(each["step"], each["before"], each["after"]) for each in found)


def changes_in(table: ir.Table, steps: Sequence[Step]) -> ir.Table:
    """Which rules changed the texts of a small table: a rule after the other, each computes those before it again.

    Args:
        table: has a text column ``value``.
        steps: at least one.

    Returns:
        ``value, place, step, before, after``: one row per text and rule that changed it; ``place`` is the rule's
        place in ``steps``, from 0; ``after`` is null where the rule found that the text says nothing.

    Raises:
        MissingColumnsError: ``table`` has no column ``value``.
    """
    if "value" not in table.columns:
        raise MissingColumnsError("identity.changes_in", {"value"}, table.columns, "Rename the column of texts.")
    value = table["value"]
    rows = [
        table.select(
            "value",
            place=ibis.literal(place, "int64"),
            step=ibis.literal(step.name),
            before=cleaned(value, steps[:place]),
            after=cleaned(value, steps[: place + 1]),
        )
        for place, step in enumerate(steps)
    ]
    told = ibis.union(*rows) if len(rows) > 1 else rows[0]
    return told.filter(told["before"].notnull() & ~told["before"].identical_to(told["after"]))


@cache
def words(name: str) -> dict[str, Any]:
    """A data file beside this one (``first_names``, ``name_words``, ``place_words``), read once."""
    return tomllib.loads(files(__package__).joinpath(f"{name}.toml").read_text("utf-8"))


def looked_up(value: ir.StringValue, table: dict[str, str]) -> ir.StringValue:
    """What a table says of a text without marks; empty where it has no such text.

    The table goes to the engine as one long text, which is many times faster to plan than a map of its words. Bars go
    before it, as many as the longest word has letters: there one lands who finds nothing.
    """
    longest = max(map(len, table))
    words_and_others = "|".join(f"{word}={other}" for word, other in table.items())
    listed = ibis.literal(f"{'|' * (longest + 2)}{words_and_others}|")
    place = listed.find(ibis.literal("|") + value + "=") + ibis.least(value.length(), longest) + 2
    return listed.substr(place, max(map(len, table.values()))).re_extract("^[^|]*", 0)


def any_of(choices: Iterable[str]) -> str:
    """An expression that holds of each of the words, the longest tried first."""
    return f"(?:{'|'.join(sorted(choices, key=lambda word: (-len(word), word)))})"


# --- letters ----------------------------------------------------------------------------------------------------------

PLAIN_WORDS = "^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$"
"""Words of ASCII letters and digits, one space apart."""

NOT_PLAIN = "[^ -~]"
"""A character outside printable ASCII."""

MARKS = "[\u0300-\u036f\u200b\u200c\u200d\u2060\ufeff\u00ad]"
"""Accents written as characters of their own, and what is not seen at all."""

LETTERS = {
    **dict(zip("àâäáãåçéèêëíìîïñóòôöõøúùûüýÿ", "aaaaaaceeeeiiiinoooooouuuuyy", strict=True)),
    "œ": "oe",
    "æ": "ae",
    "ß": "ss",
    **dict.fromkeys("\u2019\u2018\u02bc\u0060\u00b4\u2032", "'"),
    **dict.fromkeys("\u00a0\u202f\u2009\t\n\r", " "),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
}
"""What French, Spanish, Portuguese, German and the Nordic languages add to ASCII, and how people type ' and -."""


def _base(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]


@cache
def rare_letters() -> dict[str, str]:
    """Accented lower-case Latin letters that are not in :data:`LETTERS`, each with its ASCII letter."""
    latin = map(chr, (*range(0xE0, 0x250), *range(0x1E00, 0x1F00)))
    plain = {
        letter: _base(letter)
        for letter in latin
        if letter not in LETTERS and letter == letter.lower() and _base(letter).isascii() and _base(letter).islower()
    }
    return {**plain, **dict(zip("đðłħıþ", "ddlhit", strict=True)), "ς": "\u03c3"}


def folded(value: ir.StringValue) -> ir.StringValue:
    """A text in lower case without accents; letters of other scripts stay. No transcription: ``ü`` gives ``u``."""
    low = value.lower()
    single = {letter: plain for letter, plain in LETTERS.items() if len(plain) == 1}
    several = [pair for pair in LETTERS.items() if pair[0] not in single]
    common = reduce(lambda text, pair: text.replace(*pair), several, _translated(low, single))
    bare = _translated(common.re_replace(MARKS, ""), rare_letters())
    # Most texts are plain, and a translation costs more than a look.
    return ibis.cases(
        (~value.re_search(NOT_PLAIN), low),
        (low.re_search(f"[^ -~{''.join(LETTERS)}]"), bare),
        else_=common,
    )


def _translated(value: ir.StringValue, letters: dict[str, str]) -> ir.StringValue:
    return value.translate("".join(letters), "".join(letters.values()))


def folded_text(text: str) -> str:
    """:func:`folded` for one text, to prepare word lists."""
    low = "".join(LETTERS.get(letter, letter) for letter in text.lower())
    bare = "".join(letter for letter in low if not unicodedata.combining(letter))
    return "".join(rare_letters().get(letter, letter) for letter in bare)


# --- rules that several fields share ----------------------------------------------------------------------------------


def replaced(pattern: str, by: str = "") -> Callable[[ir.StringValue], ir.StringValue]:
    """A rule that replaces what an expression finds."""
    return lambda value: value.re_replace(pattern, by)


def worded(table: dict[str, str]) -> Callable[[ir.StringValue], ir.StringValue]:
    """A rule that replaces whole words, by nothing or by another; in the text, one space between words.

    On doubled spaces two words never share one, and a chain of plain replacements is faster than expressions. Names its
    input twice: a look at whether there is any of the words is cheaper still.
    """
    by_word: dict[str, list[str]] = {}
    for word, other in table.items():
        by_word.setdefault(other, []).append(word)

    def one(text: ir.StringValue, other: str, forms: list[str]) -> ir.StringValue:
        if len(forms) > A_FEW:
            return text.re_replace(f" {any_of(forms)} ", f" {other} ")
        return reduce(lambda text, form: text.replace(f" {form} ", f" {other} "), forms, text)

    def apply(value: ir.StringValue) -> ir.StringValue:
        apart = ibis.literal(" ") + value.replace(" ", "  ") + " "
        chain = reduce(lambda text, pair: one(text, *pair), by_word.items(), apart)
        return ibis.ifelse(value.re_search(f"(?:^| ){any_of(table)}(?: |$)"), blanks(chain), value)

    return apply


A_FEW = 8
"""Plain replacements that cost as much as an expression."""


def blanks(value: ir.StringValue) -> ir.StringValue:
    """One space between words, none around them. An expression that found every space would be four times slower."""
    return value.re_replace("  +", " ").re_replace("^ +| +$", "")


def single_spaced(value: ir.StringValue) -> ir.StringValue:
    """Everything but letters and digits becomes one space between words."""
    return blanks(value.re_replace(r"[^\p{L}\p{M}\p{N} ]", " "))


MARK = r"[ -/:-@\[-`{-~]"
"""A blank or a mark of ASCII: what punctuation rules take off, before they do."""

APART = rf"['-]*[ -&(-,./:-@\[-`{{-~]{MARK}*"
"""What parts two words, before punctuation is gone: not a hyphen or an apostrophe alone."""


def placeholder(*more: str, between: str = " ") -> Step:
    """The rule that a way of writing "none" says nothing, on a text in lower case and single-spaced.

    Args:
        more: further expressions that say nothing in one field.
        between: an expression for what parts the words of the text.
    """
    word = any_of([*words("name_words")["placeholders"], "x+", "0+", *more])
    around = "" if between == " " else f"(?:{between})?"
    blank = f"^{around}{word}(?:{between}{word})*{around}$"
    return Step("placeholder", lambda value: value.re_replace(blank, ""))


CASE_AND_ACCENTS = Step("case_and_accents", folded, marks=True)
PUNCTUATION = Step("punctuation", single_spaced, marks=True)
