"""What can be searched in a dossier: its tables that hold prose, the evaluation, the author's texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval.errors import DossierError
from ctgeval.programme import actions, search as search_
from ctgeval.programme.evaluation import FILE_NAME
from ctgeval.programme.search import Document

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["documents", "search"]

_TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Mapping[str, str]]] = {
    "journal": (
        ("mots_cles",),
        ("texte", "a_refaire", "a_eviter", "contexte", "freins", "leviers"),
        {"action": "action", "date": "date"},
    ),
    "fiches": (
        ("enjeu", "objectif_general"),
        ("objectifs_operationnels", "constat", "description", "resultats_attendus", "freins", "leviers", "suites"),
        {"id": "action", "action": "action"},
    ),
    "propositions": (
        ("origine",),
        ("texte", "motif", "suite"),
        {"id": "id", "date": "date", "action": "action"},
    ),
    "contributions": (("atelier",), ("texte", "motif", "suite"), {"id": "id", "action": "action"}),
    "recommandations": (
        ("origine",),
        ("texte", "motif", "instance", "chiffre"),
        {"id": "id", "date": "date", "action": "action"},
    ),
    "instances": (("sujet",), ("type", "methode"), {"id": "id", "date": "date", "action": "action"}),
    "evenements": (("intitule",), ("objectifs", "enseignement", "lieu"), {"id": "id", "date": "date"}),
}
"""For each table, the columns that name a row, those that hold its prose, and those that place it."""


def search(dossier: Dossier, words: str) -> pd.DataFrame:
    """Return what holds every word, the best first (see `ctgeval.programme.search.search`)."""
    return search_.search(documents(dossier), words)


def documents(dossier: Dossier) -> Iterator[Document]:
    """Yield everything that a dossier keeps in prose."""
    yield from _plan(dossier)
    for name, (titles, texts, names) in _TABLES.items():
        yield from search_.of_table(dossier.tables[name].frame, name, titles=titles, texts=texts, names=names)
    for question in dossier.evaluation.questions.values():
        told = [question.reponse, *question.constats, *question.criteres_de_jugement, *question.elements_qualitatifs]
        told += [one.texte for one in question.preuves] + [one.constat for one in question.jugements]
        told += [text for sentences in question.contribution.values() for text in sentences]
        yield Document(
            table="questions", id=question.id, titre=question.texte, texte=" ".join(filter(None, told)), file=FILE_NAME
        )
    for text in dossier.texts.items:
        yield Document(table="textes", id=text.section, titre=text.section, texte=text.markdown, file=text.file)


def _plan(dossier: Dossier) -> Iterator[Document]:
    """Yield each action once, as it stands, at the place of its last row."""
    frame = dossier.tables["actions"].frame
    places = dict(zip(frame["id"], frame["origin"], strict=True))
    try:
        now = actions.current(frame)
    except DossierError:
        # A state that can't be read is told with the plan: its rows are searched as they are.
        now = frame.drop_duplicates("id", keep="last")
    yield from search_.of_table(
        now.assign(origin=now["id"].map(places)),
        "actions",
        titles=("intitule", "axe"),
        texts=("objectif", "public_cible", "pilote", "partenaires", "dispositifs", "motif"),
        names={"id": "id", "action": "id", "date": "etat_date"},
    )
