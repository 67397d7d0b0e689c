"""Pages about runs: `biossl report RUN…`, `python -m biossl.report RUN…` (docs/reports.md).

A page is made of sections that register themselves; `section` adds one of your own.
"""

from .engine import Engine, find_program
from .groups import Group
from .markup import Markup, element
from .registry import Missing, Report, section
from .run_files import RunError, RunFiles, read_run

__all__ = [
    "Engine",
    "Group",
    "Markup",
    "Missing",
    "Report",
    "RunError",
    "RunFiles",
    "element",
    "find_program",
    "read_run",
    "section",
]
