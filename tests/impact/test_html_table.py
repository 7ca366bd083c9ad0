from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from ctgeval import impact
from ctgeval.impact.html_table import html_table
from ctgeval.impact.panel import Panel

Make = Callable[..., Panel]


def test_a_table_has_a_caption_scopes_and_no_markup_of_its_data() -> None:
    found = html_table("Écart : <b>", ["Nom", "Valeur"], [["<i>A", "1"], ["B", "2"]])
    assert "<caption>Écart\u202f: &lt;b&gt;</caption>" in found
    assert found.count('<th scope="col">') == 2
    assert found.count('<th scope="row">') == 2
    assert "<i>" not in found
    assert "class" not in found


@pytest.mark.parametrize("ask", ["sensitivity", "balance"])
def test_what_a_notebook_shows_of_a_table_is_french(make_panel: Make, ask: str) -> None:
    panel = make_panel(n=40, t=8, treated=12, at=5, seed=3, population=np.linspace(900, 1100, 40))
    shown = impact.sensitivity(impact.event_study(panel)) if ask == "sensitivity" else impact.balance(panel)
    html = shown._repr_html_()
    assert "<caption>" in html
    assert not re.search(r"\b(value|low|high|moment|treated|difference_before|before|NaN)\b", html)
