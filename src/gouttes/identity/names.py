"""Names of people and companies in a form that can be compared, and whether two names contradict each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import ibis

from gouttes import engines
from gouttes.identity.steps import (
    APART,
    CASE_AND_ACCENTS,
    MARK,
    PUNCTUATION,
    Step,
    after,
    any_of,
    blanks,
    cleaned,
    looked_up,
    placeholder,
    quickly,
    replaced,
    worded,
    words,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

SHORT = 5
"""Letters: below, one letter makes another first name (Paul and Raul, Jean and Joan); from there on it may be a slip of
the pen (Sandrine and Sandrinne). Prior."""

FORM_DOTS = r"[.'\"]+"
NO_LETTER = "[0-9]+"

# --- rules on words ---------------------------------------------------------------------------------------------------


def _titles(short: bool) -> Step:  # noqa: FBT001 -- of a full name
    known = words("name_words")
    title = any_of([*known["titles"], *(known["short_titles"] if short else ())])
    between = any_of(known["between_titles"])
    return Step("titles", replaced(f"^{MARK}*(?:{title}{APART}(?:{between}{APART})?)+"))


def _suffixes() -> Step:
    return Step("suffixes", replaced(f"(?:{APART}{any_of(words('name_words')['suffixes'])})+{MARK}*$"))


def _apostrophes(value: ir.StringValue) -> ir.StringValue:
    """D'Artagnan is two words, O'Brien and N'Diaye are one."""
    apart = (ibis.literal(" ") + value).replace(" d'", " d ").replace(" l'", " l ").replace(" dell'", " dell ")
    return apart.replace("-d'", "-d ").replace("'", "").substr(1)


def _few_marks(value: ir.StringValue) -> ir.StringValue:
    return blanks(value.replace(".-", "-").re_replace(r"[^\p{L}\p{M}\p{N},& -]", " "))


APOSTROPHES = Step("apostrophes", _apostrophes, marks=True)


@cache
def first_name_steps() -> tuple[Step, ...]:
    """A first name: lower case without accents, titles or marks, one space between words (``jean philippe``)."""
    return (CASE_AND_ACCENTS, _titles(short=False), APOSTROPHES, PUNCTUATION, placeholder(NO_LETTER))


@cache
def last_name_steps() -> tuple[Step, ...]:
    """A family name: as a first name, without Jr or fils; particles stay (``de la fontaine``, ``o brien``)."""
    return (CASE_AND_ACCENTS, _titles(short=True), _suffixes(), APOSTROPHES, PUNCTUATION, placeholder(NO_LETTER))


@cache
def name_steps() -> tuple[Step, ...]:
    """A full name, order as written; hyphens and commas stay, because they tell where a name ends."""
    return (
        CASE_AND_ACCENTS,
        _titles(short=True),
        _suffixes(),
        APOSTROPHES,
        Step("punctuation", _few_marks, marks=True),
        placeholder(NO_LETTER, between="[,& -]+"),
    )


@cache
def company_steps() -> tuple[Step, ...]:
    """A company: lower case without accents, marks, legal form or leading "the" or "société"; one word for "and"."""
    known = words("name_words")
    leading = any_of([*known["leading_forms"], *known["leading_words"]])
    return (
        CASE_AND_ACCENTS,
        Step("full_stops", replaced(FORM_DOTS), marks=True),
        Step("and_words", lambda value: value.replace("&", " et "), marks=True),
        PUNCTUATION,
        Step("and_words", worded(dict.fromkeys(known["and_words"], "et"))),
        Step("legal_forms", replaced(f"(?:(?: et)? {any_of(known['legal_forms'])})+$")),
        Step("leading_words", replaced(f"^(?:{leading} )+")),
        placeholder(),
    )


# --- roots ------------------------------------------------------------------------------------------------------------


@cache
def variants() -> dict[str, str]:
    """First name → its root, for those that are another's variant."""
    listed: dict[str, list[str]] = words("first_names")["variants"]
    return {variant: root for root, forms in listed.items() for variant in forms}


@cache
def known_first_names() -> tuple[str, ...]:
    """The first names of the data file, variants included."""
    listed = words("first_names")
    return tuple(sorted({*listed["names"], *listed["variants"], *variants()}))


def _without_middle(value: ir.StringValue) -> ir.StringValue:
    compound = f"(?:{any_of(words('first_names')['compounds'])} [^ ]+|[a-z] [a-z](?: |$)|[^ ]+)"
    return value.re_extract(f"^{compound}", 0).strip().nullif("")


def _variant(value: ir.StringValue) -> ir.StringValue:
    return ibis.coalesce(looked_up(value, variants()).nullif(""), value)


@cache
def first_root_steps() -> tuple[Step, ...]:
    """From a normalised first name to its root: no middle name, and the name that it is a variant of."""
    return (Step("middle_names", _without_middle), Step("variants", _variant))


@cache
def last_root_steps() -> tuple[Step, ...]:
    """From a normalised family name to its root: no particle, article and Mac joined or gone."""
    known = words("name_words")
    return (
        Step("particles", worded(dict.fromkeys(known["particles"], ""))),
        Step("mac", _without_mac),
        Step("articles", _joined_article),
    )


