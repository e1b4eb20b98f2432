"""The command line: one file per group of commands.

Standard output carries the answer, and only it; progress and messages go to standard error. Exit codes: 0 done,
1 failed, 2 bad usage or bad input.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the ``gouttes`` command."""
    from gouttes.cli.app import run_command  # noqa: PLC0415 -- `gouttes --version` must not wait for the engines

    sys.exit(run_command(sys.argv[1:]))
