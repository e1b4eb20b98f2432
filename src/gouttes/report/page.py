"""The HTML report: one page complete in itself, that reads nothing from the network and runs no script."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from gouttes.report import brand, identity, learned, relation, theme, validation, words
from gouttes.report.data import rows
from gouttes.report.findings import Verdict, findings
from gouttes.report.pictures import pictures
from gouttes.report.tables import Table

if TYPE_CHECKING:
    from gouttes.language import Language
    from gouttes.report.brand_data import Brand
    from gouttes.report.data import ReportData
    from gouttes.report.findings import Faller, Findings, Rhythm

STRIP = 140  # px of the small before-and-after mark beside a name


def render(data: ReportData, language: Language) -> str:
    """The whole report as one HTML document, in the reader's language."""
    found = findings(data)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            say=language.say,
            language=language,
            words=words,
            data=data,
            found=found,
            headline=words.headline(found, language, data.as_of),
            warm=found.verdict is Verdict.LOST,
            empty=found.counts.events == 0,
            pictures=pictures(data, found, language),
            rhythms=[_rhythm(one, language) for one in found.rhythms],
            fallers=[_faller(one, language) for one in found.fallers],
            who=found.identity and identity.sentence(found.identity, language),
            who_facts=identity.facts(found.identity, language) if found.identity else [],
            brand=data.brand and _brand(data.brand, language),
            relation=relation.section(data.relation, language),
            rules=rules_table(data, language),
            prior=prior_words(found, language),
            style=_style(),
            validation=validation.words(data.validation, language) if data.validation else None,
            learned=learned.words_of(data.learned, language) if data.learned else None,
        )
    )


def _brand(found: Brand, language: Language) -> dict[str, Any]:
    """The sentences on the brand."""
    said = {"head": brand.sentence(found, language), "parts": brand.parts(found, language)}
    return said | {"unknown": brand.unknown(language)}


@cache
def _environment() -> Environment:
    """Escapes everything: names and labels come from the outside."""
    found = Environment(
        loader=PackageLoader("gouttes.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["coded"] = coded
    return found


def coded(text: str) -> Markup:
    """A sentence with what stands between backticks as code; everything else is escaped."""
    looks = (Markup("{}"), Markup("<code>{}</code>"))
    parts = [looks[place % 2].format(part) for place, part in enumerate(text.split("`"))]
    return Markup().join(parts)


@cache
def _style() -> Markup:
    """The style sheet, with the colours of the theme and their dark twins."""
    sheet = files("gouttes.report").joinpath("templates", "style.css").read_text("utf-8")
    colours = {
        "/*light*/": theme.variables(theme.LIGHT),
        "/*dark*/": theme.variables(theme.DARK),
        "/*charts*/": theme.recoloured(),
        "/*font*/": f"--font:{theme.FONT};",
    }
    for place, text in colours.items():
        sheet = sheet.replace(place, text)
    return Markup(sheet)  # noqa: S704 -- our own file


def _rhythm(one: Rhythm, language: Language) -> dict[str, Any]:
    """One line of what changes pace."""
    up = one.ratio > 1
    return {
        "up": up,
        "bad": up == one.bucket,
        "rule": words.rule_name(one.rule, language),
        "ratio": language.say("report.moved_row", ratio=language.number(one.ratio, 1 if up else 2)),
        "interval": language.say(
            "unit.interval",
            low=language.number(one.low, 1 if up else 2),
            high=language.number(one.high, 1 if up else 2),
        ),
        "n": language.say("unit.events", n=one.events),
    }


def _faller(one: Faller, language: Language) -> dict[str, Any]:
    """One line of the people whose trust fell most."""
    return {
        "person": one.person,
        "name": one.name,
        "before": language.percent(one.before, 0),
        "after": language.percent(one.after.value, 0),
        "interval": words.between(one.after.low, one.after.high, language, 0),
        "n": language.say("unit.events", n=one.after.n),
        "reasons": words.reasons(one.reasons, language),
        "x": {
            name: round(value * STRIP, 1)
            for name, value in (
                ("before", one.before),
                ("after", one.after.value),
                ("low", one.after.low),
                ("high", one.after.high),
            )
        },
    }


def prior_words(found: Findings, language: Language) -> list[str]:
    """What is not known: the prior, where it comes from, and how many weights are guesses."""
    said = []
    if found.prior is not None:
        start = language.percent(found.prior.mean)
        said.append(language.say("report.prior", mean=start, strength=language.number(found.prior.strength)))
        source = f"report.prior_{found.prior.source}"
        said.append(language.say(source if language.knows(source) else "report.prior_prior"))
    if found.priors or found.learned:
        parts = [language.say("report.rules_prior", n=found.priors)]
        if found.learned:
            parts.append(language.say("report.rules_learned", n=found.learned))
        said.append(f"{language.say('unit.separator').join(parts)}.")
    return said


def rules_table(data: ReportData, language: Language) -> Table:
    """Every rule with its weight, half-life and facets, and whether it is a guess or learned."""
    lines = []
    for row in rows(data.rules):
        facets = [
            f"{language.say(f'facet.{name}')} {language.percent(float(row[name]), 0)}"
            for name in ("credibility", "integrity", "benevolence")
            if float(row[name]) > 0
        ]
        sense = "drop" if int(row["polarity"]) > 0 else "bucket"
        lines.append(
            (
                words.rule_name(str(row["rule"]), language),
                language.say(f"report.{sense}"),
                language.number(float(row["weight"]), 2),
                language.days(float(row["half_life"])),
                ", ".join(facets),
                language.label("report", f"status_{row['status']}"),
            )
        )
    columns = ("rule", "sense", "weight", "half_life", "facet", "status")
    headings = tuple(language.say(f"column.{name}") for name in columns)
    return Table(language.say("report.rules_title"), headings, tuple(lines))
