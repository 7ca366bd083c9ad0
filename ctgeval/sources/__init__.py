"""Producers' files, read into observations: rows in = rows out + rows rejected."""

from __future__ import annotations

from ctgeval.sources.registry import formats, read
from ctgeval.sources.table import REJECTED_COLUMNS, Format, Options, SourceTable, is_harmless

__all__ = ["REJECTED_COLUMNS", "Format", "Options", "SourceTable", "formats", "is_harmless", "read"]
