"""Check the territories of ``ctg.toml``: codes that exist, at that year, under the name that is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ctgeval.config.checks import Context
from ctgeval.config.toml import Key
from ctgeval.errors import Problem, TerritoryError, near
from ctgeval.french import fold

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

_KINDS = (
    (r"\bcommunaute de communes\b", "cc"),
    (r"\bcommunaute d agglomeration\b", "ca"),
    (r"\bcommunaute urbaine\b", "cu"),
    (r"\bcommunaute d agglo\b", "ca"),
    (r"\bsaint\b", "st"),
    (r"\bsainte\b", "ste"),
)
_SILENT = frozenset(
    {"cc", "ca", "cu", "com", "metropole", "departement", "region", "commune", "ville"}
    | {"de", "du", "des", "d", "la", "le", "les", "l", "en", "et", "sur"}
)


def problems(context: Context, reference: Reference) -> list[Problem]:
    """Return every problem of the territories of a document, against a geography."""
    year, found = _year(context, reference)
    return [
        *found,
        *_own_groupings(context, reference, year),
        *_territory(context, reference, year),
        *_others(context, reference, year),
    ]


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are of the same territory, kind of territory, articles, accents and hyphens aside."""
    return _core(one) == _core(other)


def _core(name: str) -> tuple[str, ...]:
    text = " ".join(re.findall(r"[a-z0-9]+", fold(name)))
    for pattern, short in _KINDS:
        text = re.sub(pattern, short, text)
    words = text.split()
    return tuple(word for word in words if word not in _SILENT) or tuple(words)


def _year(context: Context, reference: Reference) -> tuple[int, list[Problem]]:
    years = sorted(reference.years)
    latest = years[-1]
    year = context.get("territoire", "perimetre")
    if not isinstance(year, int):
        return latest, []
    if year in years:
        return year, []
    return latest, [
        context.problem(
            ("territoire", "perimetre"),
            f"La géographie de {year} n’est pas connue ici.",
            f"Écrivez une année de {years[0]} à {latest}, par exemple perimetre = {latest}.",
            value=year,
        )
    ]


def _groupings(context: Context) -> dict[str, Any]:
    return context.table("territoire", "groupements")


def _own_groupings(context: Context, reference: Reference, year: int) -> Iterator[Problem]:
    for name, members in _groupings(context).items():
        key: Key = ("territoire", "groupements", name)
        if not re.fullmatch(r"GRP-[A-Za-z0-9][A-Za-z0-9_-]*", name):
            yield context.problem(
                key,
                f"Le groupement « {name} » n’a pas un code de groupement.",
                "Un groupement s’écrit « GRP- » suivi d’un nom sans espace ni accent, par exemple GRP-nord.",
                value=name,
            )
        if isinstance(members, list) and not members:
            yield context.problem(key, f"Le groupement « {name} » est vide.", "Ajoutez les codes de ses communes.")
        yield from _repeated_communes(context, key)
        for place, code in context.texts(*key):
            if code.startswith("COM-"):
                yield from _exists(context, reference, year, place, code)
            else:
                yield context.problem(
                    place,
                    "Un groupement ne peut contenir que des communes.",
                    "Écrivez des codes de communes, par exemple COM-86103.",
                    value=code,
                )


def _repeated_communes(context: Context, key: Key) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, code in context.texts(*key):
        if code in seen:
            yield context.problem(
                place, "Cette commune est écrite deux fois dans le groupement.", "Retirez la répétition.", value=code
            )
        seen.add(code)


def _territory(context: Context, reference: Reference, year: int) -> Iterator[Problem]:
    code = context.get("territoire", "code")
    if not isinstance(code, str):
        return
    wrong = list(_exists(context, reference, year, ("territoire", "code"), code))
    yield from wrong
    name = context.get("territoire", "nom")
    if wrong or not isinstance(name, str) or not name or code.startswith("GRP-"):
        return
    official = reference.name(code, year)
    if not same_name(name, official):
        yield context.problem(
            ("territoire", "nom"),
            f"Le code {code} est celui de « {official} », pas de « {name} ».",
            _name_remedy(reference, year, code, name, official),
            value=name,
        )


def _name_remedy(reference: Reference, year: int, code: str, name: str, official: str) -> str:
    places = reference.territories(code.partition("-")[0], year)
    same = [str(geo) for geo, other in zip(places["geo"], places["name"], strict=True) if same_name(name, str(other))]
    keep = f'écrivez nom = "{official}"'
    if len(same) == 1:
        return f'« {name} » a le code {same[0]} : écrivez code = "{same[0]}" ; ou, si le code est bon, {keep}.'
    return f"Si le code est bon, {keep} ; sinon, corrigez le code."


def _others(context: Context, reference: Reference, year: int) -> Iterator[Problem]:
    lists: list[Key] = [("comparaison", "territoires"), ("comparaison", "exclure")]
    lists += [("bilan", rank, "territoires") for rank, _ in context.blocks("bilan")]
    lists += [("impact", rank, "territoires_comparaison") for rank, _ in context.blocks("impact")]
    lists += [("source", rank, "gabarit", "territoires") for rank, _ in context.blocks("source")]
    for one in lists:
        for key, code in context.texts(*one):
            if (one[0], code) != ("impact", "comparaison"):
                yield from _exists(context, reference, year, key, code)
    for rank, impact in context.blocks("impact"):
        concerned = impact.get("territoires_concernes")
        for code in concerned if isinstance(concerned, dict) else {}:
            yield from _exists(context, reference, year, ("impact", rank, "territoires_concernes", code), code)
    own = context.get("territoire", "code")
    for key, code in context.texts("comparaison", "territoires"):
        if code == own:
            yield context.problem(
                key,
                "Le territoire du dossier est dans sa propre liste de comparaison.",
                "Retirez-le de la liste.",
                value=code,
                severity="avertissement",
            )


def _exists(context: Context, reference: Reference, year: int, key: Key, code: str) -> Iterator[Problem]:
    if code.startswith("GRP-"):
        groupings = list(_groupings(context))
        if code not in groupings:
            close = near(code, groupings)
            yield context.problem(
                key,
                f"Le groupement « {code} » n’est pas défini.",
                f"Vouliez-vous dire « {close[0]} » ?" if close else "Ajoutez-le dans [territoire.groupements].",
                value=code,
            )
        return
    try:
        reference.name(code, year)
    except TerritoryError as error:
        yield context.problem(key, error.problem.message, error.problem.remedy, value=code)
