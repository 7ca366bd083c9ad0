"""The programme of the convention: plan of actions, budget, journal, targets, and the author's texts."""

from __future__ import annotations

from ctgeval.programme import actions, budget, budget_controls, journal, schedule, texts
from ctgeval.programme.tables import SCHEMAS

__all__ = ["SCHEMAS", "actions", "budget", "budget_controls", "journal", "schedule", "texts"]
