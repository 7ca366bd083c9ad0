"""The follow-up of a convention, one file a topic: what each adds to the figures, the problems and the releases."""

from __future__ import annotations

from ctgeval.followup.persons import without_persons
from ctgeval.followup.shared import shared
from ctgeval.followup.surveys import withheld
from ctgeval.followup.topics import Reader, observations, problems, tables

__all__ = ["Reader", "observations", "problems", "shared", "tables", "withheld", "without_persons"]
