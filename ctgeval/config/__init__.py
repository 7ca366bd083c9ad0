"""``ctg.toml`` to a frozen `Config`, with every problem of the file told at once.

- `models` is what the file may say; `toml` reads it; `form` says in French what `models` refuses
- `checks` looks at dates, files, periods, audiences and duplicates; `places` at the territories;
  `forms` at what partners are asked for
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.config import checks, files, form, forms, freezing, places, toml
from ctgeval.config.models import (
    AUDIENCES,
    BILAN_FORMATS,
    OPEN_AUDIENCES,
    OPEN_DATA,
    Audience,
    AvenantConfig,
    BilanConfig,
    ComparaisonConfig,
    Config,
    ConventionConfig,
    Diffusion,
    ImpactConfig,
    IndicateursConfig,
    PublicationConfig,
    ScenarioConfig,
    SecretConfig,
    SeuilConfig,
    SourceConfig,
    TerritoireConfig,
    ValidationState,
)
from ctgeval.config.toml import FILE_NAME, PRIVATE
from ctgeval.errors import CtgevalError, DossierError, Problem

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = [
    "AUDIENCES",
    "BILAN_FORMATS",
    "FILE_NAME",
    "OPEN_AUDIENCES",
    "OPEN_DATA",
    "PRIVATE",
    "Audience",
    "AvenantConfig",
    "BilanConfig",
    "ComparaisonConfig",
    "Config",
    "ConventionConfig",
    "Diffusion",
    "ImpactConfig",
    "IndicateursConfig",
    "PublicationConfig",
    "ScenarioConfig",
    "SecretConfig",
    "SeuilConfig",
    "SourceConfig",
    "TerritoireConfig",
    "ValidationState",
    "check",
    "folder_of",
    "freezing",
    "load",
]


def folder_of(path: Path | str) -> Path:
    """Return the folder of a dossier, given as such or by its ``ctg.toml``."""
    place = Path(path)
    return place.parent if place.name == FILE_NAME else place


def load(folder: Path | str, *, reference: Reference | None = None) -> Config:
    """Read and check the ``ctg.toml`` of a dossier.

    Parameters
    ----------
    folder : Path or str
        The dossier.
    reference : Reference, optional
        Geography to check the codes against; by default the dossier's own, or the one that comes with ctgeval.

    Raises
    ------
    DossierError
        With all the problems of the file at once, when one of them is blocking.
    """
    config, problems = check(folder, reference=reference)
    if config is None:
        blocking = [problem for problem in problems if problem.severity == "bloquant"]
        count = "un problème" if len(blocking) == 1 else f"{len(blocking)} problèmes"
        raise DossierError(
            f"Le fichier {FILE_NAME} a {count} à corriger.", file=str(Path(folder) / FILE_NAME), problems=problems
        )
    return config


def check(folder: Path | str, *, reference: Reference | None = None) -> tuple[Config | None, list[Problem]]:
    """Return the configuration of a dossier, None when it can't be used, and every problem found, warnings included.

    Parameters
    ----------
    folder : Path or str
        The dossier.
    reference : Reference, optional
        Geography to check the codes against; by default the dossier's own, or the one that comes with ctgeval.
    """
    folder = Path(folder)
    document, problems = toml.read(folder)
    if document is None:
        return None, problems
    problems += form.problems(document)
    context = checks.Context(form.without_errors(document), document, folder)
    geography, found = (reference, []) if reference is not None else _geography(context)
    problems += found
    problems += checks.problems(context)
    problems += forms.problems(context)
    if geography is not None:
        problems += places.problems(context, geography)
    problems.sort(key=lambda problem: (problem.severity != "bloquant", problem.row or 0))
    if any(problem.severity == "bloquant" for problem in problems):
        return None, problems
    return _completed(context, geography), problems


def _geography(context: checks.Context) -> tuple[Reference | None, list[Problem]]:
    from ctgeval.territory import reference

    section = context.table("territoire")
    if "reference" not in section:
        return reference.load(), []
    text = section["reference"]
    if text is None:
        return None, []
    key = ("territoire", "reference")
    found = files.inside(context.folder, text, directory=True)
    if isinstance(found, files.Refused):
        return None, [context.problem(key, found.message, found.remedy, value=text)]
    context.values["territoire"]["reference"] = found.as_posix()
    try:
        return reference.load(context.folder / found), []
    except CtgevalError as error:
        return None, list(error.problems)


def _completed(context: checks.Context, geography: Reference | None) -> Config:
    """Build the configuration, with the defaults that depend on other keys: name, territories of a bilan."""
    values = context.values
    place = values["territoire"]
    if not place.get("nom") and geography is not None and not place["code"].startswith("GRP-"):
        place["nom"] = geography.name(place["code"], place["perimetre"])
    for _, bilan in context.blocks("bilan"):
        if not bilan.get("territoires"):
            bilan["territoires"] = [place["code"]]
    return Config.model_validate(toml.tuples(values))
