"""On how many examples a law is tried: some at each run, as many as the campaign asks during `make torture`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def examples(count: int, *, suppress: tuple[HealthCheck, ...] = ()) -> settings:
    """Try a slow law on ``count`` examples, or on those of the campaign.

    A plain ``settings(max_examples=count)`` would hold the campaign to that count too.
    """
    asked = settings().max_examples if os.environ.get("CTGEVAL_TORTURE") else count
    return settings(max_examples=asked, suppress_health_check=[*settings().suppress_health_check, *suppress])


def sample(few: int, all_of_them: int) -> int:
    """Return how much of a fixed series is tried: its beginning at each run, the whole of it during a campaign."""
    return all_of_them if os.environ.get("CTGEVAL_TORTURE") else few
