"""What each indicator is for each action: the table ``liens``, which may override the kind of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

import pandas as pd

from ctgeval.errors import Problem, suggestion
from ctgeval.programme.origin import place

__all__ = ["COLUMNS", "Described", "every_kind", "kinds", "problems"]

COLUMNS = ("action", "indicator", "label", "kind", "changed", "motif")


class Described(Protocol):
    """What must be known of an indicator, counted or judged."""

    @property
    def label(self) -> str:
        """Its French name."""

    @property
    def kind(self) -> str:
        """Its place in the chain of results, as the catalogue has it."""


def kinds(links: pd.DataFrame, catalogue: Mapping[str, Described]) -> pd.DataFrame:
    """Return the indicators of each action, with their kind for that action.

    Parameters
    ----------
    links : DataFrame
        Table ``liens``: ``action, indicateur, nature, motif``.
    catalogue : mapping of str to Described
        Indicators known to the dossier; a link to another one is left out (see `problems`).

    Returns
    -------
    DataFrame
        ``action, indicator, label, kind, changed, motif``, sorted by action and indicator, each pair once (the first
        line written); ``kind`` is that of the link, else that of the catalogue; ``changed`` tells whether they differ.
    """
    rows = []
    known = links[links["indicateur"].isin(list(catalogue)) & links["action"].notna()]
    for row in known.drop_duplicates(["action", "indicateur"]).to_dict("records"):
        item = catalogue[str(row["indicateur"])]
        own = _text(row["nature"])
        rows.append(
            {
                "action": str(row["action"]),
                "indicator": str(row["indicateur"]),
                "label": item.label,
                "kind": own or item.kind,
                "changed": bool(own) and own != item.kind,
                "motif": _text(row["motif"]),
            }
        )
    made = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"changed": bool})
    return made.sort_values(["action", "indicator"], kind="stable", ignore_index=True)


def every_kind(links: pd.DataFrame, catalogue: Mapping[str, Described], chosen: Collection[str]) -> dict[str, set[str]]:
    """Return every kind that some indicators have: that of the catalogue, and those that actions give them.

    Parameters
    ----------
    links : DataFrame
        Table ``liens``.
    catalogue : mapping of str to Described
        Indicators known to the dossier.
    chosen : collection of str
        Their ids; those that the catalogue does not know are left out.

    Returns
    -------
    dict of str to set of str
        Kinds by id, in the order of ``chosen``. An indicator whose every action overrides its kind keeps that of the
        catalogue too only when some action, or none at all, uses it so.
    """
    linked = kinds(links, catalogue)
    given = {str(id): set(group["kind"]) for id, group in linked.groupby("indicator", sort=True)}
    return {id: given.get(id) or {catalogue[id].kind} for id in chosen if id in catalogue}


def problems(
    links: pd.DataFrame, catalogue: Mapping[str, Described], *, actions: Collection[str], unusable: Collection[str] = ()
) -> Iterator[Problem]:
    """Tell the links to what does not exist, and the changes of kind that give no reason.

    Parameters
    ----------
    links : DataFrame
        Table ``liens``, with the ``origin`` of each row.
    catalogue : mapping of str to Described
        Indicators known to the dossier.
    actions : collection of str
        Ids of the plan.
    unusable : collection of str
        Indicators that ``indicateurs.toml`` declares in a way that can't be used: told there.
    """
    for row in links.to_dict("records"):
        action, indicator, nature = (_text(row[name]) for name in ("action", "indicateur", "nature"))
        if action not in actions:
            mend = suggestion(action, actions) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant."
            yield _problem(row, f"L’action « {action} » n’est pas dans le plan d’actions.", mend, "action", action)
        if indicator not in catalogue and indicator not in unusable:
            mend = suggestion(indicator, catalogue) or "Corrigez le code, ou décrivez-le dans indicateurs.toml."
            yield _problem(row, "Cet indicateur n’existe pas dans le catalogue.", mend, "indicateur", indicator)
        elif indicator in catalogue and nature not in {"", catalogue[indicator].kind} and not _text(row["motif"]):
            yield _problem(
                row,
                f"La nature de « {indicator} » est changée pour l’action {action} sans dire pourquoi.",
                "Écrivez la raison dans la colonne « motif » : elle est montrée dans le bilan.",
                "motif",
                "",
            )


def _problem(row: Mapping[object, object], message: str, remedy: str, column: str, value: str) -> Problem:
    where = place(row.get("origin"))
    return Problem(message=message, remedy=remedy, column=column, value=value, severity="avertissement", **where)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
