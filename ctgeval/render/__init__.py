"""Stage 7: sections, figures and tables of a bilan; draws what a release holds and computes nothing of its own."""

from __future__ import annotations

from ctgeval.render.authored import drawing, figure, table
from ctgeval.render.fragment import Fragment
from ctgeval.render.page import Page, open_page

__all__ = ["Fragment", "Page", "drawing", "figure", "open_page", "table"]
