"""From a worker's reply to the published page and its sheet, or to a partial page for the author alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ctgeval import config as configuration
from ctgeval.errors import NotebookFailed
from ctgeval.report import formats, html, manifest, plan, scan, site, trust
from ctgeval.report.cases import Case
from ctgeval.report.files import place, write_whole

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release

_NOTHING = scan.Private()
_NO_MARKS: Mapping[str, Any] = MappingProxyType({})
_ENDS = (".html", ".manifest.json")


def publish(
    case: Case,
    release: Release,
    reply: dict[str, Any],
    *,
    day: str,
    private: scan.Private = _NOTHING,
    marks: Mapping[str, Any] = _NO_MARKS,
) -> None:
    """Write a bilan in all its formats, and its sheet; or a partial page in the dossier, when the notebook failed.

    Nothing is written before the leak scan (`ctgeval.report.scan`) has looked at the page, at the other files, at the
    sheet, and at the files that are already in the folder of its readers. The sheet comes last: as long as it speaks of
    the earlier files, the bilan is to be made again.

    Parameters
    ----------
    case : Case
        The bilan.
    release : Release
        What its notebook was given.
    reply : dict
        See `worker.reply`.
    day : str
        ISO date to print.
    private : Private
        What the coordinating process knows and the page must not say.
    marks : mapping
        What its sheet says of the ledger, see `register.Register.marks`.

    Raises
    ------
    ConfidentialityError
        When the scan finds what must not go out, in the page or beside it: the earlier page stays as it was.
    ParameterError
        When a format can't be made of this bilan.
    NotebookFailed
        When the notebook did not reach its end: nothing is published, the earlier page stays as it was.
    ReportError
        When a file can't be written, or the notebook is not the one that was asked for.
    """
    context, rules = _context(case, release, reply, day=day), str(reply.get("style", ""))
    partial = manifest.partial_path(case.folder, case.job)
    if "message" in reply:
        failure = _failure(case, reply)
        shown = {"message": str(failure), "cellule": reply.get("cellule", 0), "code": reply.get("source", "")}
        write_whole(partial, html.page("partiel.html.j2", context | shown, rules=rules))
        raise failure
    page = html.page("bilan.html.j2", context, rules=rules)
    document = formats.Document(name=case.job.slug, context=context, rules=rules, page=page)
    others = formats.made(case.job.formats, document)
    told = manifest.describe(
        case.job,
        key=case.key,
        page=page,
        date=day,
        title=context["titre"],
        name=context["nom"],
        convention=context["ctg"],
        version=context["version"],
        told_sources=context["sources"],
        others=others,
    )
    told["carnet"] = trust.notebook(case, reply)
    told |= marks
    told["controle"] = _checked(case, release, page, told, private, others=[one for _, one in others])
    before = manifest.read(case.manifest)
    for _, one in others:
        write_whole(place(case.page.parent, one.name), one.data)
    write_whole(case.page, page)
    manifest.write(case.manifest, told)
    _let_go(case.page.parent, before, told)
    made = (told["html"]["sha256"], release.path.name)
    manifest.remember(case.folder, case.job, made_from=case.made_from, key=case.key, made=made)
    partial.unlink(missing_ok=True)


def _let_go(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Remove the files that came with the earlier page and that nobody asks for any more: their figures are its own."""
    kept = {one["fichier"] for one in manifest.files(now)}
    for one in manifest.files(before):
        if one["fichier"] not in kept:
            place(folder, one["fichier"]).unlink(missing_ok=True)


def _checked(
    case: Case,
    release: Release,
    page: bytes,
    told: dict[str, Any],
    private: scan.Private,
    *,
    others: Sequence[formats.Produced],
) -> dict[str, Any]:
    """Look at what is about to be published, and return what may be told of the look."""
    folder, machine = case.page.parent, scan.here(case.folder, case.page.parent)
    planned = plan.jobs(configuration.load(case.folder), case.folder)
    expected = {
        name
        for job in planned
        if job.folder == case.job.folder
        for name in (*(f"{job.slug}{end}" for end in _ENDS), *formats.beside(job.slug))
    }
    found, *more = (
        scan.document(
            name,
            data,
            audience=case.job.audience,
            release=release,
            secrets=private.secrets,
            persons=private.persons,
            machine=machine,
        )
        for name, data in ((case.page.name, page), *((one.name, one.data) for one in others))
    )
    sheet = json.dumps(told, ensure_ascii=False).encode()
    beside = scan.document(
        case.manifest.name, sheet, audience=case.job.audience, persons=private.persons, machine=machine
    )
    hits = scan.blocking(
        (
            *found.hits,
            *(hit for one in more for hit in one.hits),
            *beside.hits,
            *scan.foreign(folder, audience=case.job.folder, expected=frozenset(expected)),
        )
    )
    if hits:
        raise scan.refusal(hits)
    return found.coverage.as_dict()


def _failure(case: Case, reply: dict[str, Any]) -> NotebookFailed:
    cell = reply.get("cellule", 0)
    where = f" à la cellule de code n°\u00a0{cell}" if cell else ""
    return NotebookFailed(
        f"Le carnet « {case.job.bilan} » s’est arrêté{where}. {reply['message']}",
        key="\n".join(reply.get("source", "").splitlines()[:1]),
        remedy="Le début du bilan est gardé, pour vous seul, dans "
        f"{manifest.partial_path(case.folder, case.job).relative_to(case.folder).as_posix()}.",
    )


def _context(case: Case, release: Release, reply: dict[str, Any], *, day: str) -> dict[str, Any]:
    meta = release.meta
    secret = manifest.secret(case.folder)
    return {
        "job": case.job,
        "ctg": meta.get("titre") or site.convention(meta.get("nom") or case.job.territoire),
        "titre": reply.get("titre") or plan.title(case.job.bilan),
        "sous_titre": reply.get("sous_titre", ""),
        "nom": _territory_name(release, case.job.territoire),
        "destinataire": site.reader(case.job),
        "version": site.version(case.job),
        "mention": meta.get("mention") or (site.MENTION if case.job.fictional else ""),
        "sommaire": reply.get("sommaire", []),
        # Cleaned by `html.body` in the worker.
        "contenu": Markup(reply.get("html", "")),  # noqa: S704
        "date": day,
        "perimetre": meta.get("perimetre", ""),
        "regle": meta.get("regle", ""),
        "sources": manifest.sources(_records(release), secret),
        "versions": plan.versions(),
        "cle": case.key,
    }


def _records(release: Release) -> list[dict[str, str]]:
    text = release.sources.astype("string").fillna("")
    return [dict(zip(text.columns, row, strict=True)) for row in text.itertuples(index=False, name=None)]


def _territory_name(release: Release, code: str) -> str:
    names = dict(zip(release.territories["geo"], release.territories["name"], strict=True))
    return str(names.get(code) or release.meta.get("nom") or code)