def _without_mac(value: ir.StringValue) -> ir.StringValue:
    glued = f"^mac{any_of(words('name_words')['after_mac'])}$"
    return ibis.ifelse(value.re_search(glued), value.substr(3), value).re_replace("^mc", "")


def _joined_article(value: ir.StringValue) -> ir.StringValue:
    articles = words("name_words")["articles"]
    joined = ibis.literal("^") + value
    for article in articles:
        joined = joined.replace(f"^{article} ", f"^{article}")
    return joined.substr(1)


def first_root(first_name: ir.StringValue) -> ir.StringValue:
    """The root of a normalised first name: Bob, Robbie and Robert have one. Compounds keep both words."""
    return cleaned(first_name, first_root_steps())


def last_root(last_name: ir.StringValue) -> ir.StringValue:
    """The root of a normalised family name; a name of particles only stays as it is."""
    particle, article = (any_of(words("name_words")[kind]) for kind in ("particles", "articles"))
    return ibis.cases(
        (last_name.re_search(f"^{particle}(?: {particle})*$"), last_name),
        (last_name.re_search(f"(?:^| )(?:{particle}|{article}) "), after(last_name, last_root_steps())),
        (last_name.startswith("m"), _without_mac(last_name)),
        else_=last_name,
    )


# --- contradiction ----------------------------------------------------------------------------------------------------


def names_contradict(
    left_first: ir.StringValue, left_last: ir.StringValue, right_first: ir.StringValue, right_last: ir.StringValue
) -> ir.BooleanValue:
    """Whether two names, given by their roots, cannot be one person's.

    True where both first roots are known, differ, neither is an initial of the other, and either their edit distance
    (Levenshtein) is above 1 or the shorter has fewer than :data:`SHORT` letters. Where a first root is missing, true
    where both last roots are known, differ, are more than 1 apart and neither has the other as words of its own.
    False otherwise, and where the two are crossed (Martin Thomas, Thomas Martin). Never null: what is unknown
    contradicts nothing. A different family name alone contradicts nothing: people marry.
    """
    both = left_first.notnull() & right_first.notnull()
    crossed = (left_first == right_last) & (left_last == right_first)
    apart = left_first.levenshtein(right_first) > 1
    short = ibis.least(left_first.length(), right_first.length()) < SHORT
    firsts = (left_first != right_first) & (apart | short) & ~_initials(left_first, right_first)
    padded_left, padded_right = (ibis.literal(" ") + last + " " for last in (left_last, right_last))
    within = padded_left.contains(padded_right) | padded_right.contains(padded_left)
    lasts = (left_last != right_last) & (left_last.levenshtein(right_last) > 1) & ~within
    return ibis.ifelse(both, firsts & ~crossed.fill_null(False), lasts).fill_null(False)  # noqa: FBT003 -- Ibis has no keyword for it


def _initials(left: ir.StringValue, right: ir.StringValue) -> ir.BooleanValue:
    """Whether one is written with the initials of the other: J, J P and JP for Jean Philippe."""
    return _shortens(left, right) | _shortens(right, left)


def _shortens(short: ir.StringValue, name: ir.StringValue) -> ir.BooleanValue:
    first, second = name.substr(0, 1), name.re_extract("^[^ ]+ ([^ ])", 1)
    return (
        (short == first)
        | ((second != "") & ((short == first + " " + second) | (short == first + second)))
        | ((name.length() == 1) & (short.substr(0, 1) == name) & (short.re_search("^[a-z] ")))
    )


# --- full names -------------------------------------------------------------------------------------------------------

CAPITALS = "\\p{Lu}[\\p{Lu}\\p{M}'\u2019.-]*"
CAPITALS_FIRST = rf"^ *((?:{CAPITALS} +)+)\p{{Lu}}[\p{{Lu}}.'-]*\p{{Ll}}"
CAPITALS_LAST = rf"\p{{Ll}}[^ ]* +({CAPITALS}(?: +{CAPITALS})*) *$"
A_SURNAME = r"\p{Lu}{3}"
"""Three capitals in a row: fewer are initials (JP Martin)."""


def full_names(connection: SQLBackend, values: ir.Table) -> ir.Table:
    """Full names told apart into first and last, or known for an organisation's.

    What tells, the surest first: a legal form, "&" or a word of organisations; a comma ("Dupont, Jean"); a
    family name in capitals ("DUPONT Jean"); a particle ("Jean de La Fontaine"); a known first name at one end only
    ("Dupont Jean"). Where nothing tells, the first word is the first name; but where all is in capitals, an order
    nobody can know, all words in alphabetical order make the family name and the first name is unknown.

    Args:
        connection: the engine of ``values``.
        values: has a text column ``value``, each value once: full names as written.

    Returns:
        ``value, company, first_name, last_name``: the last two normalised; ``company`` is whether the name is an
        organisation's, and the two others are null then.
    """
    told = _told(engines.kept(connection, _parts(_shape(values))))
    order = told.select("value", "plain", "company", "unsure", "given_last", given=_given(told))
    given, whole = order["given"], order["plain"]
    length = given.length()
    rest = ibis.ifelse(order["given_last"], whole.substr(0, whole.length() - length), whole.substr(length))
    family = ibis.ifelse(order["unsure"], whole.split(" ").sort().join(" "), rest)
    split = order.select("value", "company", given=given, family=family)
    return split.select(
        "value", "company", first_name=_of_person(split, "given"), last_name=_of_person(split, "family")
    )


