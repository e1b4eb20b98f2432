"""Pictures, the terminal summary and the HTML report.

``ReportData`` holds the small tables that the engines reduced; ``render`` makes the page, ``summary`` the terminal
text, ``explain`` the words for one person.
"""

from gouttes.report.data import Change, Counts, Estimate, Prior, ReportData
from gouttes.report.explain import Account
from gouttes.report.findings import Findings, findings
from gouttes.report.page import render
from gouttes.report.summary import summary

__all__ = [
    "Account",
    "Change",
    "Counts",
    "Estimate",
    "Findings",
    "Prior",
    "ReportData",
    "findings",
    "render",
    "summary",
]
