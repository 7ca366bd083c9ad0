"""The surveys of a dossier: what each audience may be told of their answers, and the indicators that they feed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import observations as observations_
from ctgeval.confidentiality import rules
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import CtgevalError, DossierError, Problem, Severity, suggestion
from ctgeval.followup import survey_secrecy
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.surveys import open_answers
from ctgeval.surveys.declaration import FILE_NAME, Question, Survey, read
from ctgeval.surveys.questionnaire import match
from ctgeval.surveys.results import ENOUGH
from ctgeval.surveys.taken import Taken, changed_codes
from ctgeval.surveys.wave_changes import changes

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "Gathered", "gather", "get", "withheld"]

_NAMES = (
    "surveys", "survey_answers", "survey_crosses", "survey_changes", "survey_scales", "survey_themes", "verbatims",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """The surveys whose answers could be read, by id, and what is wrong in all of them."""

    taken: Mapping[str, Taken]
    problems: tuple[Problem, ...]


def gather(dossier: Dossier) -> Gathered:
    """Read the surveys that ``enquetes.toml`` declares.

    Parameters
    ----------
    dossier : Dossier
        An open dossier; one without the file has no survey.

    Returns
    -------
    Gathered
        Never raises: a survey whose file can't serve is told and left out.
    """
    declared = read(dossier.path)
    problems = list(declared.problems)
    found: dict[str, Taken] = {}
    places = tuple(sorted(_small_places(dossier))) if declared.items else ()
    for survey in declared.items.values():
        table = dossier.read_sources.get(survey.source)
        if table is None or isinstance(table, CtgevalError) or "reponses" not in table.tables:
            problems.append(_without_answers(dossier, survey, known=table is not None))
            continue
        if survey.territoire and not dossier.knows(survey.territoire):
            told = "Ce territoire n’existe pas."
            problems.append(_problem(survey, "territoire", told, survey.territoire, severity="partiel"))
            continue
        answers = match(survey, table.tables["reponses"], table.tables["questions"], file=table.file)
        found[survey.id] = Taken(
            answers=answers, coding=open_answers.coding(dossier.path, answers), places=places
        )  # fmt: skip
        problems += [*found[survey.id].problems, *_indicator_problems(dossier, found[survey.id])]
    for taken in found.values():
        before = found.get(taken.survey.vague_precedente)
        if before is not None:
            problems += changed_codes(before.survey, taken.survey)[0]
    return Gathered(taken=found, problems=tuple(problems))


def get(dossier: Dossier, survey: str) -> Taken:
    """Return one survey.

    Raises
    ------
    DossierError
        When none of that id could be read; with the near ones.
    """
    known = dossier.surveys.taken
    if survey not in known:
        listed = f"Enquêtes lues : {', '.join(known)}." if known else f"Déclarez-la dans {FILE_NAME}."
        raise DossierError(
            "Aucune enquête lue ne porte cet identifiant.",
            remedy=suggestion(survey, known) or listed,
            file=FILE_NAME,
            value=survey,
        )
    return known[survey]


def _small_places(dossier: Dossier) -> set[str]:
    """Names of the communes of the territory: whoever answers from one of them could be known by it."""
    communes = dossier.reference.members(dossier.config.territoire.code, dossier.year)
    return {name for geo in communes if (name := dossier.reference.last_name(geo))}


def _without_answers(dossier: Dossier, survey: Survey, *, known: bool) -> Problem:
    keys = [source.cle for source in dossier.config.sources]
    if survey.source not in keys:
        message = f"L’enquête « {survey.id} » nomme une source qui n’est pas déclarée."
        remedy = suggestion(survey.source, keys) or (
            f'Ajoutez à ctg.toml un bloc [[source]] avec cle = "{survey.source}" et format = "limesurvey", "kobo" ou '
            '"questionnaire".'
        )
    else:
        message = f"Les réponses de l’enquête « {survey.id} » ne peuvent pas être lues."
        remedy = (
            "Voyez le problème de sa source, ou donnez-lui un format d’enquête : limesurvey, kobo, questionnaire."
            if known
            else "Déclarez son fichier et son format dans le bloc [[source]]."
        )
    return _problem(survey, "source", message, survey.source, remedy=remedy, severity="partiel")


def _indicator_problems(dossier: Dossier, taken: Taken) -> Iterator[Problem]:
    for question in taken.answers.questions:
        name = question.indicateur
        if not name or not question.favorable:
            continue
        key = f"{question.code}.indicateur"
        if name not in dossier.catalogue:
            remedy = suggestion(name, dossier.catalogue) or "Voyez la commande « ctgeval indicateurs »."
            yield _problem(taken.survey, key, "Cet indicateur n’existe pas dans le catalogue.", name, remedy=remedy)
        elif _measures(dossier, question) is None:
            message = "Cet indicateur n’est pas la part d’un comptage dans un autre : une enquête ne le nourrit pas."
            yield _problem(taken.survey, key, message, name, remedy="Choisissez un indicateur de type part.")
        elif int(taken.answers.base(question).sum()) < ENOUGH:
            message = f"Moins de {ENOUGH} réponses : l’enquête ne donne pas de valeur à cet indicateur."
            yield _problem(taken.survey, key, message, name, remedy="Rien à faire, sinon attendre plus de réponses.")


def _measures(dossier: Dossier, question: Question) -> tuple[str, str] | None:
    item = dossier.catalogue.get(question.indicateur)
    if item is None or item.published:
        return None
    above, below = item.numerator_terms, item.denominator_terms
    if len(above) != 1 or len(below) != 1 or above[0][0] != 1 or below[0][0] != 1:
        return None
    return above[0][1], below[0][1]


def _problem(
    survey: Survey,
    key: str,
    message: str,
    value: str,
    *,
    remedy: str = "Corrigez cette clé.",
    severity: Severity = "avertissement",
) -> Problem:
    place = f"{survey.id}.{key}"
    return Problem(message=message, remedy=remedy, file=FILE_NAME, key=place, value=value, severity=severity)


def _period(survey: Survey) -> str:
    day = survey.fin or survey.debut
    return survey.periode or (str(day.year) if day else "")


def _observations(dossier: Dossier) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for taken in dossier.surveys.taken.values():
        survey = taken.survey
        for question in taken.answers.questions:
            names = _measures(dossier, question) if question.indicateur and question.favorable else None
            if names is None or not _period(survey):
                continue
            count, base, share = taken.favourable(question.code)
            if base < ENOUGH:
                continue
            # Weighted answers: the numerator is what gives the weighted share on the persons who answered.
            plain = taken.answers.weights is None and taken.designed.raked is None
            for measure, value in zip(names, (float(count) if plain else share * base, float(base)), strict=True):
                rows.append(
                    {
                        "measure": measure,
                        "geo": survey.territoire or dossier.config.territoire.code,
                        "geography": dossier.year,
                        "time_period": _period(survey),
                        "value": value,
                        "source": survey.source,
                        "origin": _origin(survey, question.code),
                    }
                )
    return observations_.frame(rows) if rows else observations_.empty()


def _origin(survey: Survey, question: str) -> str:
    return f"{FILE_NAME}!{survey.id}!{question}"


def withheld(dossier: Dossier) -> frozenset[str]:
    """Return the ``origin`` of the observations that no other reader than the team may be given."""
    return frozenset(
        _origin(taken.survey, code)
        for taken in dossier.surveys.taken.values()
        for code in survey_secrecy.withheld(taken, *_thresholds(dossier, taken.survey))
    )


def _thresholds(dossier: Dossier, survey: Survey) -> tuple[int, int]:
    """Return the threshold of the counts of a survey, and of the sensitive ones; its source may impose a higher."""
    rule = public_rule(dossier.config)
    imposed = max((one.threshold for one in rule.by_source if one.source == survey.source), default=0)
    return max(rule.threshold, imposed), max(rule.sensitive_threshold, imposed)


def _tables(dossier: Dossier, reader: Reader) -> dict[str, pd.DataFrame]:
    allowed = {
        source.cle for source in dossier.config.sources if rules.allows(source.diffusion, reader.audience)
    }  # fmt: skip
    shown = {
        name: taken
        for name, taken in dossier.surveys.taken.items()
        if reader.internal or taken.survey.source in allowed
    }
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in _NAMES}
    for taken in shown.values():
        before = shown.get(taken.survey.vague_precedente)
        told = shared(dossier, "survey", partial(_told, taken, before), of=(taken, before))
        if not reader.internal:
            protect = partial(survey_secrecy.protected, taken, told, *_thresholds(dossier, taken.survey), before=before)
            told = shared(dossier, "survey outside", protect, of=(taken, before))
        for name, frame in told.items():
            found[name].append(frame)
    return {name: _joined(name, frames) for name, frames in found.items()}


def _told(taken: Taken, before: Taken | None) -> dict[str, pd.DataFrame]:
    compared = None
    if before is not None:
        compared = changes(before, taken, without=changed_codes(before.survey, taken.survey)[1])
    return {
        "surveys": pd.DataFrame([_summary(taken, before)]),
        "survey_answers": taken.results.assign(conf_status="F"),
        "survey_crosses": taken.crosses.assign(conf_status="F"),
        "survey_changes": pd.DataFrame(columns=list(TABLES["survey_changes"])) if compared is None else compared,
        "survey_scales": taken.scales.assign(conf_status="F"),
        "survey_themes": taken.themes.assign(conf_status="F"),
        "verbatims": taken.verbatims,
    }


def _summary(taken: Taken, before: Taken | None) -> dict[str, Any]:
    survey, answers = taken.survey, taken.answers
    return {
        "survey": survey.id,
        "title": survey.titre,
        "wave": survey.wave,
        "recruitment": survey.recrutement,
        "population": survey.population,
        "start": survey.debut.isoformat() if survey.debut else "",
        "end": survey.fin.isoformat() if survey.fin else "",
        "source": survey.source,
        "previous": before.survey.id if before else "",
        "invited": float(survey.effectif_invite or math.nan),
        "received": float(answers.received),
        "incomplete": float(answers.incomplete),
        "apart": float(answers.apart),
        "unknown": float(answers.unknown["n"].sum()),
        "n": float(answers.n),
        "response_rate": 100 * answers.response_rate,
        "weighted": answers.weights is not None or taken.designed.raked is not None,
        "intervals": taken.designed.design.has_intervals,
        "method": " ".join((*taken.designed.said, *taken.designed.design.said())),
        "absent": ", ".join(answers.absent),
        "conf_status": "F",
    }


def _joined(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    columns = list(TABLES[name])
    filled = [frame.reindex(columns=columns) for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns, dtype="str")


def _problems(dossier: Dossier) -> Iterator[Problem]:
    for problem in dossier.surveys.problems:
        yield replace(problem, severity="partiel" if problem.severity == "partiel" else "avertissement")


TOPIC = Topic(tables=_tables, observations=_observations, problems=_problems)
