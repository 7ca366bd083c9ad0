"""Propose themes for answers in prose: a seeded factorisation that shows the words it went by.

A proposal helps whoever codes, and is nothing else: it names no theme, it misses irony and rare needs, and it is never
published. What is coded by hand is (see `open_answers`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError

__all__ = ["Proposal", "propose"]

_FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """Groups of answers that share their words.

    Parameters
    ----------
    words : DataFrame
        ``theme`` (``Groupe 1``...), ``words`` (those that weigh most, the explanation), ``n`` answers.
    answers : DataFrame
        ``text, theme, weight``: the group of each answer, empty when no word of it is in any, and how much of the
        answer that group makes (0 to 1).
    """

    words: pd.DataFrame
    answers: pd.DataFrame


def propose(texts: Sequence[str], *, number: int = 6, seed: int = 0) -> Proposal:
    """Propose groups of answers.

    Parameters
    ----------
    texts : sequence of str
        Answers in prose, scrubbed.
    number : int
        Groups, at least 2; fewer when there are not enough answers.
    seed : int
        Same seed, same groups.

    Raises
    ------
    DossierError
        When scikit-learn (extra ``texte``) is not installed, or when there are too few answers to group.

    References
    ----------
    Lee, D. and Seung, H. (1999), Learning the Parts of Objects by Non-negative Matrix Factorization, Nature 401;
    Boutsidis, C. and Gallopoulos, E. (2008), SVD Based Initialization, Pattern Recognition 41 (a start without chance).
    """
    filled = [text for text in texts if text.strip()]
    if len(filled) < _FEWEST or number < 2:
        raise DossierError(
            f"Il faut au moins {_FEWEST} réponses et 2 groupes pour proposer des thèmes.",
            remedy="Codez-les à la main, dans enquetes/<id>_themes.csv.",
            value=str(len(filled)),
        )
    try:
        from sklearn.decomposition import NMF  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from sklearn.feature_extraction.text import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
            TfidfVectorizer,
        )
    except ImportError as error:
        raise DossierError(
            "La proposition de thèmes a besoin de scikit-learn, qui n’est pas installé.",
            remedy='Installez l’extra « texte » : pip install "ctgeval[texte]". Sinon, codez les thèmes à la main.',
        ) from error
    vectors = TfidfVectorizer(analyzer=_terms, min_df=2, sublinear_tf=True)
    try:
        table = vectors.fit_transform(texts)
    except ValueError as error:
        raise DossierError(
            "Les réponses n’ont aucun mot en commun : aucun groupe ne peut être proposé.",
            remedy="Codez-les à la main, dans enquetes/<id>_themes.csv.",
        ) from error
    size = min(number, table.shape[1], len(filled) // 5)
    model = NMF(n_components=size, init="nndsvda", random_state=seed, max_iter=2000, tol=1e-5)
    with np.errstate(invalid="ignore"):
        # A fit without any error left: its square root is that of a negative rounding.
        parts = model.fit_transform(table)
    parts = parts * np.linalg.norm(model.components_, axis=1)
    total = parts.sum(axis=1)
    best = parts.argmax(axis=1)
    order = np.argsort(-np.bincount(best[total > 0], minlength=size), kind="stable")
    names = {int(group): f"Groupe {rank}" for rank, group in enumerate(order, start=1)}
    terms = vectors.get_feature_names_out()
    told = [
        (names[int(group)], ", ".join(_top(model.components_[group], terms)), int((best[total > 0] == group).sum()))
        for group in order
    ]
    weight = np.divide(parts.max(axis=1), total, out=np.zeros(len(total)), where=total > 0)
    chosen = [names[int(group)] if found > 0 else "" for group, found in zip(best, total, strict=True)]
    return Proposal(
        words=pd.DataFrame(told, columns=["theme", "words", "n"]),
        answers=pd.DataFrame({"text": list(texts), "theme": chosen, "weight": np.round(weight, 3)}),
    )


def _terms(text: str) -> list[str]:
    """Return the words of an answer, accents aside, a plural being its singular."""
    found = re.findall(r"[a-z]{3,}", french.fold(text))
    return [word if len(word) < 5 else re.sub(r"[sx]$", "", word) for word in found if word not in _empty_words()]


@cache
def _empty_words() -> frozenset[str]:
    text = (resources.files("ctgeval.surveys") / "mots_vides.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def _top(weights: npt.NDArray[np.float64], terms: Sequence[str]) -> list[str]:
    return [str(terms[at]) for at in np.argsort(-weights, kind="stable")[:6] if weights[at] > 0]
