"""``python -m gouttes`` is the ``gouttes`` command."""

from gouttes.cli import main

main()
