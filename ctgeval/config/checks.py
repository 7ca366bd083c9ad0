"""Check what several keys of ``ctg.toml`` say together, and against the files of the dossier.

The values come from `form.without_errors`: one that has the wrong form is None there, and is passed over here, so
that every problem of the file is told at once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval import measures, periods
from ctgeval.config import files, form, tableau, toml
from ctgeval.config.models import BILAN_FORMATS, LONGEST_REASON, OPEN_AUDIENCES, OPEN_DATA
from ctgeval.config.toml import FILE_NAME, Document, Key, key_text
from ctgeval.errors import PeriodError, Problem, Severity, SourceError, near
from ctgeval.sources import addresses, registry, vintages


@dataclass(frozen=True, slots=True)
class Context:
    """The document being checked: its values, its lines, its folder."""

    values: dict[str, Any]
    document: Document
    folder: Path

    def get(self, *key: str | int) -> Any:
        """Return the value at a key path, or None when it is absent or wrong."""
        value: Any = self.values
        for part in key:
            inside = (isinstance(value, dict) and part in value) or (
                isinstance(value, list) and isinstance(part, int) and part < len(value)
            )
            if not inside:
                return None
            value = value[part]
        return value

    def table(self, *key: str | int) -> dict[str, Any]:
        """Return the section at a key path, empty when it is absent or wrong."""
        value = self.get(*key)
        return value if isinstance(value, dict) else {}

    def texts(self, *key: str | int) -> list[tuple[Key, str]]:
        """Return the texts of a list with their key paths."""
        value = self.get(*key)
        items = value if isinstance(value, list) else []
        return [((*key, rank), item) for rank, item in enumerate(items) if isinstance(item, str)]

    def blocks(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        """Return the repeated blocks of a name (``[[source]]``) with their rank from 0."""
        value = self.get(name)
        items = value if isinstance(value, list) else []
        return [(rank, item) for rank, item in enumerate(items) if isinstance(item, dict)]

    def problem(
        self, key: Key, message: str, remedy: str, *, value: object = "", severity: Severity = "bloquant"
    ) -> Problem:
        """Make the problem of a key path."""
        return Problem(
            message=message,
            remedy=remedy,
            file=FILE_NAME,
            row=self.document.line(key),
            key=key_text(key),
            value=str(value),
            severity=severity,
        )


def problems(context: Context) -> list[Problem]:
    """Return every problem of dates, files, periods, audiences and duplicates."""
    checks = (_convention, _comparison, _thresholds, _sources, _impacts, _scenarios, _bilans, _missing)
    return [problem for check in checks for problem in check(context)]


def _convention(context: Context) -> Iterator[Problem]:
    section = context.table("convention")
    if "convention" not in context.values:
        yield context.problem(
            ("convention",),
            "La convention n’est pas décrite : seul un diagnostic peut être fait.",
            "Ajoutez la section [convention] avec « debut » et « fin ».",
            severity="avertissement",
        )
        return
    start, end, signature = (section.get(name) for name in ("debut", "fin", "signature"))
    if isinstance(start, dt.date) and isinstance(end, dt.date) and end < start:
        yield context.problem(
            ("convention", "fin"),
            f"La fin de la convention ({end}) est avant son début ({start}).",
            "Corrigez l’une des deux dates.",
            value=end,
        )
    elif isinstance(signature, dt.date) and isinstance(end, dt.date) and signature > end:
        yield context.problem(
            ("convention", "signature"),
            f"La convention est signée ({signature}) après sa fin ({end}).",
            "Vérifiez la date de signature et la date de fin.",
            value=signature,
            severity="avertissement",
        )


def _comparison(context: Context) -> Iterator[Problem]:
    section = context.table("comparaison")
    if section.get("methode") and not section.get("territoires"):
        yield context.problem(
            ("comparaison", "methode"),
            "Les territoires similaires ne sont pas encore choisis : rien n’est comparé.",
            "Lancez « ctgeval verifier » : il les choisit avant tout résultat, et fige leur liste dans ctg.toml.",
            value=section["methode"],
            severity="avertissement",
        )
    from ctgeval.territory.variables import VARIABLES

    for key, name in context.texts("comparaison", "variables"):
        if name not in VARIABLES and name not in measures.load():
            close = near(name, [*VARIABLES, *measures.load()])
            yield context.problem(
                key,
                "Cette variable de comparaison n’est pas connue.",
                f"{_did_you_mean(close)}Variables possibles : {', '.join(VARIABLES)}, ou une mesure du catalogue.",
                value=name,
            )
    yield from _repeated(context, context.texts("comparaison", "territoires"), "Ce territoire")
    yield from _repeated(context, context.texts("indicateurs", "retenus"), "Cet indicateur")


def _repeated(context: Context, items: list[tuple[Key, str]], noun: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for key, text in items:
        if text in seen:
            yield context.problem(
                key,
                f"{noun} est écrit deux fois dans la même liste.",
                "Retirez la répétition.",
                value=text,
                severity="avertissement",
            )
        seen.add(text)


def _thresholds(context: Context) -> Iterator[Problem]:
    section = context.table("publication", "seuil")
    persons, sensitive = section.get("personnes", 5), section.get("sensible", 11)
    if isinstance(persons, int) and persons < 5:
        yield context.problem(
            ("publication", "seuil", "personnes"),
            f"Le seuil de publication ({persons}) est plus bas que l’usage (5) : de petits effectifs seront publiés.",
            "Gardez 5, sauf si vos conventions d’échange de données permettent moins.",
            value=persons,
            severity="avertissement",
        )
    if isinstance(persons, int) and isinstance(sensitive, int) and sensitive < persons:
        yield context.problem(
            ("publication", "seuil", "sensible"),
            f"Le seuil des croisements sensibles ({sensitive}) est plus bas que celui des personnes ({persons}).",
            f"Écrivez au moins {persons}.",
            value=sensitive,
        )


def _sources(context: Context) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for rank, source in context.blocks("source"):
        name = source.get("cle")
        if isinstance(name, str) and name in first:
            yield context.problem(
                ("source", rank, "cle"),
                f"La clé « {name} » est déjà celle de la source n° {first[name] + 1}.",
                "Donnez une clé différente à chaque source.",
                value=name,
            )
        elif isinstance(name, str):
            first[name] = rank
        yield from _source_file(context, rank, source)
        yield from _source_rights(context, rank, source)


def _source_file(context: Context, rank: int, source: dict[str, Any]) -> Iterator[Problem]:
    if isinstance(source.get("fichier"), str):
        found = files.inside(context.folder, source["fichier"])
        if isinstance(found, files.Refused):
            yield context.problem(("source", rank, "fichier"), found.message, found.remedy, value=source["fichier"])
        else:
            source["fichier"] = found.as_posix()
    for name, other in (("fichier", "format"), ("format", "fichier")):
        if name in source and other not in source and not (other == "fichier" and source.get("url")):
            yield context.problem(
                ("source", rank, other),
                f"Cette source donne « {name} » sans « {other} ».",
                "Donnez les deux ; ou aucun des deux, pour des comptages écrits dans la table « observations ».",
            )
    known = registry.NAMES
    wanted = source.get("format")
    if isinstance(wanted, str) and wanted not in known:
        close = near(wanted, known)
        yield context.problem(
            ("source", rank, "format"),
            f"Aucun lecteur ne s’appelle « {wanted} ».",
            f"{_did_you_mean(close)}Formats connus : {', '.join(f'« {name} »' for name in sorted(known))}.",
            value=wanted,
        )
    rules = source.get("millesimes")
    if isinstance(rules, str) and rules not in vintages.RULES:
        yield context.problem(
            ("source", rank, "millesimes"),
            f"Aucune règle de millésimes ne s’appelle « {rules} ».",
            f"{_did_you_mean(near(rules, vintages.RULES))}Valeurs possibles : "
            f"{', '.join(f'« {name} »' for name in vintages.RULES)}.",
            value=rules,
        )
    yield from _source_address(context, rank, source)
    yield from _source_description(context, rank, source)


def _source_address(context: Context, rank: int, source: dict[str, Any]) -> Iterator[Problem]:
    url, digest = source.get("url"), source.get("sha256")
    if isinstance(url, str) and url and "format" in source and "fichier" not in source:
        try:
            addresses.checked(url, str(source.get("cle") or rank + 1))
        except SourceError as error:
            told = error.problem
            yield context.problem(("source", rank, "url"), told.message, told.remedy, value=addresses.shown(url))
    if isinstance(digest, str) and digest and not re.fullmatch(r"[0-9a-fA-F]{64}", digest.strip()):
        yield context.problem(
            ("source", rank, "sha256"),
            "L’empreinte « sha256 » n’est pas faite de 64 chiffres et lettres de a à f.",
            "Copiez-la telle que le producteur la donne, ou retirez cette ligne.",
            value=digest,
        )


def _source_description(context: Context, rank: int, source: dict[str, Any]) -> Iterator[Problem]:
    """Tell a description without its format, the reverse, and what its keys say wrong together."""
    if source.get("format") == "tableau" and "tableau" not in source:
        yield context.problem(
            ("source", rank, "tableau"),
            "Le format « tableau » demande de décrire le fichier : rien ne dit où sont les colonnes.",
            "Ajoutez [source.tableau] sous la source ; « ctgeval sources essayer FICHIER » en propose un.",
        )
    elif isinstance(source.get("tableau"), dict):
        if source.get("format") not in (None, "tableau"):
            yield context.problem(
                ("source", rank, "tableau"),
                f"La description ne sert à rien avec le format « {source['format']} ».",
                'Écrivez format = "tableau", ou retirez [source.tableau].',
            )
        for key, message, remedy in tableau.problems(toml.tuples(source["tableau"])):
            yield context.problem(("source", rank, "tableau", *key), message, remedy)


def _source_rights(context: Context, rank: int, source: dict[str, Any]) -> Iterator[Problem]:
    if "mise_a_jour" not in source:
        yield context.problem(
            ("source", rank, "mise_a_jour"),
            "La date de mise à jour de cette source n’est pas écrite : sa licence demande de l’imprimer.",
            "Ajoutez par exemple mise_a_jour = 2022-11-30 (la date donnée par le producteur).",
            severity="avertissement",
        )
    if "diffusion" not in source:
        yield context.problem(
            ("source", rank, "diffusion"),
            "La diffusion de cette source n’est pas écrite : elle ne paraîtra que dans les bilans internes.",
            'Ajoutez diffusion = "ouverte", "convention" ou "interne".',
            severity="avertissement",
        )
    if source.get("diffusion") == "convention":
        for name, what in (
            ("convention", "la convention qui autorise l’échange"),
            ("finalite", "l’usage pour lequel ces données sont confiées"),
            ("conservation_jusqu_au", "la date à laquelle le fichier doit être effacé"),
        ):
            if source.get(name) == "" or name not in source:
                yield context.problem(
                    ("source", rank, name),
                    f"Une source diffusée par convention doit dire « {name} ».",
                    f"Ajoutez {what}.",
                )


def _impacts(context: Context) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for rank, impact in context.blocks("impact"):
        name = impact.get("nom")
        if isinstance(name, str) and name in first:
            yield context.problem(
                ("impact", rank, "nom"),
                f"Le nom « {name} » est déjà celui de l’impact n° {first[name] + 1}.",
                "Donnez un nom différent à chaque impact.",
                value=name,
            )
        elif isinstance(name, str):
            first[name] = rank
        concerned = impact.get("territoires_concernes")
        for key, code in context.texts("impact", rank, "territoires_comparaison"):
            if isinstance(concerned, dict) and code in concerned:
                yield context.problem(
                    key,
                    "Ce territoire est à la fois concerné par l’action et territoire de comparaison.",
                    "Retirez-le de l’une des deux listes.",
                    value=code,
                )


_ENDS = ("population", "investissement_place", "fonctionnement_place", "aide_investissement", "aide_fonctionnement")


def _scenarios(context: Context) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for rank, scenario in context.blocks("scenario"):
        name = scenario.get("nom")
        if isinstance(name, str) and first.setdefault(name, rank) != rank:
            yield context.problem(
                ("scenario", rank, "nom"),
                f"Le nom « {name} » est déjà celui du scénario n° {first[name] + 1}.",
                "Donnez un nom différent à chaque scénario.",
                value=name,
            )
        for key in _ENDS:
            ends = scenario.get(key)
            if isinstance(ends, (list, tuple)) and len(ends) == 2 and None not in ends and ends[1] < ends[0]:
                yield context.problem(
                    ("scenario", rank, key),
                    f"La première borne de « {key} » est au-dessus de la seconde.",
                    f"Écrivez la plus petite d’abord : {key} = [{ends[1]:g}, {ends[0]:g}].",
                    value=ends,
                )


def _bilans(context: Context) -> Iterator[Problem]:
    first: dict[tuple[object, ...], int] = {}
    for rank, bilan in context.blocks("bilan"):
        yield from _bilan_period(context, rank, bilan)
        yield from _bilan_audience(context, rank, bilan)
        yield from _bilan_formats(context, rank, bilan)
        if bilan.get("etat", "brouillon") not in (None, "brouillon") and not (
            bilan.get("date") and bilan.get("instance")
        ):
            yield context.problem(
                ("bilan", rank, "etat"),
                f"L’état « {bilan['etat']} » ne dit ni quand ni par qui le bilan a été validé.",
                "Ajoutez « date » et « instance » à ce bilan.",
                value=bilan["etat"],
                severity="avertissement",
            )
        yield from _bilan_reason(context, rank, bilan)
        yield from _repeated(context, context.texts("bilan", rank, "territoires"), "Ce territoire")
        same = _identity(context, bilan)
        if same is None:
            continue
        if same in first:
            yield context.problem(
                ("bilan", rank),
                f"Ce bilan est le même que le bilan n° {first[same] + 1} : même carnet, même audience, même période, "
                "mêmes territoires.",
                "Retirez l’un des deux, ou changez sa période ou ses territoires.",
                value=f"{bilan['carnet']}, {bilan['audience']}, {bilan['periode']}",
            )
        first.setdefault(same, rank)


def _bilan_formats(context: Context, rank: int, bilan: dict[str, Any]) -> Iterator[Problem]:
    for key, word in context.texts("bilan", rank, "formats"):
        if word not in BILAN_FORMATS:
            message, remedy = form.format_problem(word)
            yield context.problem(key, message, remedy, value=word)
        elif word == OPEN_DATA and bilan.get("audience") not in OPEN_AUDIENCES:
            yield context.problem(
                key,
                "Ce bilan n’est pas ouvert à tout le monde : ses tableaux ne peuvent pas être publiés en données "
                "ouvertes.",
                "Demandez ce format pour le bilan destiné aux habitants, et « csv » ou « xlsx » pour celui-ci.",
                value=word,
            )


def _identity(context: Context, bilan: dict[str, Any]) -> tuple[object, ...] | None:
    parts = (bilan.get("carnet"), bilan.get("audience"), bilan.get("periode"))
    places = bilan.get("territoires", [])
    if None in parts or places is None or None in places:
        return None
    default = context.get("territoire", "code")
    return (*parts, bilan.get("partenaire", ""), tuple(sorted(set(places) or {str(default)})))


def _bilan_period(context: Context, rank: int, bilan: dict[str, Any]) -> Iterator[Problem]:
    text = bilan.get("periode")
    if not isinstance(text, str):
        return
    try:
        bilan["periode"] = periods.normalise(text)
    except PeriodError as error:
        yield context.problem(("bilan", rank, "periode"), error.problem.message, error.problem.remedy, value=text)


def _bilan_audience(context: Context, rank: int, bilan: dict[str, Any]) -> Iterator[Problem]:
    audience, partner = bilan.get("audience"), bilan.get("partenaire", "")
    if audience == "partenaire" and partner == "":
        yield context.problem(
            ("bilan", rank, "partenaire"),
            "Un bilan pour un partenaire doit dire lequel.",
            'Ajoutez partenaire = "…" (son identifiant), ou changez l’audience.',
        )
    if audience not in (None, "partenaire") and partner:
        yield context.problem(
            ("bilan", rank, "partenaire"),
            f"Un partenaire est nommé alors que l’audience est « {audience} » : il sera sans effet.",
            'Écrivez audience = "partenaire", ou retirez « partenaire ».',
            value=partner,
            severity="avertissement",
        )


def _bilan_reason(context: Context, rank: int, bilan: dict[str, Any]) -> Iterator[Problem]:
    """Tell a reason of revision that can't be printed in an index, or that revises nothing."""
    told = bilan.get("motif_revision")
    if not isinstance(told, str) or not told:
        return
    if len(told) > LONGEST_REASON or not told.strip() or not told.isprintable():
        yield context.problem(
            ("bilan", rank, "motif_revision"),
            "Ce motif est vide, trop long, ou contient des signes qui ne s’impriment pas.",
            f"Écrivez une phrase de {LONGEST_REASON} signes au plus : les lecteurs de l’index la verront.",
            value=ascii(told[:80]) if not told.isprintable() else told[:80],
        )
    elif bilan.get("etat", "brouillon") == "brouillon":
        yield context.problem(
            ("bilan", rank, "motif_revision"),
            "Un motif de révision est donné pour un brouillon, que rien ne fige : il sera sans effet.",
            "Écrivez « etat », ou retirez « motif_revision ».",
            value=told[:80],
            severity="avertissement",
        )


def _missing(context: Context) -> Iterator[Problem]:
    wanted = (
        (("indicateurs", "retenus"), "Aucun indicateur n’est retenu.", "Écrivez les 8 à 20 que le COPIL a choisis."),
        (("source",), "Aucune source n’est déclarée.", "Ajoutez un bloc [[source]] par fichier du dossier."),
        (("bilan",), "Aucun bilan n’est demandé.", "Ajoutez un bloc [[bilan]]."),
    )
    for key, message, remedy in wanted:
        told = context.document.values.get(key[0])
        if not (told.get(key[1]) if len(key) > 1 and isinstance(told, dict) else told):
            yield context.problem(key, message, remedy, severity="avertissement")


def _did_you_mean(words: list[str]) -> str:
    return f"Vouliez-vous dire {' ou '.join(f'« {word} »' for word in words)} ? " if words else ""
