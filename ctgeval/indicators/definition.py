"""The catalogue of indicators: that of the house, and those of a dossier."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctgeval import measures as measures_
from ctgeval.errors import CtgevalError, IndicatorError, Problem, UnknownIndicator, near
from ctgeval.indicators import declaration
from ctgeval.indicators.indicator import Formula, Indicator, parse_formula
from ctgeval.measures import Measure

__all__ = ["Formula", "Indicator", "catalogue", "get", "limit_codes", "load", "parse_formula", "reasons"]

FOLDER = Path(__file__).with_name("catalogue")
_NOT_THEMES = frozenset({"limites.toml", "progres.toml"})


def catalogue() -> Mapping[str, Indicator]:
    """Return the indicators of the house, in the order in which a bilan shows them."""
    return load()


def load(extra: Path | None = None, *, measures: Mapping[str, Measure] | None = None) -> Mapping[str, Indicator]:
    """Return the catalogue, with a dossier's own indicators after those of the house.

    Parameters
    ----------
    extra : Path or None
        A dossier's own ``indicateurs.toml``: same form as a file of the catalogue.
    measures : mapping of str to Measure, optional
        Measures that its formulas may name, those of the dossier's own ``mesures.toml`` included; those of the house by
        default.

    Returns
    -------
    mapping of str to Indicator
        Read-only.

    Raises
    ------
    IndicatorError
        When declarations can't be used; all the problems at once.
    """
    if extra is None and measures is None:
        return _house()
    return _loaded(extra, measures_.load() if measures is None else measures)


@cache
def _house() -> Mapping[str, Indicator]:
    return _loaded(None, measures_.load())


def _loaded(extra: Path | None, known: Mapping[str, Measure]) -> Mapping[str, Indicator]:
    limits = set(limit_codes())
    paths = [path for path in sorted(FOLDER.glob("*.toml")) if path.name not in _NOT_THEMES]
    themes = sorted(((_toml(path), path) for path in paths), key=lambda item: (item[0].get("ordre", 0), item[1].name))
    if extra is not None:
        themes.append((_toml(extra), extra))
    found: dict[str, Indicator] = {}
    problems: list[Problem] = []
    for content, path in themes:
        theme = content.get("theme")
        if not isinstance(theme, str) or not theme:
            problems.append(
                Problem(message="Le thème n’est pas nommé.", remedy='Écrire theme = "...".', file=path.name)
            )
            continue
        for id, declared in content.items():
            if id in {"theme", "ordre"}:
                continue
            try:
                if id in found:
                    raise IndicatorError("Cet indicateur existe déjà.", remedy="Lui donner un autre identifiant.")
                found[id] = declaration.read(id, theme, declared, known, limits)
            except CtgevalError as error:
                problems.extend(
                    Problem(
                        message=p.message,
                        remedy=p.remedy,
                        value=p.value,
                        key=f"{id}.{p.key}".rstrip("."),
                        file=path.name,
                    )
                    for p in error.problems
                )
    if problems:
        raise IndicatorError("Le catalogue d’indicateurs ne peut pas servir tel quel.", problems=problems)
    return MappingProxyType(found)


def get(id: str, *, catalogue: Mapping[str, Indicator] | None = None) -> Indicator:
    """Return one indicator.

    Parameters
    ----------
    id : str
        Its code.
    catalogue : mapping, optional
        Where to look; that of the house by default.

    Raises
    ------
    UnknownIndicator
        When no indicator has that code; near ones are told, by code and by label.
    """
    known = load() if catalogue is None else catalogue
    if id in known:
        return known[id]
    parts = [name for name in known if name[:-1] == id and name[-1].isalpha()]
    by_label = {item.label: name for name, item in known.items()}
    close = parts or near(id, known) or [by_label[label] for label in near(id, by_label)]
    listed = " ou ".join(f"« {name} » ({known[name].label})" for name in close)
    raise UnknownIndicator(
        f"Aucun indicateur ne porte le code « {id} ».",
        remedy=f"Vouliez-vous dire {listed} ?" if close else "La commande « ctgeval indicateurs » les liste tous.",
        value=id,
    )


@cache
def limit_codes() -> Mapping[str, str]:
    """Return the sentence of each limit, by code; ``{}`` stands for what follows the colon of a code."""
    return MappingProxyType(dict(sorted(_toml(FOLDER / "limites.toml")["limites"].items())))


@cache
def reasons() -> Mapping[str, str]:
    """Return the sentence of each reason why a figure is undefined, by code."""
    return MappingProxyType(dict(sorted(_toml(FOLDER / "limites.toml")["raisons"].items())))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise IndicatorError(f"Le fichier n’est pas un TOML valide : {error}.", file=path.name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndicatorError(f"Le fichier est illisible : {error}.", file=path.name) from error
