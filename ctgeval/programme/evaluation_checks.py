"""What is missing in an evaluation while there is still time: questions without evidence, answers without a reader."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ctgeval import french
from ctgeval.errors import Problem, suggestion
from ctgeval.programme.evaluation import FILE_NAME, Evaluation, Question

__all__ = ["FEWEST", "MOST", "SILENT", "problems"]

FEWEST, MOST = 5, 8
"""How many questions an evaluation can answer in earnest."""
SILENT = frozenset({"contexte", "realisation"})
"""Kinds of indicators that can't speak of effects: what surrounds the programme, and what it did."""


def problems(
    evaluation: Evaluation,
    *,
    kinds: Mapping[str, Collection[str]],
    recommendations: Collection[str],
    territories: Mapping[str, bool] | None = None,
) -> Iterator[Problem]:
    """Tell what an evaluation lacks, each with its question and what to do.

    Parameters
    ----------
    evaluation : Evaluation
        As read.
    kinds : mapping of str to collection of str
        For each known indicator, its kinds: that of the catalogue, or those that its actions give it.
    recommendations : collection of str
        Ids of the table ``recommandations``.
    territories : mapping of str to bool, optional
        Whether each territory named by an evidence is known.
    """
    questions = tuple(evaluation.questions.values())
    if questions and not FEWEST <= len(questions) <= MOST:
        yield _told(
            f"Ce dossier a {french.plural(len(questions), 'question évaluative', 'questions évaluatives')} : "
            f"{FEWEST} à {MOST} permettent de répondre sérieusement à chacune.",
            "Regroupez-les ou choisissez, avec le COPIL, celles dont la réponse servira."
            if len(questions) > MOST
            else "Complétez-les avec le COPIL, ou gardez-les si elles suffisent.",
            "question",
        )
    for question in questions:
        yield from _of_figures(question, kinds, territories or {})
        yield from _of_answer(question)
        for name in question.recommandations:
            if name not in recommendations:
                yield _told(
                    f"La préconisation « {name} » n’est pas dans la table « recommandations ».",
                    suggestion(name, recommendations) or "Ajoutez-la à la table, ou corrigez son identifiant.",
                    f"{question.key}.recommandations",
                    name,
                )


def _of_figures(
    question: Question, kinds: Mapping[str, Collection[str]], territories: Mapping[str, bool]
) -> Iterator[Problem]:
    for name in question.figures:
        if name not in kinds:
            key = "indicateurs" if name in question.indicateurs else "preuve"
            yield _told(
                f"L’indicateur « {name} » n’existe pas dans le catalogue.",
                suggestion(name, kinds) or "Corrigez l’identifiant, ou décrivez-le dans indicateurs.toml.",
                f"{question.key}.{key}",
                name,
            )
    known = [name for name in question.figures if name in kinds]
    if known and all(SILENT.issuperset(kinds[name]) for name in known):
        yield _told(
            f"Les indicateurs de la question {question.id} ({french.enumeration(known)}) sont de contexte ou de "
            "réalisation : ils ne pourront pas parler d’effets.",
            "Ajoutez un indicateur de résultat ou d’impact, ou dites dans la table « liens » pour quelle action l’un "
            "d’eux en est un, et pourquoi.",
            f"{question.key}.indicateurs",
        )
    if not known and not question.preuves and not question.elements_qualitatifs:
        yield _told(
            f"La question {question.id} n’a aucune preuve : rien ne permettra d’y répondre.",
            "Ajoutez des indicateurs, ou des blocs [[question.preuve]] (entretien, atelier, document, verbatim).",
            question.key,
        )
    for one in question.preuves:
        if one.territoire and not territories.get(one.territoire, True):
            yield _told(
                f"Le territoire « {one.territoire} » n’existe pas dans la géographie du dossier.",
                "Corrigez le code, ou retirez-le : le territoire du dossier est pris.",
                f"{one.key}.territoire",
                one.territoire,
            )


def _of_answer(question: Question) -> Iterator[Problem]:
    if question.reponse and not question.validee_par:
        yield _told(
            f"La réponse à la question {question.id} n’est validée par personne : elle reste à l’équipe et au COTECH.",
            'Une fois validée, écrivez validee_par = "l’instance et la date".',
            f"{question.key}.validee_par",
        )
    quoted = question.preuves or question.elements_qualitatifs or question.constats
    if question.reponse and not quoted and not question.jugements:
        yield _told(
            f"La réponse à la question {question.id} ne cite aucune preuve.",
            "Ajoutez ce sur quoi elle s’appuie : [[question.preuve]], [[question.jugement]] ou constats.",
            f"{question.key}.reponse",
        )
    for one in question.preuves:
        if one.inside:
            yield _told(
                "Cette parole d’habitant n’a été relue par personne : elle ne sort pas de la version interne.",
                'Après relecture, écrivez valide_par = "la fonction de qui a relu".',
                f"{one.key}.valide_par",
            )


def _told(message: str, remedy: str, key: str, value: str = "") -> Problem:
    return Problem(message=message, remedy=remedy, file=FILE_NAME, key=key, value=value, severity="avertissement")
