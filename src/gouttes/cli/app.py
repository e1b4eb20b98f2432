"""The application: registers the commands, and turns every error into words and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

import typer

from gouttes.cli import (
    brand,
    demo,
    erasing,
    imports,
    lab,
    learning,
    oversight,
    people_group,
    readings,
    relating,
    reporting,
    setup,
    upkeep,
    validating,
)
from gouttes.errors import BadInputError, GouttesError
from gouttes.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, FAILED, BAD_INPUT = 0, 1, 2

app = typer.Typer(
    name="gouttes",
    help="Trust is won by drops and lost by buckets. / La confiance se gagne par gouttes et se perd par seaux.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
GROUPS = (
    setup,
    imports,
    readings,
    people_group,
    reporting,
    erasing,
    upkeep,
    learning,
    validating,
    oversight,
    brand,
    relating,
    demo,
    lab,
)
for group in GROUPS:
    group.register(app)


@app.callback(invoke_without_command=True)
def about(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),  # noqa: FBT001, FBT003 -- Typer's way
) -> None:
    """Trust is won by drops and lost by buckets."""
    if version:
        sys.stdout.write(f"gouttes {VERSION}\n")
        raise typer.Exit


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code; never a stack trace unless GOUTTES_DEBUG is set."""
    try:
        app(list(arguments))
    except SystemExit as end:  # Typer ends every command this way, with 2 for a wrong option
        return end.code if isinstance(end.code, int) else DONE
    except GouttesError as error:
        return _told(str(error), BAD_INPUT if isinstance(error, BadInputError) else FAILED)
    except KeyboardInterrupt:
        return _told("Interrupted. Nothing acknowledged is lost; run the same command again to go on.", FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: so do we
    except Exception as error:  # noqa: BLE001 -- the last door: whatever comes is told, never swallowed
        return _unexpected(error)
    return DONE


def _told(message: str, code: int) -> int:
    sys.stderr.write(f"gouttes: {message}\n")
    return code


def _unexpected(error: Exception) -> int:
    if os.environ.get("GOUTTES_DEBUG"):
        traceback.print_exception(error)
    words = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return _told(
        f"something unforeseen happened ({words}). The workspace is as it was. "
        "Run again with GOUTTES_DEBUG=1 to see where, and report it.",
        FAILED,
    )
