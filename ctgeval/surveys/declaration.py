"""``enquetes.toml``: the questionnaires of a dossier, as whoever made them declares them.

::

    [[enquete]]
    id = "familles-2025"
    titre = "Enquête auprès des familles"
    recrutement = "volontaire"            # aleatoire (tirage au sort) | exhaustif (tous invités) | volontaire
    population = "Familles ayant un enfant de moins de 12 ans"
    effectif_invite = 620                 # à combien de personnes le questionnaire a été proposé, si on le sait
    debut = 2025-03-03
    fin = 2025-04-13
    source = "enquete-familles-2025"      # cle d'une [[source]] de ctg.toml : limesurvey, kobo ou questionnaire
    vague_precedente = "familles-2023"    # id de la vague d'avant ; appariement = "code" si les mêmes ont répondu
    poids = "poids"                       # colonne des poids, ou bien [enquete.redressement] ; jamais les deux
    [enquete.redressement]
    source = "Insee, recensement 2022"
    [enquete.redressement.marges]
    age = { "1" = 310, "2" = 480 }        # code d'une question à choix unique, puis effectif ou part par modalité
    [[enquete.question]]
    code = "Q1"
    texte = "Depuis l'action, cela va-t-il mieux avec votre enfant ?"
    type = "likert"                       # unique | multiple | likert | numerique | ouverte
    modalites = { "1" = "Non", "2" = "Oui, un peu", "3" = "Oui, beaucoup" }   # dans l'ordre pour likert
    ne_sait_pas = ["9"]
    indicateur = "PA05"
    favorable = ["2", "3"]
    croiser = ["age"]

Everything that is wrong is told at once, with its key and its remedy; what is right is kept.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ctgeval.errors import Problem, suggestion
from ctgeval.surveys.form import Form
from ctgeval.surveys.recruitment import RECRUITMENTS, Recruitment, check_recruitment

__all__ = ["CHOSEN", "FILE_NAME", "TYPES", "Question", "Survey", "Surveys", "Weighting", "read"]

FILE_NAME = "enquetes.toml"
TYPES = ("unique", "multiple", "likert", "numerique", "ouverte")
CHOSEN = frozenset({"unique", "likert"})
"""Types of which a respondent chooses one option."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_SURVEY_TEXTS = ("population", "territoire", "periode", "vague", "vague_precedente", "appariement", "poids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    Parameters
    ----------
    code : str
        As the export names it.
    texte : str
        As it was asked.
    type : str
        One of `TYPES`.
    modalites : mapping of str to str
        Label of each code, in order.
    ne_sait_pas : tuple of str
        Codes that stand for «ne sait pas»: answers, but no opinion.
    inverse : bool
        Whether the item of a scale is turned round.
    echelle : str
        Scale that it is an item of.
    indicateur : str
        Indicator that it feeds.
    favorable : tuple of str
        Codes that count in the numerator of that indicator.
    croiser : tuple of str
        Questions by which its answers are told.
    colonne : str
        Header in the export, when it is not the code.
    separateur : str
        What separates several answers of one cell.
    themes : str
        Column of the themes coded by hand, for an open question.
    minimum, maximum : float or None
        What a number can be.
    unite : str
        Unit of a number.
    profil : bool
        About who the respondents are: told, but not compared between waves.
    sensible : bool
        About health, income, disability: a higher threshold.
    si : mapping of str to tuple of str
        For a question asked to some only: the questions and the codes that lead to it.
    """

    code: str
    texte: str
    type: str
    modalites: Mapping[str, str] = field(default_factory=dict)
    ne_sait_pas: tuple[str, ...] = ()
    inverse: bool = False
    echelle: str = ""
    indicateur: str = ""
    favorable: tuple[str, ...] = ()
    croiser: tuple[str, ...] = ()
    colonne: str = ""
    separateur: str = ""
    themes: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unite: str = ""
    profil: bool = False
    sensible: bool = False
    si: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        """Label of each code that may be answered, «ne sait pas» last."""
        return {**self.modalites, **{code: self.modalites.get(code, "Ne sait pas") for code in self.ne_sait_pas}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighting:
    """Known margins to rake the answers to: for each question, the count or the share of each of its codes."""

    marges: Mapping[str, Mapping[str, float]]
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One survey, or one wave of it: see the module for the meaning of each key."""

    id: str
    titre: str
    recrutement: Recruitment
    source: str
    population: str = ""
    effectif_invite: int | None = None
    debut: dt.date | None = None
    fin: dt.date | None = None
    territoire: str = ""
    periode: str = ""
    vague: str = ""
    vague_precedente: str = ""
    appariement: str = ""
    poids: str = ""
    redressement: Weighting | None = None
    incompletes: bool = False
    libelles: bool = False
    sensible: bool = False
    echelles: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()

    def question(self, code: str) -> Question | None:
        """Return a question by its code, or None."""
        return next((one for one in self.questions if one.code == code), None)

    @property
    def volunteers(self) -> bool:
        """Whether nobody drew the respondents: they are told as «des répondants», without any interval."""
        return self.recrutement == "volontaire"

    @property
    def wave(self) -> str:
        """How the wave is called: its name, its period, or the year in which it ended."""
        day = self.fin or self.debut
        return self.vague or self.periode or (str(day.year) if day else self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveys:
    """The surveys of a dossier, by id, and what could not be used."""

    items: Mapping[str, Survey]
    problems: tuple[Problem, ...]


def read(folder: Path) -> Surveys:
    """Read the surveys of a dossier.

    Parameters
    ----------
    folder : Path
        The dossier; one without the file has no survey.

    Returns
    -------
    Surveys
        Never raises: what can't be used is told with its key and its remedy.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return Surveys(items={}, problems=())
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        told = Problem(
            message="Les enquêtes déclarées ne peuvent pas être lues.",
            remedy="Enregistrez le fichier en UTF-8 et corrigez la ligne indiquée : textes entre guillemets droits, "
            "listes entre crochets, dates 2025-03-01.",
            file=FILE_NAME,
            value=str(error)[:120],
            severity="partiel",
        )
        return Surveys(items={}, problems=(told,))
    form = Form(values, "", FILE_NAME)
    items: dict[str, Survey] = {}
    for part in form.blocks("enquete"):
        found = _survey(part)
        if found is None:
            message = "Cette enquête manque au bilan : il lui faut un id, un titre, une source et un recrutement."
            part.refuse("", message, "Corrigez les clés de ce bloc.", "", severity="partiel")
        elif found.id in items:
            message = f"L’enquête « {found.id} » est déclarée deux fois : la première est gardée."
            part.refuse("id", message, "Donnez un autre id.", found.id, severity="partiel")
        else:
            items[found.id] = found
    form.refuse_unknown()
    return Surveys(items=items, problems=(*form.problems, *_orphans(items)))


def _survey(form: Form) -> Survey | None:
    texts = {name: form.text(name, required=True) for name in ("id", "titre", "source")}
    recruitment = form.choice("recrutement", RECRUITMENTS, required=True)
    invited = form.number("effectif_invite", low=1)
    questions: dict[str, Question] = {}
    for part in form.blocks("question"):
        found = _question(part)
        if found is not None and found.code in questions:
            part.refuse("code", f"La question « {found.code} » est déclarée deux fois.", "Gardez-en une.", found.code)
        elif found is not None:
            questions[found.code] = found
    start, end = form.day("debut"), form.day("fin")
    if start and end and end < start:
        form.refuse("fin", "L’enquête finit avant d’avoir commencé.", "Échangez « debut » et « fin ».", str(end))
        start = end = None
    texts |= {name: form.text(name) for name in _SURVEY_TEXTS}
    flags = {name: form.flag(name) for name in ("incompletes", "libelles", "sensible")}
    scales = {name: str(label) for name, label in form.table("echelles").items()}
    kept = tuple(_linked(one, questions, form) for one in questions.values())
    weighting = _weighting(form, {one.code: one for one in kept})
    if weighting and texts["poids"]:
        form.refuse("poids", "Les réponses ont des poids et un redressement.", "Gardez l’un des deux.", "")
        weighting = None
    form.refuse_unknown()
    if not all(texts[name] for name in ("id", "titre", "source")) or not recruitment:
        return None
    if not _ID.fullmatch(texts["id"]):
        form.refuse(
            "id", "Un id ne contient que des lettres sans accent, des chiffres, « - » et « _ ».", "", texts["id"]
        )
        return None
    return Survey(
        id=texts["id"],
        titre=texts["titre"],
        source=texts["source"],
        population=texts["population"],
        territoire=texts["territoire"],
        periode=texts["periode"],
        vague=texts["vague"],
        vague_precedente=texts["vague_precedente"],
        appariement=texts["appariement"],
        poids=texts["poids"],
        incompletes=flags["incompletes"],
        libelles=flags["libelles"],
        sensible=flags["sensible"],
        recrutement=check_recruitment(recruitment),
        effectif_invite=int(invited) if invited else None,
        debut=start,
        fin=end,
        redressement=weighting,
        echelles=scales,
        questions=kept,
    )


def _question(form: Form) -> Question | None:
    code, text = form.text("code", required=True), form.text("texte", required=True)
    kind = form.choice("type", TYPES, required=True)
    labels = form.labels("modalites")
    unsure = form.texts("ne_sait_pas")
    low, high = form.number("minimum"), form.number("maximum")
    unit = form.text("unite")
    conditions = {name: form.listed("si", name, value) for name, value in form.table("si").items()}
    favourable, crossed = form.texts("favorable"), form.texts("croiser")
    turned, sensitive, profile = (form.flag(name) for name in ("inverse", "sensible", "profil"))
    others = {name: form.text(name) for name in ("echelle", "indicateur", "colonne", "separateur", "themes")}
    form.refuse_unknown()
    if not (code and text and kind):
        return None
    if kind in {"unique", "multiple", "likert"} and len(labels) < (3 if kind == "likert" else 1):
        form.refuse(
            "modalites",
            f"La question « {code} » n’a pas de modalités."
            if not labels
            else f"La question « {code} » a moins de trois modalités : ce n’est pas une échelle de réponse.",
            'Écrivez modalites = { "1" = "Non", "2" = "Un peu", "3" = "Beaucoup" }, dans l’ordre.',
            "",
        )
        return None
    if low is not None and high is not None and low > high:
        form.refuse("minimum", "Le minimum dépasse le maximum.", "Échangez-les.", f"{low:g}")
        low = high = None
    if unit == "%":
        low, high = 0.0 if low is None else low, 100.0 if high is None else high
    return Question(
        code=code,
        texte=text,
        type=kind,
        modalites=labels,
        ne_sait_pas=unsure,
        minimum=low,
        maximum=high,
        unite=unit,
        si=conditions,
        favorable=favourable,
        croiser=crossed,
        inverse=turned,
        sensible=sensitive,
        profil=profile,
        echelle=others["echelle"],
        indicateur=others["indicateur"],
        colonne=others["colonne"],
        separateur=others["separateur"],
        themes=others["themes"],
    )


def _linked(question: Question, known: Mapping[str, Question], form: Form) -> Question:
    """Return a question without what it says of codes and questions that do not exist."""
    place = f"question « {question.code} »"
    favourable = tuple(code for code in question.favorable if code in question.modalites)
    for code in question.favorable:
        if code not in question.modalites:
            remedy = suggestion(code, question.modalites) or f"Codes déclarés : {', '.join(question.modalites)}."
            form.refuse("question", f"Le code favorable « {code} » de la {place} n’existe pas.", remedy, code)
    if question.indicateur and not favourable:
        form.refuse(
            "question",
            f"La {place} nourrit un indicateur sans dire quelles réponses comptent.",
            'Ajoutez favorable = ["..."], avec les codes des réponses qui comptent.',
            question.indicateur,
        )
    crossed = tuple(code for code in question.croiser if code in known and known[code].type in CHOSEN)
    for code in question.croiser:
        if code not in crossed:
            remedy = suggestion(code, known) or "Croisez avec une question « unique » ou « likert » déclarée."
            form.refuse("question", f"La {place} ne peut pas être croisée avec « {code} ».", remedy, code)
    conditions = {name: codes for name, codes in question.si.items() if name in known}
    for name in question.si.keys() - conditions.keys():
        form.refuse("question", f"La {place} dépend d’une question inconnue.", suggestion(name, known), name)
    scaled = question.echelle if question.type in {"likert", "numerique"} else ""
    if question.echelle and not scaled:
        form.refuse(
            "question", f"La {place} ne peut pas entrer dans une échelle.", 'Il faut type = "likert".', question.type
        )
    return replace(question, favorable=favourable, croiser=crossed, si=conditions, echelle=scaled)


def _weighting(form: Form, questions: Mapping[str, Question]) -> Weighting | None:
    part = form.block("redressement")
    if part is None:
        return None
    source = part.text("source")
    margins: dict[str, Mapping[str, float]] = {}
    for code, values in part.table("marges").items():
        question = questions.get(code)
        if question is None or question.type not in CHOSEN:
            remedy = suggestion(code, questions) or "Redressez sur une question « unique » ou « likert » déclarée."
            part.refuse("marges", f"La marge « {code} » n’est pas une question à choix unique.", remedy, code)
            continue
        given = values if isinstance(values, Mapping) else {}
        strange = [name for name in given if name not in question.modalites]
        absent = [name for name in question.modalites if name not in given and name not in question.ne_sait_pas]
        wrong = [name for name, one in given.items() if isinstance(one, bool) or not _positive(one)]
        for told, names in (("inconnues", strange), ("sans marge", absent), ("qui ne sont pas un nombre", wrong)):
            if names:
                part.refuse(
                    "marges", f"La marge « {code} » a des modalités {told} : {', '.join(names)}.",
                    "Donnez un effectif ou une part positive pour chaque modalité déclarée.", names[0],
                )  # fmt: skip
        if given and not (strange or absent or wrong):
            margins[code] = {name: float(one) for name, one in given.items()}
    part.refuse_unknown()
    return Weighting(marges=margins, source=source) if margins else None


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and 0 < value < float("inf")


def _orphans(items: Mapping[str, Survey]) -> Iterator[Problem]:
    for survey in items.values():
        name = survey.vague_precedente
        if name and (name not in items or name == survey.id):
            yield Problem(
                message=f"La vague précédente de l’enquête « {survey.id} » n’est pas déclarée.",
                remedy=suggestion(name, [one for one in items if one != survey.id])
                or "Déclarez-la par un bloc [[enquete]], ou retirez cette clé.",
                file=FILE_NAME,
                key=f"enquete[{list(items).index(survey.id) + 1}].vague_precedente",
                value=name,
                severity="avertissement",
            )
