"""Runs for other programs: `biossl export RUN`, `python -m biossl.export RUN` (docs/reports.md)."""
