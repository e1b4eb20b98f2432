"""How a command speaks: its language, its answer on standard output, its progress on standard error."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gouttes.errors import BadInputError
from gouttes.language import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

WorkspaceArgument = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of the workspace.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
LangOption = Annotated[str | None, typer.Option("--lang", help="fr or en; by default your locale's.")]
EngineOption = Annotated[
    str, typer.Option("--engine", help="duckdb, local (Spark here), spark://host:port or sc://host:port.")
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="2026-11-22, or with an hour and offset.")
]
LOCALE_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True)
class Voice:
    """One command's way of speaking.

    Attributes:
        lang: language asked for, or None for the locale's.
        as_json: the answer is one JSON document.
    """

    lang: str | None = None
    as_json: bool = False

    @cached_property
    def language(self) -> Language:
        """The language of every sentence."""
        if self.lang:
            return Language(self.lang)
        return Language.from_locale(next((os.environ[name] for name in LOCALE_VARIABLES if os.environ.get(name)), None))

    @cached_property
    def out(self) -> Console:
        """Standard output, for people."""
        return Console(highlight=False, markup=False, emoji=False)

    @cached_property
    def err(self) -> Console:
        """Standard error: progress and messages."""
        return Console(stderr=True, highlight=False, markup=False, emoji=False)

    def say(self, key: str, **values: object) -> str:
        """A sentence of the ``cli`` table of the catalogue."""
        return self.language.say(f"cli.{key}", **values)

    def answer(self, document: object, *shown: object) -> None:
        """Give the answer: the document where JSON was asked for, what is to be shown otherwise."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain(document), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
            return
        for each in shown:
            self.out.print(each)

    def tell(self, text: str) -> None:
        """A message beside the answer, on standard error."""
        self.err.print(text)

    @contextmanager
    def progress(self, known: str) -> Iterator[Callable[[str], None]]:
        """Show the steps of a long piece of work as they begin; ``known`` is the catalogue table of their names."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        if not self.err.is_terminal:
            yield lambda step: self.tell(self.say(f"{known}.{step}"))
            return
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task("")
            yield lambda step: bar.update(task, description=self.say(f"{known}.{step}"))


def grid(
    headings: Mapping[str, str], *, left: Container[str] = (), whole: Container[str] = (), title: str = ""
) -> Table:
    """An empty table of the terminal: figures to the right, and what is named in ``left`` to the left.

    Args:
        headings: by name of the column.
        left: columns of words.
        whole: columns that are never cut or broken, such as ids that are given to another command.
        title: above it.
    """
    shown = Table(box=None, header_style="bold", padding=(0, 1, 0, 0), title=title or None, title_justify="left")
    for name, heading in headings.items():
        shown.add_column(heading, justify="left" if name in left else "right", no_wrap=name in whole)
    return shown


def printable(value: str) -> str:
    """A value without control characters: a source may not steer the terminal."""
    return "".join(character for character in value if character.isprintable())


def plain(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON can hold
    """A value as JSON can hold it: dataclasses as objects, dates as ISO 8601, unknown numbers as null."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    if hasattr(value, "item"):  # NumPy's numbers
        value = value.item()
    if value is None or value != value:  # noqa: PLR0124 -- a missing number or time differs from itself
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def date_given(text: str | None, zone: Any) -> datetime | None:  # noqa: ANN401 -- a tzinfo
    """The instant that ``--as-of`` names; a day alone means its last moment in the workspace's time zone.

    Raises:
        BadInputError: not a date.
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(f"--as-of takes a date such as 2026-11-22 or 2026-11-22T18:00, not '{text}'.") from error
    if len(text) == len("2026-11-22"):
        instant = instant.replace(hour=23, minute=59, second=59, microsecond=999999)
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)
