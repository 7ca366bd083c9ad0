"""What there is to build: the bilans of ``ctg.toml``, one job for each territory, and what each depends on."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ctgeval import french, periods
from ctgeval.config import PRIVATE, Config
from ctgeval.config.notebooks import notebooks
from ctgeval.errors import ParameterError, PeriodError, ReportError, suggestion
from ctgeval.report import parameters
from ctgeval.report.files import digest
from ctgeval.report.program import code_digest, versions
from ctgeval.sources import cache

_FICTIONAL = "territoire-fictif-"
_TABLE_SUFFIXES = {".csv", ".ods", ".parquet", ".toml", ".xlsx"}
_INPUT_FOLDERS = ("tables", "textes", "retours")


# Asked several times of each of a thousand bilans.
_slug = lru_cache(maxsize=8192)(french.slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One bilan for one audience, one territory and one period.

    Parameters
    ----------
    bilan : str
        Name of the notebook.
    audience, partner : str
        For whom; ``partner`` is empty unless the audience is ``partenaire``.
    territoire, periode : str
        Code of the territory, and period, as the dossier gives them.
    etat : str
        Where the validation stands.
    formats : tuple of str
        What is asked for.
    fictional : bool
        Whether the territory is an invented one.
    motif_revision : str
        Why a version that was frozen is revised.
    """

    bilan: str
    audience: str
    partner: str
    territoire: str
    periode: str
    etat: str
    formats: tuple[str, ...]
    fictional: bool
    motif_revision: str = ""

    @property
    def folder(self) -> str:
        """Folder of its readers: no partner sees the bilans of another."""
        return _slug(f"{self.audience} {self.partner}" if self.partner else self.audience)

    @property
    def slug(self) -> str:
        """Name of its files, without extension."""
        name = _slug(f"{self.territoire} {self.bilan.replace('_', ' ')} {self.periode}")
        return f"{_FICTIONAL if self.fictional else ''}{name}"

    @property
    def parameters(self) -> dict[str, str]:
        """What its notebook is given."""
        return {"release": "release", "territoire": self.territoire, "periode": self.periode}


def jobs(
    config: Config,
    folder: Path,
    *,
    bilan: str | None = None,
    audience: str | None = None,
    territoire: str | None = None,
    periode: str | None = None,
) -> tuple[Job, ...]:
    """Return the jobs that a dossier asks for, in the order of ``ctg.toml``.

    Parameters
    ----------
    config : Config
        Read from ``ctg.toml``.
    folder : Path
        The dossier.
    bilan, audience, territoire, periode : str, optional
        Keep only those.

    Raises
    ------
    ParameterError
        When a filter names something that no bilan has.
    ReportError
        When two jobs would write the same file.
    """
    fictional = is_fictional(config, folder)
    every = tuple(
        Job(
            bilan=asked.carnet,
            audience=asked.audience,
            partner=asked.partenaire,
            territoire=code,
            periode=asked.periode,
            etat=asked.etat,
            formats=asked.formats,
            fictional=fictional,
            motif_revision=asked.motif_revision,
        )
        for asked in config.bilans
        for code in (asked.territoires or (config.territoire.code,))
    )
    _refuse_twins(every)
    kept = every
    wanted = {"bilan": bilan, "audience": audience, "territoire": territoire, "periode": periode}
    for name, value in wanted.items():
        if value is not None:
            _refuse_unknown(name, value, (getattr(job, name) for job in every))
            kept = tuple(job for job in kept if _same(name, getattr(job, name), value))
    if not kept and any(value is not None for value in wanted.values()):
        asked_for = french.enumeration([f"{name} « {value} »" for name, value in wanted.items() if value is not None])
        raise ParameterError(
            f"Aucun bilan de ctg.toml ne répond à la fois à {asked_for}.", remedy="Retirez l’un de ces critères."
        )
    return kept


def _same(name: str, one: str, other: str) -> bool:
    if name != "periode":
        return one == other
    try:
        return periods.normalise(one) == periods.normalise(other)
    except PeriodError:
        return one == other


def _refuse_unknown(name: str, value: str, known: Iterable[str]) -> None:
    values = sorted(set(known))
    if not any(_same(name, one, value) for one in values):
        raise ParameterError(
            f"Aucun bilan de ctg.toml n’a ce critère « {name} ».",
            value=value,
            remedy=suggestion(value, values) or f"Valeurs présentes : {', '.join(values) or 'aucune'}.",
        )


def _refuse_twins(every: Iterable[Job]) -> None:
    seen: dict[tuple[str, str], Job] = {}
    for job in every:
        twin = seen.setdefault((job.folder, job.slug), job)
        if twin is not job:
            raise ReportError(
                f"Deux bilans s’écriraient dans le même fichier « {job.slug}.html » ({job.folder}).",
                file="ctg.toml",
                value=f"{job.bilan}, {job.territoire}, {job.periode}",
                remedy="Retirez l’un des deux, ou changez sa période, son territoire ou son public.",
            )