def _of_person(split: ir.Table, part: str) -> ir.StringValue:
    """A part of a full name in the form of that part alone; null where there is none."""
    text = split[part]
    return ibis.cases(
        (split["company"] | (text == ""), ibis.null("string")),
        (text.re_search("^[a-z]+$"), text),
        else_=PUNCTUATION.apply(text),
    )


# Each of these adds columns: what the next one names often is computed once.


def _shape(values: ir.Table) -> ir.Table:
    """What the writing of a full name says, before its capitals are gone; each part cleaned."""
    value = values["value"]
    loud, lower = value.re_search(A_SURNAME), value.re_search(r"\p{Ll}")
    rows = values.select("value", plain=quickly(value, name_steps()), loud=loud, lower=lower)
    mixed = rows["loud"] & rows["lower"]
    edges = {
        name: ibis.ifelse(mixed, rows["value"].re_extract(where, 1), "")
        for name, where in (("ahead", CAPITALS_FIRST), ("behind", CAPITALS_LAST))
    }
    rows = rows.select("value", "plain", flat=rows["loud"] & ~rows["lower"], **edges)
    clean = {
        name: ibis.ifelse(rows[name].re_search(A_SURNAME), cleaned(rows[name], name_steps()), "") for name in edges
    }
    return rows.select("value", "plain", "flat", **clean)


def _parts(shape: ir.Table) -> ir.Table:
    """The words of a cleaned full name that say where its first name stands."""
    plain, listed = shape["plain"], words("name_words")
    joining = f" {any_of(listed['joining'])} "
    return shape.mutate(
        company=plain.re_search(f"&|(?:^| ){any_of(listed['organisations'])}(?: |$)"),
        first=plain.re_extract("^[^ ]+", 0),
        last=plain.re_extract("[^ ]+$", 0),
        second=plain.re_extract("^[^ ]+ ([^ ]+) [^ ]", 1),
        joined=ibis.ifelse(plain.re_search(joining), plain.re_extract(f"[^ ]{joining}[^ ].*$", 0), ""),
        several=plain.contains(" "),
        comma=plain.contains(","),
    )


def _told(parts: ir.Table) -> ir.Table:
    """What the words say: ``swapped``, the last name comes first; ``another``, there is a second first name."""
    surnames = words("first_names")["also_last"]
    only_first = any_of({*known_first_names()} - {*surnames})
    rows = parts.mutate(
        begins=_known(parts["first"]),
        ends=_known(parts["last"]),
        is_ahead=_edge(parts, "ahead", "startswith"),
        is_behind=_edge(parts, "behind", "endswith"),
        another=parts["second"].re_search(f"^(?:.|{only_first})$"),
        free=~parts["comma"] & (parts["joined"] == ""),
    )
    surely_first = rows["flat"] | ~rows["last"].re_search(f"^{any_of(surnames)}$")
    swapped = ~rows["begins"] & rows["ends"] & surely_first & (rows["first"].length() > 1)
    rows = rows.mutate(
        swapped=rows["free"] & swapped & ~rows["is_behind"],
        unsure=rows["several"] & rows["free"] & rows["flat"] & (rows["begins"] == rows["ends"]),
    )
    return rows.mutate(given_last=rows["comma"] | (rows["several"] & (rows["is_ahead"] | rows["swapped"])))


def _edge(parts: ir.Table, name: str, holds: Literal["startswith", "endswith"]) -> ir.BooleanValue:
    edge = parts[name]
    return (edge != "") & getattr(parts["plain"], holds)(edge)


def _given(told: ir.Table) -> ir.StringValue:
    """The part of a cleaned full name that is the first name."""
    plain = told["plain"]
    after_first = plain.re_extract("^[^ ]+ (.*)$", 1)
    return ibis.cases(
        (told["comma"], plain.re_extract(", *([^,]*)$", 1)),
        (~told["several"], ibis.ifelse(told["begins"], plain, "")),
        (told["is_ahead"], plain.substr(told["ahead"].length())),
        (told["is_behind"], plain.substr(0, plain.length() - told["behind"].length())),
        (told["joined"] != "", plain.substr(0, plain.length() - told["joined"].length() + 1)),
        (told["unsure"], ""),
        (told["swapped"], ibis.ifelse(told["another"], after_first, told["last"])),
        (told["another"], plain.re_extract("^[^ ]+ [^ ]+", 0)),
        else_=told["first"],
    )


def _known(word: ir.StringValue) -> ir.BooleanValue:
    # One expression: engines plan a list of six hundred words much more slowly.
    return word.re_search(f"^(?:{any_of(known_first_names())}$|{any_of(words('first_names')['compounds'])}-)")
