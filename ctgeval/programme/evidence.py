"""What an answer stands on: figures, interviews, workshops, documents, words of inhabitants; judgements on criteria."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ctgeval import periods
from ctgeval.programme.toml_rows import Faults
from ctgeval.prose import fold
from ctgeval.sources import free_text

__all__ = ["FIGURE", "LEVELS", "TYPES", "VERBATIM", "Evidence", "Judgement", "read_evidence", "read_judgements",
           "without_persons"]  # fmt: skip

FIGURE, VERBATIM = "chiffre", "verbatim"
TYPES: Mapping[str, str] = {
    FIGURE: "Chiffres",
    "entretien": "Entretiens",
    "atelier": "Ateliers",
    "document": "Documents",
    VERBATIM: "Paroles d’habitants",
}
"""Kinds of evidence and what each is called, in the order in which they are told."""

LEVELS: Mapping[str, str] = {
    "satisfait": "Satisfait",
    "en partie": "Satisfait en partie",
    "non satisfait": "Non satisfait",
    "non concluant": "Non concluant",
}
"""What may be concluded of a criterion of judgement."""

_EVIDENCE_KEYS = (
    "type", "texte", "lien", "reference", "date", "source", "indicateur", "periode", "territoire", "valide_par",
)  # fmt: skip
_JUDGEMENT_KEYS = ("critere_de_jugement", "constat", "niveau")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that an answer stands on.

    Parameters
    ----------
    type : str
        A key of `TYPES`.
    texte : str
        What it says.
    lien, source, date : str
        Where it is (an address, a path in the dossier, a reference), who it comes from, and when, as ``2025-03-14``.
    indicateur, periode, territoire : str
        For a figure: its value is never typed, it is taken from what each reader is shown.
    valide_par : str
        For words of inhabitants: who read them before anybody else does.
    key : str
        Its place in the file.
    """

    type: str
    texte: str
    lien: str = ""
    source: str = ""
    date: str = ""
    indicateur: str = ""
    periode: str = ""
    territoire: str = ""
    valide_par: str = ""
    key: str = ""

    @property
    def inside(self) -> bool:
        """Whether it stays with the team: words of inhabitants that nobody has read over yet."""
        return self.type == VERBATIM and not self.valide_par


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is found of one criterion of judgement, and how far it is met."""

    critere_de_jugement: str
    constat: str
    niveau: str
    key: str = ""


def read_evidence(row: Mapping[str, Any], place: str, faults: Faults) -> tuple[Evidence, ...]:
    """Return the evidence of a question; what can't be used is told and left out.

    Words that tell of a person are left out too, for every reader: the file is for the team, yet it is copied.
    """
    found = (_evidence(one, key, faults) for one, key in faults.rows(row, "preuve", place))
    return tuple(one for one in found if one is not None)


def _evidence(row: Mapping[str, Any], place: str, faults: Faults) -> Evidence | None:
    faults.unknown_keys(row, _EVIDENCE_KEYS, place)
    given = {name: faults.text(row, name, place) for name in _EVIDENCE_KEYS}
    kind = faults.choice(given["type"], TYPES, f"{place}.type", "un type de preuve")
    if not given["type"]:
        faults.tell("Cette preuve ne dit pas de quel type elle est.", f"type = {_quoted(TYPES)}.", place)
    if kind == FIGURE and not given["indicateur"]:
        faults.tell("Un chiffre est celui d’un indicateur.", 'Ajoutez indicateur = "PE09".', place)
        return None
    if not kind or (kind != FIGURE and not given["texte"]):
        if kind:
            faults.tell("Cette preuve ne dit rien.", 'Ajoutez texte = "...".', place)
        return None
    for name in ("texte", "source"):
        if given[name] and not without_persons((given[name],), f"{place}.{name}", faults):
            return None
    return Evidence(
        type=kind,
        texte=given["texte"],
        lien=_link(given["lien"] or given["reference"], f"{place}.lien", faults),
        source=given["source"],
        date=_day(given["date"], f"{place}.date", faults),
        indicateur=given["indicateur"],
        periode=_period(given["periode"], f"{place}.periode", faults),
        territoire=given["territoire"],
        valide_par=given["valide_par"],
        key=place,
    )


def without_persons(sentences: Sequence[str], key: str, faults: Faults) -> tuple[str, ...]:
    """Return the sentences that tell of nobody; each of the others is told, without what it says."""
    kept = []
    for text in sentences:
        if kinds := free_text.found_in(text):
            faults.tell(
                f"Ce texte parle d’une personne ({free_text.named(kinds)}) : il n’est pas retenu.",
                "Retirez ce qui désigne la personne ; dites sa fonction ou son organisme.",
                key,
            )
        else:
            kept.append(text)
    return tuple(kept)


def _quoted(words: Mapping[str, str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _link(link: str, key: str, faults: Faults) -> str:
    if link.startswith(("/", "\\", "~", "file:")) or link[1:3] in {":\\", ":/"}:
        faults.tell(
            "Ce lien est celui d’un seul ordinateur : il n’est pas repris.",
            "Écrivez un chemin depuis le dossier, par exemple documents/atelier.pdf, ou une adresse https.",
            key,
            link,
        )
        return ""
    return link


def _day(text: str, key: str, faults: Faults) -> str:
    try:
        return dt.date.fromisoformat(text[:10]).isoformat() if text else ""
    except ValueError:
        faults.tell("Cette date ne peut pas être lue.", "Écrivez par exemple 2025-03-14.", key, text)
        return ""


def _period(text: str, key: str, faults: Faults) -> str:
    if text and not periods.is_period(text):
        faults.tell("Cette période ne peut pas être lue.", "Écrivez par exemple 2025 ou 2025-S1.", key, text)
        return ""
    return periods.normalise(text) if text else ""


def read_judgements(
    row: Mapping[str, Any], criteria: Sequence[str], place: str, faults: Faults
) -> tuple[Judgement, ...]:
    """Return what was found of each criterion of judgement, named by its text or by its rank (1, 2...)."""
    found = []
    for one, key in faults.rows(row, "jugement", place):
        faults.unknown_keys(one, _JUDGEMENT_KEYS, key)
        criterion = _criterion(one.get("critere_de_jugement", ""), criteria, f"{key}.critere_de_jugement", faults)
        level = faults.choice(faults.text(one, "niveau", key), LEVELS, f"{key}.niveau", "un niveau de jugement")
        told = faults.text(one, "constat", key)
        if criterion and (told or level):
            found.append(Judgement(critere_de_jugement=criterion, constat=told, niveau=level, key=key))
        elif criterion:
            faults.tell("Ce jugement ne dit ni constat ni niveau.", 'Ajoutez constat = "...".', key)
    return tuple(found)


def _criterion(value: object, criteria: Sequence[str], key: str, faults: Faults) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= len(criteria):
        return criteria[value - 1]
    if isinstance(value, str) and value:
        same = [one for one in criteria if fold(one) == fold(value)]
        if same:
            return same[0]
    faults.tell(
        "Ce jugement ne porte sur aucun critère de jugement de la question.",
        f"Donnez le rang du critère, de 1 à {len(criteria)}, ou son texte."
        if criteria
        else "Écrivez d’abord criteres_de_jugement.",
        key,
        str(value),
    )
    return ""