def is_fictional(config: Config, folder: Path) -> bool:
    """Tell whether the dossier's own geography says that its territory is an invented one."""
    if not config.territoire.reference:
        return False
    path = folder / config.territoire.reference / "geographie.toml"
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReportError(
            "La description de la géographie propre au dossier ne peut pas être lue.",
            file=f"{config.territoire.reference}/geographie.toml",
            remedy=f"Corrigez ce fichier : {error}",
        ) from error
    return said.get("fictif") is True


def notebook(name: str, dossier: Path | None = None) -> Path:
    """Return the path of a notebook.

    Parameters
    ----------
    name : str
        Of the notebook.
    dossier : Path, optional
        Folder of the dossier, which may have notebooks of its own.

    Raises
    ------
    ParameterError
        When no notebook has that name.
    """
    known = notebooks(dossier)
    if name not in known:
        raise ParameterError(
            "Aucun carnet ne porte ce nom.",
            file="ctg.toml",
            key="bilan.carnet",
            value=name,
            remedy=suggestion(name, known) or f"Carnets disponibles : {', '.join(known) or 'aucun'}.",
        )
    return known[name]


def notebook_digests(dossier: Path) -> dict[str, str]:
    """Return the sha256 of each notebook that a dossier may use, by its name."""
    return {name: digest(path) for name, path in notebooks(dossier).items()}


@lru_cache(maxsize=64)
def title(name: str, dossier: Path | None = None) -> str:
    """Return the French title that a notebook declares in ``metadata.ctgeval.titre``, or its name."""
    told = json.loads(notebook(name, dossier).read_text(encoding="utf-8")).get("metadata", {}).get("ctgeval", {})
    return str(told.get("titre") or name.replace("_", " ").capitalize())


def schemas(names: Iterable[str], dossier: Path | None = None) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of the parameters of notebooks, by name; those that can't be read are left out.

    Parameters
    ----------
    names : iterable of str
        Of notebooks.
    dossier : Path, optional
        See `notebook`.
    """
    found = {}
    for name in sorted(set(names) & set(notebooks(dossier))):
        metadata_ = json.loads(notebook(name, dossier).read_text(encoding="utf-8")).get("metadata", {})
        with contextlib.suppress(ParameterError):
            declared = parameters.schema(metadata_, notebook=name)
            found[name] = parameters.json_schema(declared, title=title(name, dossier))
    return found


def input_files(config: Config, folder: Path) -> tuple[Path, ...]:
    """Return every file of a dossier that a bilan may depend on, sorted.

    Parameters
    ----------
    config : Config
        Read from ``ctg.toml``.
    folder : Path
        The dossier.
    """
    found = {path for path in folder.iterdir() if path.suffix.casefold() in _TABLE_SUFFIXES}
    for name in filter(None, (*_INPUT_FOLDERS, config.territoire.reference)):
        found |= set((folder / name).rglob("*"))
    found |= {folder / source.fichier for source in config.sources if source.fichier}
    for source in config.sources:
        if source.downloaded:
            kept = cache.folder_of(folder / PRIVATE, source.cle).glob("*")
            found |= {path for path in kept if path.name != cache.SHEET}
    return tuple(sorted(path for path in found if path.is_file() and not path.name.startswith((".", "~$"))))


def ingredients(job: Job, *, inputs: Mapping[str, str], notebook_digest: str) -> dict[str, str]:
    """Return all that a bilan is made from, by French name: two equal sets make the same page.

    Parameters
    ----------
    job : Job
        The bilan.
    inputs : mapping
        sha256 of each input file, by path relative to the dossier.
    notebook_digest : str
        sha256 of the notebook.
    """
    made_from = {f"le fichier {name}": value for name, value in inputs.items()}
    made_from |= {f"la version de {name}": value for name, value in versions().items()}
    # One content in all its formats: what is missing of them is seen beside the page (`cases.Case.lacking`).
    told = {name: value for name, value in asdict(job).items() if name != "formats"}
    made_from |= {f"le paramètre {name}": json.dumps(value) for name, value in told.items()}
    return made_from | {f"le carnet {job.bilan}": notebook_digest, "le programme ctgeval": code_digest()}


def content_key(made_from: Mapping[str, str], secret: bytes) -> str:
    """Return the key that changes when any ingredient does.

    Parameters
    ----------
    made_from : mapping
        See `ingredients`.
    secret : bytes
        Of the dossier: without it, nobody can test a guess about a file against a published key.
    """
    told = json.dumps(dict(made_from), sort_keys=True, ensure_ascii=True)
    return hmac.new(secret, told.encode("ascii"), hashlib.sha256).hexdigest()


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return a French sentence that says what changed between two sets of ingredients; empty when nothing did."""
    told = [
        *(f"{name} a changé" for name in sorted(before.keys() & now.keys()) if before[name] != now[name]),
        *(f"{name} est nouveau" for name in sorted(now.keys() - before.keys())),
        *(f"{name} n’est plus là" for name in sorted(before.keys() - now.keys())),
    ]
    return french.enumeration(told[:3]) + (f" (et {len(told) - 3} autres changements)" if len(told) > 3 else "")
