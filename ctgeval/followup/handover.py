"""What the dossier gives to a handover beside its tables: sources, figures, what waits, where files are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval import french, programme, sources
from ctgeval.followup import quoting, recommendations
from ctgeval.followup.topic import Reader
from ctgeval.programme import coming, evaluation, handover, returns, rules
from ctgeval.programme.handover import Context, Handover, SourceNote

if TYPE_CHECKING:
    from ctgeval.config.models import SourceConfig
    from ctgeval.dossier import Dossier

__all__ = ["make"]

_STATES = {
    "brouillon": "document de travail, à valider",
    "valide_cotech": "validé par le COTECH, à présenter au COPIL",
    "presente_copil": "présenté au COPIL, à publier",
    "publie": "publié",
}
_FILES = (
    ("ctg.toml", "la configuration : territoire, convention, sources, bilans"),
    ("suivi.xlsx", "les tableaux que la coordination tient"),
    (evaluation.FILE_NAME, "les questions évaluatives, leurs preuves et leurs réponses"),
    (rules.FILE_NAME, "les règles qui relèvent ce qui est à examiner"),
    ("indicateurs.toml", "les indicateurs propres au dossier"),
    ("mesures.toml", "les mesures propres au dossier"),
    ("enquetes.toml", "les questionnaires"),
    ("sources", "les fichiers des producteurs, tels que reçus"),
    (returns.FOLDER, "les classeurs remplis par les partenaires"),
    (returns.FORMS, "les classeurs à envoyer aux partenaires"),
    ("textes", "les textes des bilans"),
    ("documents", "les documents cités comme preuves"),
    ("geographie", "la géographie propre au dossier"),
)


def make(dossier: Dossier, *, day: dt.date) -> Handover:
    """Gather the handover of a dossier, as it stands at a day; for internal use, nothing is masked."""
    results, progress = dossier.indicators(), dossier.progress()
    reader = Reader(audience="interne", partner="", results=results, progress=progress)
    convention = dossier.config.convention
    found = recommendations.proposals(dossier, reader)
    raised = [f"{row['texte']} {row['chiffre']}." for row in found[found["recommandation"].eq("")].to_dict("records")]
    context = Context(
        name=dossier.config.territoire.nom or dossier.config.territoire.code,
        day=day,
        mention="Territoire fictif – données fictives." if dossier.reference.fictional else "",
        start=convention.debut if convention else None,
        end=convention.fin if convention else None,
        indicators=dict(_figures(dossier, reader)),
        sources=[_source(dossier, one) for one in dossier.config.sources],
        questions=list(_questions(dossier)),
        raised=raised,
        bilans=[(one.carnet.replace("_", " "), one.audience, one.periode, _STATES.get(one.etat, one.etat))
                for one in dossier.config.bilans],
        files=list(_files(dossier.path)),
    )  # fmt: skip
    return handover.build({name: table.frame for name, table in dossier.tables.items()}, context)


def _figures(dossier: Dossier, reader: Reader) -> Iterator[tuple[str, str]]:
    linked = dossier.tables["liens"].frame["indicateur"].dropna().astype(str)
    for name in dict.fromkeys([*dossier.retained, *linked]):
        if name in dossier.catalogue:
            found = quoting.figure(dossier, reader, name)
            when = f" ({french.period(found.time_period)})" if found.time_period else ""
            yield name, f"{name} – {dossier.catalogue[name].label} : {found.shown}{when}"
        elif name in dossier.known_indicators:
            yield name, f"{name} – {dossier.known_indicators[name].label} : jugé dans la table « jugements »"


def _source(dossier: Dossier, one: SourceConfig) -> SourceNote:
    known = sources.formats().get(one.format or "")
    table = dossier.source_tables.get(one.cle)
    counted = dossier.tables["observations"].frame
    seen = set(counted.loc[counted["source"].eq(one.cle), "periode"].astype(str))
    seen |= set() if table is None else set(table.observations["time_period"].dropna().astype(str))
    upcoming = coming.next_period(seen)
    last = pd.Series(sorted(seen), dtype="str") if seen else pd.Series(dtype="str")
    return SourceNote(
        name=one.titre or (known.label if known else one.cle),
        producer=one.producteur or "non précisé",
        updated=french.date(one.mise_a_jour) if one.mise_a_jour else "non précisée",
        last=_latest(last),
        expected=coming.told(upcoming) or "à vérifier",
        rhythm=known.periodicity if known else "",
        # The name in the dossier, never that of a drive or of an account.
        file=Path(one.fichier).as_posix() if one.fichier else "",
        diffusion=one.diffusion,
    )


def _latest(seen: pd.Series[str]) -> str:
    from ctgeval import periods

    readable = [text for text in seen if periods.is_period(text)]
    return french.period(periods.latest(readable)) if readable else "aucune"


def _questions(dossier: Dossier) -> Iterator[str]:
    for question in dossier.evaluation.questions.values():
        if not question.reponse:
            yield f"{question.id} – {question.texte} Sans réponse."
        elif not question.validee_par:
            yield f"{question.id} – {question.texte} Réponse écrite, à valider."


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what the dossier holds, by paths that start from it."""
    yield from ((f"{name}/" if (folder / name).is_dir() else name, what) for name, what in _FILES
                if (folder / name).exists())  # fmt: skip
    for name, schema in programme.SCHEMAS.items():
        if (folder / f"{name}.csv").is_file():
            yield f"{name}.csv", f"table : {schema.title[:1].lower()}{schema.title[1:]}"
