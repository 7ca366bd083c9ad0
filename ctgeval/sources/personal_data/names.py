"""Names of persons: a header that says so, a civility, or given names that most cells hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from ctgeval import french
from ctgeval.sources.personal_data.columns import MANY, Column, Finding

__all__ = ["BODIES", "given_names", "names_somebody", "persons"]

_TITLE = r"(?i)^(?:m\.|mr\.?|mme\.?|mlle\.?|monsieur|madame|mademoiselle)\s+\p{L}"
_CIVILITY = re.compile(r"(?:m\.|mr\.?|mme\.?|mlle\.?|monsieur|madame|mademoiselle)\s+[^\W\d_]", re.IGNORECASE)
BODIES = frozenset(
    word
    for line in (
        "saint sainte st ste ecole ecoles college lycee maternelle elementaire primaire maison mairie association asso",
        "place rue avenue espace centre france services service poste msa pimms commune communaute cc ca cu",
        "departement locale",
        "conseil syndicat sivu sivom office club union amicale comite foyer creche micro relais halte garderie crous",
        "hopital clinique ehpad residence sarl sas scop sci eurl gaec fondation federation groupe groupement mission",
        "agence bibliotheque mediatheque cinema theatre musee parc jardin ile region prefecture tribunal universite",
        "caf",
    )
    for word in line.split()
)
"""Words that only the name of a body or of a place has."""
_FIRST = ("prenom", "prenoms", "given name", "first name", "firstname")
_LAST = (
    "nom de famille", "nom usage", "nom d usage", "nom naissance", "nom de naissance", "nom jeune fille",
    "nom prenom", "nom et prenom", "noms et prenoms", "nom prenoms", "noms prenoms", "prenom nom", "prenoms et noms",
    "nom complet", "nom de l enfant", "nom du parent", "nom parent",
    "nom enfant", "last name", "lastname", "surname", "full name",
)  # fmt: skip


_SOMEBODY = (
    "participant", "participants", "personne", "usager", "usagere", "beneficiaire", "responsable", "parent", "parents",
    "enfant", "enfants", "allocataire", "referent", "referente", "contact", "interlocuteur", "identite", "adherent",
    "representant", "agent", "salarie", "nom prenom", "demandeur", "eleve", "pilote", "signataire",
)  # fmt: skip


def names_somebody(text: str) -> bool:
    """Tell whether a short text reads as the name of a person: « Mme Durand », « Claire Durand », « DURAND Claire ».

    A civility is enough. Otherwise all is letters, two or three words with a capital, the first or the last a given
    name, none a word that only a body has: « Espace Simone Veil » and « France Travail » are bodies.
    """
    told = text.strip()
    if _CIVILITY.match(told):
        return True
    written = re.split(r"\s+", told)
    words = re.findall(r"[a-z]+", french.fold(told))
    if not 2 <= len(written) <= 3 or not all(
        re.fullmatch(r"[^\W\d_][^\W\d_'’\-]*(?:[-'’]\w+)*", word) for word in written
    ):
        return False
    named = not given_names().isdisjoint({words[0], words[-1]})
    return named and all(word[0].isupper() for word in written) and BODIES.isdisjoint(words)


def persons(columns: Iterable[Column], taken: set[str]) -> list[Finding]:
    """Find columns of names, and of given names, among those where nothing else was found."""
    texts = [column for column in columns if column.name not in taken and column.longest >= 3]
    given = [column for column in texts if column.named(*_FIRST) and _letters(column) >= MANY]
    found = [column.finding("prenom", column.hits(r"\p{L}")) for column in given if not column.named("nom")]
    done = {finding.column for finding in found}
    for column in texts:
        if column.name in done:
            continue
        if _are_given_names(column):
            found.append(column.finding("prenom", column.hits(r"\p{L}")))
            continue
        named = column.named(*_LAST) or (bool(given) and column.words in {("nom",), ("noms",), ("name",)})
        if named and _letters(column) >= MANY and _bodies(column) < MANY:
            found.append(column.finding("nom", column.hits(r"\p{L}")))
        elif _looks_like_names(column):
            found.append(column.finding("nom", _person_like(column)))
    return found


def _letters(column: Column) -> float:
    return float(column.counts[column.hits(r"^\p{L}[\p{L} ,'’.\-]*$")].sum()) / column.total


def _bodies(column: Column) -> float:
    """Return the share of cells that hold a word which only a body has: ``nom_complet`` may be that of an EPCI."""
    texts = column.values.to_pylist()
    found = [not BODIES.isdisjoint(re.findall(r"[a-z]+", french.fold(text))) for text in texts]
    return float(column.counts[np.array(found, dtype=np.bool_)].sum()) / column.total


def _looks_like_names(column: Column) -> bool:
    """Tell whether many cells differ and most hold a given name, without a word that only a body has."""
    titled = column.hits(_TITLE)
    if column.counts[titled].sum() / column.total >= 0.3:
        return True
    alone = column.words in {("nom",), ("noms",), ("name",)} or column.named(*_SOMEBODY)
    if column.total < (5 if alone else 20) or column.unique <= (MANY if alone else 0.3) or _letters(column) < 0.9:
        return False
    person = _person_like(column)
    return float(column.counts[person].sum()) / column.total > (0.3 if alone else 0.6)


def _are_given_names(column: Column) -> bool:
    """Tell whether nearly all cells are one given name, several times or not, whatever the header."""
    if column.total < 20 or len(column.counts) < 5 or column.longest > 40:
        return False
    given = given_names()
    words = [re.findall(r"[a-z]+", french.fold(text)) for text in column.values.to_pylist()]
    found = [bool(told) and given.issuperset(told) for told in words]
    return float(column.counts[np.array(found, dtype=np.bool_)].sum()) / column.total > 0.9


def _person_like(column: Column) -> npt.NDArray[np.bool_]:
    given = given_names()
    found = np.zeros(len(column.counts), dtype=np.bool_)
    for place, text in enumerate(column.values.to_pylist()):
        words = re.findall(r"[a-z]+", french.fold(text))
        found[place] = 2 <= len(words) <= 5 and not BODIES.intersection(words) and not given.isdisjoint(words)
    return found | column.hits(_TITLE)


@cache
def given_names() -> frozenset[str]:
    """Return given names, in lower case and without accents."""
    text = (resources.files("ctgeval.sources") / "prenoms.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
