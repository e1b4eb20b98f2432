"""A company whose truth is known: people, what they did, what is usually hidden, and files that look like exports."""

from gouttes.simulate.company import Company, simulate
from gouttes.simulate.exports import write_exports
from gouttes.simulate.log import batches, write_log
from gouttes.simulate.truth import Truth

__all__ = ["Company", "Truth", "batches", "simulate", "write_exports", "write_log"]
