"""``gouttes people``: the commands on who is who, under one name."""

from __future__ import annotations

import typer

from gouttes.cli import people, people_decide, profiles


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Who is who: resolve, review, explain, decide, profile.")
    for command in (people.resolve, people.review, people.explain):
        group.command()(command)
    for decision in (people_decide.merge, people_decide.apart, people_decide.split, people_decide.undo):
        group.command()(decision)
    for other in (people_decide.lists, profiles.profile, profiles.households, profiles.companies):
        group.command()(other)
    app.add_typer(group, name="people")
