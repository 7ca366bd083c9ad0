"""Hostile texts reach the page as words, or not at all."""

from __future__ import annotations

import re

import pytest

from ctgeval.report import html

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='http://ailleurs/x.png'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='//ailleurs'>x</a>",
    "<svg><use href='http://ailleurs/#a'/></svg>",
    "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg><animate attributeName=href values='javascript:alert(1)'/></svg>",
    "<svg fill='url(http://ailleurs)'><style>@import 'http://ailleurs'</style></svg>",
    "<svg><image href='http://ailleurs'/></svg>",
    "<img src='data:image/svg+xml;base64,AAAA'>",
    "<p style='background:url(http://ailleurs)'>x</p>",
    "<meta http-equiv=refresh content=0><base href=http://ailleurs><link rel=stylesheet href=http://ailleurs>",
    "<iframe srcdoc='<script>'></iframe><form action=x><input></form>",
    "<math><mi xlink:href='javascript:1'>x</mi></math>",
    "<details ontoggle=alert(1) open>x</details>",
)
_LIVE = re.compile(
    r"<(script|style|iframe|form|meta|base|link|animate|image|math)|\son\w+=|javascript:|ailleurs|text/html"
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_is_live_in_the_page(attack: str) -> None:
    assert not _LIVE.search(str(html.body(f"<p>avant</p>{attack}<p>apres</p>").content))
