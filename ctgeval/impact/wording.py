"""What an estimate says, in French that an elected official understands: rendered from its dictionary, never computed.

The words live in ``phrases.toml``. Three levels: a *constat* (before and after alone), an *écart* (against comparators
or a trend), a *contribution plausible* (an écart whose method passes its checks). Nothing more is said of an action.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ctgeval import french
from ctgeval.impact.html_table import html_table
from ctgeval.impact.phrasebook import method_name, odds, say
from ctgeval.impact.quantities import number_of
from ctgeval.impact.said import Level, Said, level

__all__ = [
    "PARTS", "Level", "annex", "checks", "figures", "html", "level", "method_name", "sentences", "short_verdict",
    "text",
]  # fmt: skip

PARTS = (
    "comparison", "difference", "certainty", "verdict", "not_shown", "needed", "solidity", "limits", "method",
)  # fmt: skip
"""Names of the parts of a text, in their order; ``method`` is an annex."""


def sentences(values: Mapping[str, Any]) -> dict[str, str]:
    """Return each part of the text by its name, those of `PARTS`; a part may be empty.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    """
    said = Said(values)
    return {part: " ".join(one for one in getattr(said, part)() if one) for part in PARTS}


def text(values: Mapping[str, Any]) -> str:
    """Say an estimate in French, one paragraph per part, the method last.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    """
    parts = sentences(values)
    if parts["limits"]:
        parts["limits"] = french.typography(f"{say('methode', 'limites')} : {parts['limits']}")
    return "\n".join(part for part in parts.values() if part)


def short_verdict(values: Mapping[str, Any]) -> str:
    """Return the verdict in a few words, with a sign that is not a colour."""
    return say("court", Said(values).verdict_key("court"))


def figures(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the main figures of an estimate, each a label and what is written of it."""
    said = Said(values)
    family = said.family
    missing = french.MISSING
    gap = said.scale.amount(said.estimate, sign=True)
    rows = [
        (say("tableau", "ecart"), gap),
        (say("tableau", "fourchette", niveau=said.confidence), said.scale.span(said.low, said.high) or missing),
    ]
    bounds = said.scale.span(*said.data_bounds) if said.bounded else ""
    if bounds:
        rows.append((say("tableau", "bornes"), bounds))
    if values["valid"] and math.isfinite(said.p_value):
        rows.append((say("tableau", "frequence"), odds(said.p_value)))
    persons = said.persons
    if family != "serie":
        rows.append((say("tableau", "effectif" if persons else "concernes"), french.number(said.n_treated)))
    if family not in {"serie", "avant_apres"}:
        rows.append((say("tableau", "effectif_temoins" if persons else "temoins"), french.number(said.n_controls)))
    if not persons:
        rows.append((say("tableau", "avant"), french.number(number_of(values["n_pre"]))))
        rows.append((say("tableau", "apres"), french.number(number_of(values["n_post"]))))
    grade = say("tableau", "solidite_valeur", niveau=str(values["evidence"]))
    return [*rows, (say("tableau", "solidite"), grade), (say("tableau", "conclusion"), short_verdict(values))]


def checks(values: Mapping[str, Any]) -> list[str]:
    """Return each check of an estimate, with whether it is satisfied."""
    return Said(values).checks()


def annex(values: Mapping[str, Any], *, checks: bool = True) -> list[tuple[str, list[str]]]:
    """Return the annex on the method: titles, each with its sentences; those without any are left out.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    checks : bool
        Whether they are told there, and not elsewhere on the page.
    """
    said = Said(values)
    found = [
        (say("methode", "nom_seul"), said.method()),
        (say("methode", "verifications"), said.checks() if checks else []),
        (say("methode", "etapes"), said.steps()),
    ]
    return [(title, lines) for title, lines in found if lines]


def html(values: Mapping[str, Any]) -> str:
    """Say an estimate as simple HTML: sentences, table of the figures, method folded; every text is escaped.

    Parameters
    ----------
    values : mapping
        Made by ``ImpactResult.to_dict``.
    """
    parts = sentences(values)
    told = [f"<p><strong>{escape(parts['verdict'])}</strong></p>"]
    shown = ("comparison", "difference", "certainty", "not_shown", "needed", "solidity")
    told += [f"<p>{escape(parts[name])}</p>" for name in shown if parts[name]]
    limits = [line for line in Said(values).limits() if line]
    if limits:
        told += [f"<p>{escape(french.typography(say('methode', 'limites') + ' :'))}</p>", _bullets(limits)]
    label = str(values.get("label") or "")
    caption = say("tableau", "titre_nom", nom=label) if label else say("tableau", "titre")
    told.append(html_table(caption, [say("tableau", name) for name in ("mesure", "valeur")], figures(values)))
    details = "".join(f"<p>{escape(title)}</p>{_bullets(lines)}" for title, lines in annex(values))
    told.append(f"<details><summary>{escape(say('methode', 'annexe'))}</summary>{details}</details>")
    return f"<div>{''.join(told)}</div>"


def _bullets(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
