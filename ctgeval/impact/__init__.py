"""Impact: what changed against what would have been expected, and what may be concluded from it.

Each name is imported on its first use: an estimator is one file, and importing all of them takes longer than running
one.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval.impact.advice import Advice, advise
    from ctgeval.impact.augmented import augmented_synthetic_control
    from ctgeval.impact.bacon import Decomposition, bacon
    from ctgeval.impact.balancing import Balance, balance
    from ctgeval.impact.before_after import before_after
    from ctgeval.impact.cross_section import did_cross_section
    from ctgeval.impact.did import did
    from ctgeval.impact.evaluability import Evaluability, evaluability
    from ctgeval.impact.event_study import event_study
    from ctgeval.impact.group_time import group_time
    from ctgeval.impact.imputation import imputation
    from ctgeval.impact.interrupted_series import interrupted_series
    from ctgeval.impact.panel import Panel
    from ctgeval.impact.power import Power, power
    from ctgeval.impact.repeated import ReprCrossSections
    from ctgeval.impact.result import Check, ImpactResult, Interval
    from ctgeval.impact.roth import PreTrends, pre_trends
    from ctgeval.impact.sensitivity import Sensitivity, sensitivity
    from ctgeval.impact.sun_abraham import sun_abraham
    from ctgeval.impact.synthetic_control import synthetic_control
    from ctgeval.impact.synthetic_did import synthetic_did
    from ctgeval.impact.two_stage import two_stage

# Name -> module that holds it.
_WHERE: dict[str, str] = {
    "Advice": "advice",
    "Balance": "balancing",
    "Check": "result",
    "Decomposition": "bacon",
    "Evaluability": "evaluability",
    "ImpactResult": "result",
    "Interval": "result",
    "Panel": "panel",
    "Power": "power",
    "PreTrends": "roth",
    "ReprCrossSections": "repeated",
    "Sensitivity": "sensitivity",
    "adjust": "multiple",
    "advise": "advice",
    "augmented_synthetic_control": "augmented",
    "bacon": "bacon",
    "balance": "balancing",
    "before_after": "before_after",
    "did": "did",
    "did_cross_section": "cross_section",
    "evaluability": "evaluability",
    "event_study": "event_study",
    "group_time": "group_time",
    "imputation": "imputation",
    "interrupted_series": "interrupted_series",
    "power": "power",
    "pre_trends": "roth",
    "sensitivity": "sensitivity",
    "sun_abraham": "sun_abraham",
    "synthetic_control": "synthetic_control",
    "synthetic_did": "synthetic_did",
    "two_stage": "two_stage",
}

__all__ = [
    "Advice",
    "Balance",
    "Check",
    "Decomposition",
    "Evaluability",
    "ImpactResult",
    "Interval",
    "Panel",
    "Power",
    "PreTrends",
    "ReprCrossSections",
    "Sensitivity",
    "adjust",
    "advise",
    "augmented_synthetic_control",
    "bacon",
    "balance",
    "before_after",
    "did",
    "did_cross_section",
    "evaluability",
    "event_study",
    "group_time",
    "imputation",
    "interrupted_series",
    "power",
    "pre_trends",
    "sensitivity",
    "sun_abraham",
    "synthetic_control",
    "synthetic_did",
    "two_stage",
]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'ctgeval.impact' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"ctgeval.impact.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """The package itself: a name of the API is never hidden by the file that holds it."""

    def __setattr__(self, name: str, value: object) -> None:
        # Importing the file `did` binds the name `did` to the module, in place of the function.
        if isinstance(value, ModuleType) and name in _WHERE:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
