"""The sheet of an indicator: all that its definition says, in French sentences, as ordered rows of plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ctgeval import french, measures as measures_
from ctgeval.indicators import phrases
from ctgeval.indicators.indicator import Formula, Indicator
from ctgeval.indicators.limits import limit_text
from ctgeval.indicators.qualitative import Qualitative
from ctgeval.measures import Measure

__all__ = ["Row", "kind_word", "sheet", "texts_of"]

# Results that no source publishes: the follow-up of the dossier works them out.
_COMPUTED = frozenset({"ecart_representativite"})

Over = Literal["places", "time"]


@dataclass(frozen=True, slots=True)
class Row:
    """One heading of a sheet.

    Parameters
    ----------
    key : str
        Stable name: ``definition``, ``calcul``, ``nature``...
    term : str
        The heading, in French.
    texts : tuple of str
        What stands under it: whole sentences.
    """

    key: str
    term: str
    texts: tuple[str, ...]


def sheet(item: Indicator | Qualitative) -> tuple[Row, ...]:
    """Return the sheet of an indicator.

    Parameters
    ----------
    item : Indicator or Qualitative
        As the catalogue or the dossier declares it.

    Returns
    -------
    tuple of Row
        In the order in which a reader wants them; a heading that has nothing to say is left out.
    """
    told = _judged(item) if isinstance(item, Qualitative) else _counted(item)
    rows = ((key, tuple(french.typography(text) for text in texts if text)) for key, texts in told.items())
    return tuple(Row(key, _words()["rubriques"][key], texts) for key, texts in rows if texts)


def kind_word(kind: str) -> str:
    """Return the French word of a kind: ``Réalisation``."""
    return _words()["natures"].get(kind, kind)


def _counted(item: Indicator) -> dict[str, Sequence[str]]:
    return {
        "definition": (item.definition,),
        "calcul": (_formula(item), _say("part") if item.nature == "part" else ""),
        "nature": (_words()["natures_expliquees"][item.kind],),
        "unite": (_unit(item.unit),),
        "sens": (_words()["sens"][item.direction],),
        "source": (_sentence(item.source),),
        "grain": (_sentence(french.enumeration([_words()["grains"][one] for one in item.grain])),),
        "periodicite": (_periodicity(item),),
        "territoires": (_additivity(item, "places"),),
        "periodes": (_additivity(item, "time"),),
        "objet": (_object(item),),
        "precautions": item.caveats,
        "limites": [limit_text(code) for code in item.limits],
        "origine": (_origin(item),),
    }


def _judged(item: Qualitative) -> dict[str, Sequence[str]]:
    periodicity = _words()["periodicites"].get(item.periodicity, "")
    return {
        "definition": (_sentence(item.definition),),
        "echelle": (_say("echelle", niveaux=" ; ".join(item.scale)), _words()["sens"][f"echelle_{item.direction}"]),
        "nature": (_words()["natures_expliquees"][item.kind],),
        "source": (_sentence(item.source),),
        "periodicite": (_say("jugement_date", periodicite=periodicity) if periodicity else "",),
        "objet": (_say("jugement"),),
        "precautions": item.caveats,
        "origine": (_say("defini_dossier"),),
    }


def _formula(item: Indicator) -> str:
    if item.published:
        said = "calcule" if item.published in _COMPUTED else "publie"
        return _say(said, mesure=_measure(item, item.published).label)
    top = _terms(item, item.numerator_terms)
    if not item.denominator:
        return _say("cumul" if item.since_start else "compte", haut=top)
    factor = _say("facteur", facteur=french.number(item.factor)) if item.factor != 1 else ""
    said = _say("rapport", haut=top, bas=_lower(_terms(item, item.denominator_terms)), facteur=factor)
    return f"{said.rstrip('.')}, cumul depuis le début de la convention." if item.since_start else said


def _terms(item: Indicator, formula: Formula) -> str:
    """Write a formula with the labels of its measures, the sum of several between brackets when it is divided."""
    told = "".join(
        f"{' + ' if sign > 0 else ' − '}{label if rank == 0 else _lower(label)}"
        for rank, (sign, name) in enumerate(formula)
        for label in [_measure(item, name).label]
    )
    told = told.removeprefix(" + ").strip()
    return f"({told})" if len(formula) > 1 and item.denominator else told


def _measure(item: Indicator, name: str) -> Measure:
    return item.declared[name] if name in item.declared else measures_.get(name)


def _unit(unit: str) -> str:
    if not unit:
        return _say("sans_unite")
    if unit == "%":
        return _say("pourcentage")
    return _sentence(unit.replace("EUR", "euros"))


def _periodicity(item: Indicator) -> str:
    word = _words()["periodicites"][item.periodicity]
    key = "delai" if item.lag_years else "sans_delai"
    return _say(key, periodicite=word, annees=french.number(item.lag_years))


def _additivity(item: Indicator, over: Over) -> str:
    """Tell whether values may be put together, from the kinds of the measures, and why not when they may not."""
    if item.published:
        return _say("jamais" if over == "places" else "jamais_temps")
    if item.since_start and over == "time":
        return _say("cumul_temps")
    used = [_measure(item, name) for name in item.measures]
    against = next((one for one in used if not _adds(one, over)), None)
    rate = bool(item.denominator)
    if against is None:
        return _say("quotients" if rate else "somme" if over == "places" else "somme_temps")
    kind = "ratio" if against.published else against.kind
    reason = _words()["raisons"][kind].format_map({"mesure": against.label})
    key = f"refus_{'places' if over == 'places' else 'temps'}{'_taux' if rate else ''}"
    return _say(f"{key}_stock" if kind == "stock" and over == "time" else key, raison=reason)


def _adds(measure: Measure, over: Over) -> bool:
    return measure.additive_over_places if over == "places" else measure.additive_over_time


def _object(item: Indicator) -> str:
    used = [_measure(item, name) for name in item.measures]
    words = [_words()["objets"][name] for name in dict.fromkeys(one.object for one in used)]
    objects = _capital(french.enumeration(words))
    if any(one.is_secret_object for one in used):
        return _say("secret_sensible" if item.sensitive else "secret", objets=objects)
    return _say("legal" if any(one.legal for one in used) else "sans_secret", objets=objects)


def _origin(item: Indicator) -> str:
    if not item.origin:
        return ""
    fields = french.enumeration([_words()["champs"].get(name, name) for name in item.changed])
    return _say("defini_dossier" if item.origin == "dossier" else "modifie_dossier", champs=fields)


def _sentence(text: str) -> str:
    return f"{_capital(text).rstrip('.')}." if text else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(label: str) -> str:
    return label if len(label) > 1 and label[1].isupper() else label[:1].lower() + label[1:]


def _say(key: str, **values: str) -> str:
    return phrases.say("fiche", key, values)


def _words() -> Mapping[str, Mapping[str, str]]:
    return phrases.words("fiche")


def texts_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return a sheet as plain lists of sentences, by key."""
    return {row.key: list(row.texts) for row in rows}
