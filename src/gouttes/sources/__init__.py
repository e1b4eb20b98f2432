"""From raw exports to events: pure mapping, declared in TOML."""

from gouttes.sources.catalogue import preset, preset_names
from gouttes.sources.contract import Mapping
from gouttes.sources.declared import load, parse
from gouttes.sources.importing import Imported, plan
from gouttes.sources.macros import GOUTTES_NAMESPACE
from gouttes.sources.rejects import REJECTS, Reason
from gouttes.sources.reporting import FileReport
from gouttes.sources.sandbox import Context

__all__ = [
    "GOUTTES_NAMESPACE",
    "REJECTS",
    "Context",
    "FileReport",
    "Imported",
    "Mapping",
    "Reason",
    "load",
    "parse",
    "plan",
    "preset",
    "preset_names",
]
