"""A bilan in other forms than its page: each is one function from the same `Document`, so that figures can't differ."""

from ctgeval.report.formats.document import Document, Produced
from ctgeval.report.formats.making import PAGE, beside, made, refuse

__all__ = ["PAGE", "Document", "Produced", "beside", "made", "refuse"]
