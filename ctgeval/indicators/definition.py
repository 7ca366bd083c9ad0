"""The catalogue of indicators: that of the house, and those of a dossier."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctgeval import measures as measures_
from ctgeval.errors import IndicatorError, UnknownIndicator, near
from ctgeval.indicators import declaration, own
from ctgeval.indicators.indicator import Formula, Indicator, parse_formula
from ctgeval.indicators.own import Own
from ctgeval.measures import Measure

__all__ = [
    "Formula", "Indicator", "catalogue", "get", "limit_codes", "load", "of_dossier", "parse_formula", "reasons",
]  # fmt: skip

FOLDER = Path(__file__).with_name("catalogue")
_NOT_THEMES = frozenset(
    f"{name}.toml" for name in ("changements", "defauts", "fiche", "limites", "places", "progres", "tendances")
)


def catalogue() -> Mapping[str, Indicator]:
    """Return the indicators of the house, in the order in which a bilan shows them."""
    return load()


def load(extra: Path | None = None, *, measures: Mapping[str, Measure] | None = None) -> Mapping[str, Indicator]:
    """Return the catalogue, with what a dossier changes of it and its own indicators after those of the house.

    Parameters
    ----------
    extra : Path or None
        A dossier's own ``indicateurs.toml``: same form as a file of the catalogue; an id of the house changes the
        fields that are written, and keeps the others.
    measures : mapping of str to Measure, optional
        Measures that its formulas may name, those of the dossier's own ``mesures.toml`` included; those of the house by
        default.

    Returns
    -------
    mapping of str to Indicator
        Read-only; without the qualitative ones, see `of_dossier`.

    Raises
    ------
    IndicatorError
        When declarations can't be used; all the problems at once.
    """
    if extra is None and measures is None:
        return _house()
    if extra is None:
        return _loaded(measures_.load() if measures is None else measures)
    found = of_dossier(extra, measures=measures)
    if found.problems:
        raise IndicatorError("Le catalogue d’indicateurs ne peut pas servir tel quel.", problems=found.problems)
    return MappingProxyType(dict(found.catalogue))


def of_dossier(extra: Path, *, measures: Mapping[str, Measure] | None = None) -> Own:
    """Return the catalogue as a dossier has it, and everything that is wrong in its ``indicateurs.toml``.

    Parameters
    ----------
    extra : Path
        The file; a dossier without it has the catalogue of the house.
    measures : mapping of str to Measure, optional
        Measures that its formulas may name; those of the house by default.

    Returns
    -------
    Own
        Never raises: a declaration that can't be used leaves only itself out; a file that can't be read leaves the
        catalogue of the house, with a blocking problem.
    """
    known = measures_.load() if measures is None else measures
    house = _house() if measures is None else _loaded(known)
    if not extra.is_file():
        return Own(catalogue=house, qualitative={}, unusable={})
    try:
        content = _toml(extra)
    except IndicatorError as error:
        return Own(catalogue=house, qualitative={}, unusable={}, problems=error.problems)
    return own.read(content, house=_declared(), catalogue=house, measures=known, limits=limit_codes())


@cache
def _house() -> Mapping[str, Indicator]:
    return _loaded(measures_.load())


@cache
def _declared() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    """Theme and declaration of each indicator of the house, in the order in which a bilan shows them."""
    files = [_toml(path) for path in sorted(FOLDER.glob("*.toml")) if path.name not in _NOT_THEMES]
    themes = sorted(files, key=lambda content: int(content["ordre"]))
    return {
        id: (str(content["theme"]), declared)
        for content in themes
        for id, declared in content.items()
        if id not in {"theme", "ordre"}
    }


def _loaded(known: Mapping[str, Measure]) -> Mapping[str, Indicator]:
    limits = set(limit_codes())
    return MappingProxyType(
        {id: declaration.read(id, theme, declared, known, limits) for id, (theme, declared) in _declared().items()}
    )


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
