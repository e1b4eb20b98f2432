"""What Gouttes says is complete in both languages, and set as each is printed."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime

import pytest

from gouttes.errors import BadInputError
from gouttes.language import CODES, Language, UnknownWordsError
from gouttes.language.catalogue import NARROW, catalogue, typeset

FRENCH, ENGLISH = Language("fr"), Language("en")


def values_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(catalogue("fr")) == set(catalogue("en"))


@pytest.mark.parametrize("key", sorted(catalogue("fr")))
def test_every_form_of_a_text_takes_the_same_values(key: str) -> None:
    """``one`` may leave ``n`` unsaid (a single promise); nothing else may differ."""
    texts = [text for code in CODES for text in catalogue(code)[key].values()]
    assert len({frozenset(values_of(text) - {"n"}) for text in texts}) == 1
    assert all(len(catalogue(code)[key]) == len(catalogue("fr")[key]) for code in CODES)


@pytest.mark.parametrize("code", CODES)
def test_no_text_is_empty_or_left_untypeset(code: str) -> None:
    for forms in catalogue(code).values():
        for text in forms.values():
            assert text.strip()
            assert "\u2014" not in text, f"plain sentences, no em dash: {text}"
            assert text == typeset(text, code)


def test_french_puts_a_narrow_space_before_double_punctuation() -> None:
    assert typeset("Perdue : l'an dernier ! 71 % ; « oui » ?", "fr") == (
        f"Perdue{NARROW}: l’an dernier{NARROW}! 71{NARROW}%{NARROW}; «{NARROW}oui{NARROW}»{NARROW}?"  # noqa: RUF001 -- the typographic apostrophe is the point
    )


def test_a_key_that_is_not_there_is_an_error_and_says_so() -> None:
    with pytest.raises(UnknownWordsError, match=r"'fr' cannot say 'no\.such\.key'"):
        FRENCH.say("no.such.key")


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UnknownWordsError, match="needs a value for 'n'"):
        FRENCH.say("unit.days")


def test_a_value_is_never_read_as_a_template() -> None:
    assert FRENCH.say("unit.days", n="{key} jours?").startswith("{key} jours?")


@pytest.mark.parametrize(
    ("n", "french", "english"),
    [(0, "0 jour", "0 days"), (1, "1 jour", "1 day"), (2, "2 jours", "2 days"), (2.5, "2,5 jours", "2.5 days")],
)
def test_plural_follows_each_language(n: float, french: str, english: str) -> None:
    assert (FRENCH.days(n), ENGLISH.days(n)) == (french, english)


def test_numbers_are_written_as_their_readers_write_them() -> None:
    assert FRENCH.number(18204) == f"18{NARROW}204"
    assert ENGLISH.number(18204) == "18,204"
    assert FRENCH.number(-0.6249, 2) == "\N{MINUS SIGN}0,62"
    assert FRENCH.number(0.62, 2, sign=True) == "+0,62"
    assert ENGLISH.number(-0.001, 2, sign=True) == "0.00"


def test_a_number_nobody_knows_is_a_dash() -> None:
    dash = "\N{EN DASH}"
    assert [FRENCH.number(float("nan")), FRENCH.percent(float("inf")), FRENCH.money(float("nan"), "EUR")] == [dash] * 3


def test_percentages_and_points() -> None:
    assert FRENCH.percent(0.714) == f"71,4{NARROW}%"
    assert ENGLISH.percent(0.714, 0) == "71%"
    assert FRENCH.points(-0.021) == "\N{MINUS SIGN}2,1"
    assert ENGLISH.points(0.021) == "+2.1"


def test_money_keeps_its_currency() -> None:
    assert FRENCH.money(1204.5, "EUR") == f"1{NARROW}204,50\N{NO-BREAK SPACE}€"
    assert ENGLISH.money(-1204.5, "EUR", 0) == "\N{MINUS SIGN}€1,204"


def test_dates() -> None:
    day = date(2026, 11, 22)
    assert (FRENCH.date(day), ENGLISH.date(day)) == ("22 novembre 2026", "22 November 2026")
    assert FRENCH.date(date(2026, 11, 1)) == "1er novembre 2026"
    assert FRENCH.date(day, "month") == "nov. 2026"
    assert FRENCH.moment(datetime(2026, 11, 22, 9, 40, tzinfo=UTC)) == f"22 novembre 2026, 9{NARROW}h{NARROW}40"


def test_lists() -> None:
    assert FRENCH.listing(["a", "b", "c"]) == "a, b et c"
    assert ENGLISH.listing(["a"]) == "a"
    assert ENGLISH.listing([]) == ""


@pytest.mark.parametrize(
    ("value", "code"),
    [("fr_FR.UTF-8", "fr"), ("FR", "fr"), ("de:fr", "fr"), ("en_US", "en"), ("C", "en"), ("", "en"), (None, "en")],
)
def test_the_locale_chooses_the_language(value: str | None, code: str) -> None:
    assert Language.from_locale(value).code == code


def test_a_language_that_is_not_spoken_is_refused() -> None:
    with pytest.raises(BadInputError, match="--lang takes fr or en, not 'de'"):
        Language("de")


def test_a_label_somebody_made_up_is_shown_as_it_is() -> None:
    assert FRENCH.label("rule.name", "mon usage à moi") == "mon usage à moi"
