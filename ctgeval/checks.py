"""Every problem of every input of a dossier, told at once: what `Dossier.problems` and ``ctgeval verifier`` show.

Each check looks at tables that are already read, raises nothing, and gives the place and the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french, measures, periods, readability
from ctgeval.config.notebooks import OWN_NOTEBOOKS, notebooks, own_notebooks
from ctgeval.errors import SEVERITIES, CtgevalError, Problem, Severity, TerritoryError, suggestion
from ctgeval.programme import budget, texts
from ctgeval.programme.origin import place
from ctgeval.sources import SourceTable, is_harmless
from ctgeval.territory.codes import ARRONDISSEMENTS

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["notebooks", "problems"]

_HARD, _ENOUGH_WORDS = 50.0, 30
"""Score of readability under which a text is hard; words under which a score means nothing."""
_COMMUNE = re.compile(r"(?:\d\d|2[AB])\d{3}")


def problems(dossier: Dossier) -> list[Problem]:
    """List the problems of a dossier, the gravest first, in the order of the way of the data."""
    # Heavy, and of no use to whoever asks only which notebooks there are.
    from ctgeval import followup

    found = [
        *dossier.config_warnings,
        *_unread(dossier.read_sources.values()),
        *dossier.reference.conflicts,
        *_rejected(dossier),
        *(problem for table in dossier.tables.values() for problem in table.problems),
        *dossier.count_problems,
        *_unknown_notebooks(dossier),
        *_unknown_indicators(dossier),
        *_unknown_places(dossier),
        *_impossible_targets(dossier),
        *_late_baselines(dossier),
        *_undeclared_sources(dossier),
        *_missing_returns(dossier),
        *_orphan_actions(dossier),
        *_incomparable(dossier),
        *dossier.evaluation.problems,
        *_unknown_questions(dossier),
        *texts.problems(dossier.texts, catalogue=dossier.catalogue),
        *_unread_texts(dossier),
        *_hard_texts(dossier),
        *_own_measures(dossier),
        *followup.problems(dossier),
        *dossier.contour_problems,
    ]
    return sorted(dict.fromkeys(found), key=lambda problem: SEVERITIES.index(problem.severity))


def _unread(items: Iterable[SourceTable | CtgevalError]) -> Iterator[Problem]:
    for item in items:
        if isinstance(item, CtgevalError):
            yield from item.problems


def _rejected(dossier: Dossier) -> Iterator[Problem]:
    """Tell once each kind of fault of a file, with the first row that has it and how many there are.

    A fault blocks when its row may speak of the ground of the dossier: a national file always has one somewhere.
    """
    for key in sorted(dossier.source_tables):
        rejected = dossier.source_tables[key].rejected
        kinds = rejected["reason"].str.replace(r"\d+", "#", regex=True)
        ours = _concern(dossier, rejected)
        for _, group in rejected.groupby([rejected["column"], kinds, ours], sort=True, dropna=False):
            first = group.iloc[0]
            harmless, near_us = is_harmless(str(first["reason"])), bool(ours[group.index[0]])
            lines = french.plural(group["row"].nunique(), "ligne écartée", "lignes écartées")
            remedy = "Corrigez la valeur dans le fichier, ou retirez la ligne : elle ne compte dans aucun chiffre."
            if harmless:
                remedy = "Rien à faire : ces chiffres sont ailleurs dans le fichier."
            elif not near_us:
                remedy = "Rien à faire : ces lignes parlent d’autres territoires que ceux du dossier."
            yield Problem(
                message=f"{lines} : {first['reason']}",
                remedy=remedy,
                file=str(first["file"]),
                sheet=str(first["sheet"]),
                row=int(first["row"]),
                column=str(first["column"]),
                value=str(first["value"]),
                severity="avertissement" if harmless or not near_us else "bloquant",
            )


def _concern(dossier: Dossier, rejected: pd.DataFrame) -> pd.Series[Any]:
    """Tell which rejected rows may speak of a territory of the dossier: those whose territory is not known do."""
    own = {*dossier.ground, *dossier.config.comparaison.territoires}
    around = {_departement(geo) for geo in own}

    def concerns(geo: str, value: str) -> bool:
        code = geo or (f"COM-{value}" if _COMMUNE.fullmatch(value) else "")
        if not code or code in own:
            return True
        if code.startswith("DEP-"):
            return code in around
        # A code of no commune of today may be that of one that merged into one of ours, or a mistyped one.
        gone = not dossier.reference.exists(code, dossier.year)
        return gone and (not code.startswith("COM-") or _departement(code) in around)

    pairs = list(rejected[["geo", "value"]].itertuples(index=False, name=None))
    told = {pair: concerns(*pair) for pair in set(pairs)}
    return pd.Series([told[pair] for pair in pairs], index=rejected.index, dtype=bool)


def _departement(geo: str) -> str:
    if geo.startswith("COM-"):
        return f"DEP-{geo[4:7] if geo[4:6] in {'97', '98'} else geo[4:6]}"
    return geo


def _unknown_notebooks(dossier: Dossier) -> Iterator[Problem]:
    known, shipped = notebooks(dossier.path), notebooks()
    for path in own_notebooks(dossier.path):
        if path.stem in shipped:
            yield Problem(
                message="Ce carnet porte le nom d’un carnet de ctgeval : c’est celui de ctgeval qui est exécuté.",
                remedy="Donnez-lui un autre nom, et écrivez ce nom dans le bloc [[bilan]].",
                file=f"{OWN_NOTEBOOKS}/{path.name}",
                value=path.stem,
                severity="avertissement",
            )
    for position, bilan in enumerate(dossier.config.bilans):
        if bilan.carnet not in known:
            yield Problem(
                message="Aucun carnet ne porte ce nom : ce bilan ne peut pas être produit.",
                remedy=suggestion(bilan.carnet, known) or f"Carnets disponibles : {french.enumeration(list(known))}.",
                file="ctg.toml",
                key=f"bilan[{position + 1}].carnet",
                value=bilan.carnet,
            )


def _unknown_indicators(dossier: Dossier) -> Iterator[Problem]:
    message = "Cet indicateur n’existe pas dans le catalogue."
    remedy = "Corrigez l’identifiant, ou décrivez-le dans indicateurs.toml."
    # What indicateurs.toml declares wrongly is told there, and leaves only itself out.
    told = {*dossier.own_indicators.unusable, *dossier.qualitative}
    for position, name in enumerate(dossier.retained):
        if name not in dossier.catalogue and name not in told:
            yield Problem(
                message=message,
                remedy=suggestion(name, [*dossier.catalogue, *dossier.qualitative]) or remedy,
                file="ctg.toml",
                key=f"indicateurs.retenus[{position + 1}]",
                value=name,
            )
    targets = dossier.tables["cibles"].frame
    for row in targets[~targets["indicateur"].isin([*dossier.catalogue, *told])].itertuples():
        name = str(row.indicateur)
        mend = suggestion(name, dossier.catalogue) or remedy
        yield _row_problem(str(row.origin), message, mend, "indicateur", name)


def _unknown_places(dossier: Dossier) -> Iterator[Problem]:
    for name in ("cibles", "observations"):
        frame = dossier.tables[name].frame
        for geo, group in frame.groupby("territoire", sort=True):
            if not dossier.knows(str(geo)):
                lines = french.plural(len(group), "ligne")
                message, remedy = _why_unknown(dossier, str(geo))
                yield _row_problem(
                    str(group.iloc[0]["origin"]), f"{message} ({lines}).", remedy, "territoire", str(geo)
                )


def _why_unknown(dossier: Dossier, geo: str) -> tuple[str, str]:
    """Tell what became of a commune that is no longer one; otherwise the near codes, those of the dossier first."""
    message, remedy = "Ce territoire n’existe pas dans la géographie du dossier", ""
    try:
        dossier.reference.name(geo, dossier.year)
    except TerritoryError as error:
        if error.problem.message.startswith(geo):
            return error.problem.message.rstrip("."), error.problem.remedy
        remedy = error.problem.remedy
    return message, suggestion(geo, dossier.territories["geo"]) or remedy or "Corrigez le code."


def _impossible_targets(dossier: Dossier) -> Iterator[Problem]:
    """Tell the targets that no value could be held against."""
    for row in dossier.tables["cibles"].frame.to_dict("records"):
        low, high, tolerance = row["cible_min"], row["cible_max"], row["tolerance"]
        if pd.notna(low) and pd.notna(high) and low > high:
            yield _row_problem(
                str(row["origin"]),
                f"Le bas de la fourchette visée ({low:g}) est au-dessus du haut ({high:g}).",
                "Échangez « cible_min » et « cible_max ».",
                "cible_min",
                f"{low:g}",
            )
        if pd.notna(tolerance) and tolerance < 0:
            yield _row_problem(
                str(row["origin"]),
                "La tolérance d’une cible ne peut pas être négative.",
                "Écrivez un écart positif, dans l’unité de l’indicateur, ou laissez la cellule vide.",
                "tolerance",
                f"{tolerance:g}",
            )


def _late_baselines(dossier: Dossier) -> Iterator[Problem]:
    """Tell the situations « before » that are dated after the convention began."""
    convention = dossier.config.convention
    targets = dossier.tables["cibles"].frame
    for row in targets[targets["periode_reference"].notna()].to_dict("records"):
        period = str(row["periode_reference"])
        if convention is not None and periods.start(period) >= convention.debut:
            yield _row_problem(
                str(row["origin"]),
                f"La situation de départ de {row['indicateur']} ({french.period(period)}) est postérieure au début de "
                f"la convention ({french.date(convention.debut)}) : elle contient peut-être déjà ses effets.",
                "Donnez la dernière période d’avant la convention, ou laissez ainsi : le bilan le dira.",
                "periode_reference",
                period,
                severity="avertissement",
            )


def _undeclared_sources(dossier: Dossier) -> Iterator[Problem]:
    declared = [source.cle for source in dossier.config.sources]
    for key, group in dossier.tables["observations"].frame.groupby("source", sort=True):
        if key not in declared:
            yield _row_problem(
                str(group.iloc[0]["origin"]),
                f"La source « {key} » n’est pas déclarée : "
                f"{french.plural(len(group), 'valeur reste', 'valeurs restent')} dans la version interne.",
                suggestion(str(key), declared)
                or f'Ajoutez à ctg.toml un bloc [[source]] avec cle = "{key}", producteur, licence et diffusion.',
                "source",
                str(key),
                severity="avertissement",
            )


def _missing_returns(dossier: Dossier) -> Iterator[Problem]:
    """Tell the periods in which a structure sent nothing, though it did before and after."""
    table = dossier.tables["observations"]
    for (source, measure), alike in table.frame.groupby(["source", "mesure"], sort=True):
        for structure, group in alike.groupby("structure", sort=True, dropna=False):
            seen = set(group["periode"])
            kinds = {periods.parse(text).frequency for text in seen}
            first, last = min(map(periods.sort_key, seen)), max(map(periods.sort_key, seen))
            expected = {
                text
                for text in set(alike["periode"])
                if first < periods.sort_key(text) < last and periods.parse(text).frequency in kinds
            }
            who = f"{structure} ({source})" if isinstance(structure, str) and structure else str(source)
            for text in periods.sort(expected - seen):
                yield Problem(
                    message=f"Retour manquant : {who} n’a rien transmis pour « {measure} », {french.period(text)}.",
                    remedy="Demandez ce retour au partenaire ; d’ici là, les totaux de cette période sont incomplets.",
                    file=table.file,
                    column="periode",
                    value=text,
                    severity="avertissement",
                )


def _orphan_actions(dossier: Dossier) -> Iterator[Problem]:
    known = sorted(set(dossier.tables["actions"].frame["id"]))
    for name in ("budget", "journal"):
        frame = dossier.tables[name].frame
        named = frame[frame["action"].notna() & frame["action"].ne("")]
        for action, group in named.groupby("action", sort=True):
            if action not in known and not budget.is_total(action, ""):
                yield _row_problem(
                    str(group.iloc[0]["origin"]),
                    f"L’action « {action} » n’est pas dans le plan d’actions.",
                    suggestion(str(action), known) or "Ajoutez-la au plan d’actions, ou corrigez son identifiant.",
                    "action",
                    str(action),
                    severity="avertissement",
                )


def _unknown_questions(dossier: Dossier) -> Iterator[Problem]:
    """Tell the designs that name a question évaluative which is not written."""
    known = dossier.evaluation.questions
    for rank, item in enumerate(dossier.config.impact, start=1):
        if item.question and item.question not in known:
            yield Problem(
                message=f"La question évaluative « {item.question} » n’est pas écrite dans evaluation.toml.",
                remedy=suggestion(item.question, known) or "Écrivez-la : [[question]], id, texte.",
                file="ctg.toml",
                key=f"impact[{rank}].question",
                value=item.question,
                severity="avertissement",
            )


def _unread_texts(dossier: Dossier) -> Iterator[Problem]:
    """Tell the texts that no bilan asks for: their author believes them published."""
    from ctgeval.render import wording

    known = notebooks(dossier.path)
    for text in dossier.texts.items:
        if text.bilan not in known:
            yield Problem(
                message=f"Aucun bilan ne s’appelle « {text.bilan} » : ce texte ne paraîtra nulle part.",
                remedy=suggestion(text.bilan, known) or f"Dossiers possibles : {french.enumeration(list(known))}.",
                file=text.file,
                value=text.bilan,
                severity="avertissement",
            )
        elif text.section not in wording.catalogue()["titres"]:
            yield Problem(
                message=f"Aucune partie du bilan ne s’appelle « {text.section} » : ce texte ne paraîtra pas.",
                remedy=suggestion(text.section, wording.catalogue()["titres"])
                or "Donnez au fichier le nom d’une partie, par exemple synthese.md.",
                file=text.file,
                value=text.section,
                severity="avertissement",
            )


def _hard_texts(dossier: Dossier) -> Iterator[Problem]:
    """Tell the texts for the inhabitants that many of them would not read to the end."""
    asked = {bilan.carnet for bilan in dossier.config.bilans if bilan.audience == "habitants"}
    for text in dossier.texts.items:
        if text.bilan not in asked:
            continue
        found = readability.measure(texts.sentences_of(text.markdown))
        if found.words < _ENOUGH_WORDS:
            continue
        long = found.long_sentences
        if found.score < _HARD:
            yield Problem(
                message=f"Ce texte est {found.level} à lire pour les habitantes et les habitants : "
                f"{french.number(found.words_per_sentence, 0)} mots par phrase, "
                f"{french.number(found.syllables_per_word, 1)} syllabes par mot.",
                remedy="Une idée par phrase, des mots de tous les jours, un exemple.",
                file=text.file,
                severity="avertissement",
            )
        elif long:
            yield Problem(
                message=f"Une phrase de plus de {readability.LONG} mots se perd en route : "
                f"« {' '.join(long[0].split()[:8])}… ».",
                remedy="Coupez-la en deux : ce texte s’adresse aux habitantes et aux habitants.",
                file=text.file,
                severity="avertissement",
            )


def _own_measures(dossier: Dossier) -> Iterator[Problem]:
    """Tell why the dossier's own measures can't be used: those of the house alone are known then."""
    error = dossier.own_measures[1]
    if error is not None:
        yield from (replace(problem, file=measures.FILE_NAME) for problem in error.problems)


def _incomparable(dossier: Dossier) -> Iterator[Problem]:
    """Tell each value of the dossier's own ground that can't be compared, and how many there are elsewhere."""
    own = set(dossier.ground)
    found = dossier.harmonisation_problems
    # The value of a whole geography that can't be followed is its year: that is told whoever it is about.
    yield from (problem for problem in found if problem.value in own or problem.value.isdigit())
    typed = set(dossier.tables["observations"].frame["territoire"])
    # Arrondissements municipaux stand in national files beside their city: nobody compares with them.
    values = {problem.value for problem in found if not problem.value.isdigit()}
    elsewhere = sorted(values - own - typed - ARRONDISSEMENTS.keys())
    if elsewhere:
        yield Problem(
            message=(
                f"{french.plural(len(elsewhere), 'territoire étranger', 'territoires étrangers')} au dossier "
                f"{'n’a' if len(elsewhere) == 1 else 'n’ont'} pas pu être mis sur le périmètre {dossier.year}."
            ),
            remedy=(
                "Rien à faire s’ils ne servent pas de comparaison ; sinon, indiquez la géographie du fichier "
                "(clé « geographie » de sa [[source]])."
            ),
            value=", ".join(elsewhere[:5]) + (", …" if len(elsewhere) > 5 else ""),
            severity="avertissement",
        )


def _row_problem(
    origin: str, message: str, remedy: str, column: str, value: str, *, severity: Severity = "bloquant"
) -> Problem:
    return Problem(message=message, remedy=remedy, column=column, value=value, severity=severity, **place(origin))
