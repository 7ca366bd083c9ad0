"""The index of an audience: its own bilans, and no word of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ctgeval.errors import ParameterError
from ctgeval.report import manifest, versions
from ctgeval.report.files import place, write_whole
from ctgeval.report.plan import Job, title

READERS = {
    "interne": "Équipe de la convention (version interne)",
    "cotech": "Comité technique",
    "copil": "Comité de pilotage",
    "partenaire": "Partenaire",
    "habitants": "Habitantes et habitants",
}
STATES = {
    "brouillon": "Document de travail",
    "valide_cotech": "Validé par le comité technique",
    "presente_copil": "Présenté au comité de pilotage",
    "publie": "Version publiée",
}
MENTION = "Territoire fictif – données fictives"


def convention(name: str) -> str:
    """Return how a convention is called, from the name of its territory."""
    return f"Convention territoriale globale – {name}"


def reader(job: Job) -> str:
    """Return the French name of those a bilan is for."""
    name = READERS.get(job.audience, job.audience)
    return f"{name} ({job.partner})" if job.partner else name


def version(job: Job) -> str:
    """Return in French where the validation of a bilan stands, in words that its readers may see."""
    if job.etat == "brouillon" or job.audience in {"interne", "cotech", "copil"}:
        return STATES.get(job.etat, job.etat)
    return STATES["publie"] if job.etat == "publie" else "Version validée"


def write_index(out: Path, jobs: Iterable[Job], *, name: str) -> Path:
    """Write the ``index.html`` of one audience when its content has changed.

    Parameters
    ----------
    out : Path
        Folder of all reports; bilans of another convention that are already there stay listed, under its name.
    jobs : iterable of Job
        All the jobs of that audience; those whose bilan was written at least once are listed.
    name : str
        Name of the territory of the convention.

    Returns
    -------
    Path
        Of the index.

    Raises
    ------
    ReportError
        When the file can't be written.
    PageRefused
        When some readers could not use it (`ctgeval.report.lint`): the earlier one stays.
    """
    # Heavy, and of no use to whoever asks how readers are called.
    from ctgeval.report import lint

    listed = tuple(jobs)
    path = place(out, listed[0].folder, "index.html")
    written = b""
    while True:
        content, script = _index(out, listed, name=name)
        if content == written or (path.is_file() and path.read_bytes() == content):
            return path
        faults = lint.check(content, script=script)
        if faults:
            raise lint.refusal(faults, notebook="")
        write_whole(path, content)
        # Another dossier may publish in the same folder, and have put a page there meanwhile: the last to write looks.
        written = content


def _index(out: Path, listed: Sequence[Job], *, name: str) -> tuple[bytes, str]:
    """Return the index of what is in the folder of an audience now, and its script."""
    from ctgeval.report import html

    first = listed[0]
    folder = place(out, first.folder)
    own = convention(name)
    kept = versions.kept(folder)
    sheets = [manifest.read(place(out, first.folder, f"{job.slug}.manifest.json")) for job in listed]
    sheets += _others(folder, own, {f"{job.slug}.manifest.json" for job in listed})
    groups: dict[str, list[dict[str, Any]]] = {}
    for told in sheets:
        if told and (manifest.withdrawal(told) or manifest.whole(folder, told)):
            frozen = kept.pop(told["html"]["fichier"].removesuffix(".html"), ())
            groups.setdefault(told["convention"], []).append(_entry(told, frozen))
    for frozen in kept.values():
        # Nobody asks for this bilan any more, or its page is not made yet: what was presented is still there.
        told = dict(frozen[-1].told)
        groups.setdefault(told["convention"], []).append(
            _entry(told, frozen) | {"lien": "", "retraits": [], "formats": []}
        )
    # One document is found without help.
    rules, script = html.index_filter() if sum(map(len, groups.values())) > 1 else ("", "")
    content = html.page(
        "index.html.j2",
        {
            "ctg": own if list(groups) in ([], [own]) else "Conventions territoriales globales",
            "destinataire": reader(first),
            "mention": MENTION if first.fictional and list(groups) in ([], [own]) else "",
            "groupes": dict(sorted(groups.items())),
        },
        rules=rules,
        script=script,
    )
    return content, script


def _others(folder: Path, own: str, listed: set[str]) -> list[dict[str, Any]]:
    """Sheets of the bilans of another convention in the folder, and of those withdrawn that nobody asks for now."""
    sheets = [manifest.read(path) for path in sorted(folder.glob("*.manifest.json")) if path.name not in listed]
    return [told for told in sheets if told and (told.get("convention", own) != own or manifest.withdrawal(told))]


def _kind(name: str) -> str:
    """Return how a kind of bilan is called, even when its notebook is no longer there."""
    try:
        return title(name)
    except ParameterError:
        return name.replace("_", " ").capitalize()


def _entry(told: Mapping[str, Any], frozen: Iterable[versions.Version]) -> dict[str, Any]:
    return {
        "lien": told["html"]["fichier"],
        "titre": told["titre"],
        "carnet": _kind(told["bilan"]),
        "nom": told["nom"],
        "periode": told["parametres"]["periode"],
        "version": told["version"],
        "date": told["date"],
        "mention": MENTION if told["fictif"] else "",
        "retrait": manifest.withdrawal(told),
        "retraits": manifest.withdrawals(told),
        "formats": manifest.links(told),
        "versions": versions.listed(frozen),
    }
