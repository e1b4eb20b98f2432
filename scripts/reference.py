"""Write the generated pages of docs/reference from the code; with ``--check``, say which are out of date."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gouttes import errors, schemas
from gouttes.eventlog import kinds, schema
from gouttes.evidence import rule as evidence
from gouttes.settings import Settings
from gouttes.vocabulary import Act, Polarity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

HERE = Path(__file__).resolve().parent
PAGES = HERE.parent / "docs" / "reference"
WORDS = tomllib.loads((HERE / "reference.toml").read_text(encoding="utf-8"))
GENERATED = "<!-- Written by `make reference` from the code; not edited by hand. -->"
ROLES = {
    kinds.Role.CONTACT: "a contact: the customer comes to the company",
    kinds.Role.TOUCH: "a touch: the company goes to the customer, so what follows within the window was prompted",
    kinds.Role.REWARD: "a reward: what follows within the window was paid for",
    kinds.Role.OTHER: "neither a contact nor a touch",
}


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, written in GENERATORS.items():
        path, text = PAGES / name, written()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print("Out of date: run `make reference` for" if check else "Written:", ", ".join(stale))
    return 1 if check and stale else 0


def page(title: str, *blocks: str) -> str:
    """A page: title, notice, blocks with a blank line between."""
    return "\n\n".join([f"# {title}", GENERATED, *blocks]) + "\n"


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ("---",) * len(head), *body])


def sentences(part: str, needed: Iterable[str]) -> Mapping[str, str]:
    """The sentences of reference.toml for exactly these names."""
    said: dict[str, str] = WORDS[part]
    if missing := set(needed) - set(said):
        sys.exit(f"scripts/reference.toml, [{part}]: write a sentence for {', '.join(sorted(missing))}.")
    if spare := set(said) - set(needed):
        sys.exit(f"scripts/reference.toml, [{part}]: there is no {', '.join(sorted(spare))} any more.")
    return said


def event_kinds() -> str:
    """One heading for each kind of the registry."""
    said = sentences("kinds", kinds.KINDS)
    return page(
        "Event kinds",
        "A kind that is not on this page is not recorded: the list is an allow-list, and each kind states what sort of "
        "data it is, on which legal basis and for how long it is kept. The bases and durations are starting points "
        "(priors); a company sets its own. What each kind says about trust is in the [evidence rules](evidence.md).",
        *(block for kind in kinds.KINDS.values() for block in (f"## {kind.name}", said[kind.name], _facts(kind))),
    )


def _facts(kind: kinds.Kind) -> str:
    rows = [
        ("Read as", ROLES[kind.role]),
        ("Data", kind.category.value),
        ("Legal basis", f"{kind.basis.value} (GDPR, Article 6(1))"),
        ("Kept", f"{kind.retention_days} days from `occurred_at`"),
    ]
    if kind.needs:
        rows.append(("Needs", ", ".join(f"`{column}`" for column in kind.needs)))
    rows.append(("Evidence", ", ".join(_rules_on(kind.name)) or "none by itself"))
    return "\n".join(f"- {what}: {value}." for what, value in rows)


def _rules_on(kind: str) -> list[str]:
    """The default rules that read this kind, with the topics they keep to."""
    found = []
    for rule in evidence.load():
        for match in rule.matches:
            if match.event == kind:
                topics = " or ".join(f"`{topic}`" for topic in match.topics)
                link = f"[{rule.name}](evidence.md#{rule.name.replace(' ', '-')})"
                found.append(f"{link} (topic {topics})" if topics else link)
    return found


def evidence_rules() -> str:
    """One heading for each default rule, then the acts they read."""
    said = sentences("acts", [act.value for act in Act])
    rules = evidence.load()
    return page(
        "Evidence rules",
        "A rule says what an event or an act means for trust. Weights, half-lives and shares are **priors** until a "
        "company's own customers have taught better ones: guesses of the right order, each with its reason. A weight "
        "of 1 is one unit of evidence; a new workspace starts from a prior worth four.",
        "To change one, in `gouttes.toml`, naming only what differs; a new name adds a rule:",
        '```toml\n[evidence.rules."promise kept"]\nweight = 0.5\n```',
        *(block for rule in rules for block in (f"## {rule.name}", _rule(rule))),
        "## Acts",
        "What behaviour derives from several events. Windows are [settings](settings.md).",
        table(("act", "meaning"), *((f"`{act.value}`", said[act.value]) for act in Act)),
    )


def _rule(rule: evidence.EvidenceRule) -> str:
    side = "drop" if rule.polarity is Polarity.DROP else "bucket"
    facets = ", ".join(f"{facet.value} {share:.0%}" for facet, share in rule.facets.items())
    rows = [
        ("Reads", ", ".join(_match(match) for match in rule.matches)),
        ("Counts as", f"a {side} of weight {rule.weight:g}, on {facets}"),
        ("Fades", f"by half every {rule.half_life:g} days"),
    ]
    if rule.episode:
        rows.append(("Episodes", "events of one incident, thread or topic count as one"))
    if rule.polarity is Polarity.BUCKET and rule.repairable:
        rows.append(("Repair", f"a perfectly just one gives back {rule.repairable:.0%}"))
    rows.append(("Source", rule.source))
    return "\n".join(f"- {what}: {value}." for what, value in rows)


def _match(match: evidence.Match) -> str:
    named = f"`{match.event}`"
    if match.topics:
        named += f" with the topic {' or '.join(f'`{topic}`' for topic in match.topics)}"
    if match.direction:
        named += " from the customer" if match.direction == "in" else " from the company"
    return named


def event_log() -> str:
    """The columns of the log and of the tables of personal data."""
    said = sentences("columns", schema.EVENTS.names)
    columns = [
        (f"`{each.name}`", str(each.type).removesuffix("[us, tz=UTC]"), "" if each.nullable else "yes", said[each.name])
        for each in schema.EVENTS
    ]
    return page(
        "The event log",
        "A Delta Lake table in `log/events`, in one folder for each month of `occurred_at`. Rows are added, never "
        "changed. Times are UTC, in microseconds. It holds no name, address, e-mail or phone, and no word a customer "
        "wrote.",
        "## Events",
        table(("column", "type", "required", "meaning"), *columns),
        "## Identifiers",
        "In `people/identifiers`: what a source knows of who a subject is. Names, addresses, e-mails and phones live "
        "here and nowhere else. `field` is one of email, phone, external_id, same_as (a declared link to another "
        "subject), name, first_name, last_name, address, postcode, city, country, company, language.",
        _columns(schema.IDENTIFIERS),
        "## Texts",
        "In `log/texts`: the words people wrote, by event.",
        _columns(schema.TEXTS),
    )


def _columns(fields: Any) -> str:  # noqa: ANN401 -- a PyArrow schema, untyped to mypy
    rows = [(f"`{each.name}`", str(each.type).removesuffix("[us, tz=UTC]")) for each in fields]
    return table(("column", "type"), *rows)


def tables() -> str:
    """The tables that pass from one step to the next, and that a workspace gives."""
    shown = {name: getattr(schemas, name.upper()) for name in PUBLISHED}
    said = sentences("table_columns", {column for each in shown.values() for column in each.names})
    return page(
        "Tables",
        "What a run publishes: who is who in `people/`, the rest in `insights/`. From Python, "
        "`gouttes.open('ws').published('acts')` gives each as an Ibis expression. Read them so, and not by "
        "opening files: a table may be made of several, "
        "some of which replace rows of others ([why](../decisions/published-in-layers.md)).",
        *(block for name, each in shown.items() for block in (f"## {name}", _typed(each, said))),
    )


PUBLISHED = (
    *("people", "acts", "evidence", "states", "links", "keys", "records", "likenesses", "blocks", "doubts"),
    *("tangles", "decisions", "moves"),
)


def _typed(columns: Any, said: Mapping[str, str]) -> str:  # noqa: ANN401 -- an Ibis schema, untyped to mypy
    kinds_of = {name: str(kind).partition("(")[0] for name, kind in columns.items()}
    return table(("column", "type", "meaning"), *((f"`{name}`", kind, said[name]) for name, kind in kinds_of.items()))


def settings() -> str:
    """One heading for each setting of gouttes.toml."""
    return page(
        "Settings",
        "A workspace keeps its settings in `gouttes.toml`, written in full by `gouttes init`. An unknown setting is "
        "refused, with the nearest name that exists. A default marked *prior* is a starting point, not a finding.",
        *(block for each in _settings(Settings, "company") for block in each),
        'The weights and half-lives of the evidence rules are changed in `[evidence.rules."NAME"]`: see the '
        "[evidence rules](evidence.md).",
    )


def _settings(kind: type, section: str) -> Iterator[tuple[str, str, str]]:
    meanings = attributes(kind)
    for each in dataclasses.fields(kind):
        nested: Any = each.default_factory
        if isinstance(nested, type) and dataclasses.is_dataclass(nested):
            yield from _settings(nested, each.name if section == "company" else f"{section}.{each.name}")
        elif each.name in meanings and f"{section}.{each.name}" != "company.rules":
            value = nested() if nested is not dataclasses.MISSING else each.default
            default = "none: it must be given" if value is dataclasses.MISSING else _default(each.name, value)
            yield f"## {section}.{each.name}", f"{_sentence(meanings[each.name])}", f"Default: {default}."


def _default(name: str, value: Any) -> str:  # noqa: ANN401 -- whatever a setting can be
    if name == "rules":
        return " then ".join(f"`{rule.name}`" for rule in value)
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}" if value else "{}"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def attributes(kind: type) -> dict[str, str]:
    """What the ``Attributes:`` part of a docstring says of each."""
    _, _, part = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", part, re.MULTILINE)
    return {name: " ".join(text.split()).replace("``", "`") for name, text in entries}


def commands() -> str:
    """One heading for each command, from its own help."""
    from typer.main import get_command  # noqa: PLC0415 -- slow import

    from gouttes.cli.app import app  # noqa: PLC0415 -- slow import

    return page(
        "Commands",
        "`gouttes COMMAND --help` prints the same in the terminal. Exit codes: 0 done, 1 failed, 2 bad usage or bad "
        "input. With `--json`, a command prints one JSON document on stdout and nothing else there; progress and "
        "messages go to stderr.",
        *(block for name, command in _leaves(get_command(app), "gouttes") for block in _command(name, command)),
    )


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- Typer's own Click is untyped
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for each in below:
        if not below[each].hidden:
            yield from _leaves(below[each], f"{name} {each}")


def _command(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401 -- Typer's own Click is untyped
    yield f"## {name}"
    yield inspect.cleandoc(command.help or "").split("\f", maxsplit=1)[0].replace("``", "`")
    shown = [each for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    if shown:
        yield table(("argument or option", "default", "meaning"), *(_parameter(each) for each in shown))


def _parameter(each: Any) -> tuple[str, str, str]:  # noqa: ANN401 -- Typer's own Click is untyped
    names = each.opts + each.secondary_opts if each.param_type_name == "option" else [each.metavar or each.name.upper()]
    default = "" if each.default in (None, False, ()) or callable(each.default) else f"`{each.default}`"
    if each.required:
        default = "required"
    meaning = " ".join((getattr(each, "help", None) or "").split()).replace("|", "\\|")
    return ", ".join(f"`{name}`" for name in names), default, meaning


def error_page() -> str:
    """One heading for each error raised on purpose."""
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.GouttesError)]
    order = sorted(found, key=lambda each: inspect.getsourcelines(each)[1])
    return page(
        "Errors",
        "Every message says what was needed, what was found and what to do. From Python, each error descends from "
        "`gouttes.errors.GouttesError` and from a builtin. On the command line an error ends with code 2 where the "
        "person who typed the command can mend it, else with code 1.",
        *(block for each in order for block in _error(each)),
    )


def _error(kind: type) -> Iterator[str]:
    yield f"## {kind.__name__}"
    yield inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:")[0].replace("``", "`")
    if fields := attributes(kind):
        yield "\n".join(f"- `{name}`: {text}" for name, text in fields.items())
    bases = " and ".join(f"`{base.__name__}`" for base in kind.__bases__)
    code = 2 if issubclass(kind, errors.BadInputError) else 1
    yield f"Descends from {bases}. Exit code {code}."


def _sentence(text: str) -> str:
    """With a capital, unless the first word is a symbol of a formula, such as n₀."""
    first = text.split(maxsplit=1)[0]
    return text if re.fullmatch(r"\w₀?,", first) else text[0].upper() + text[1:]


GENERATORS: Mapping[str, Callable[[], str]] = {
    "event-kinds.md": event_kinds,
    "evidence.md": evidence_rules,
    "event-log.md": event_log,
    "tables.md": tables,
    "settings.md": settings,
    "commands.md": commands,
    "errors.md": error_page,
}

if __name__ == "__main__":
    sys.exit(main())
