"""From a worker's reply to the published page and its sheet, or to a partial page for the author alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from ctgeval.errors import NotebookFailed, PageRefused
from ctgeval.report import formats, html, linked, lint, manifest, plan, program, scan, site, trust
from ctgeval.report.cases import Case
from ctgeval.report.files import place, write_whole
from ctgeval.report.shelf import Shelf

_NO_MARKS: Mapping[str, Any] = MappingProxyType({})


def publish(
    case: Case,
    shelf: Shelf,
    reply: dict[str, Any],
    *,
    day: str,
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
    shelf : Shelf
        Its release, and all that it shares with the other pages of its readers.
    reply : dict
        See `worker.reply`.
    day : str
        ISO date to print.
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
    PageRefused
        When some readers could not use its page (`ctgeval.report.lint`): the same.
    ReportError
        When a file can't be written, or the notebook is not the one that was asked for.
    """
    context, rules = _context(case, shelf, reply, day=day), str(reply.get("style", ""))
    partial = manifest.partial_path(case.folder, case.job)
    page = html.page("bilan.html.j2", context, rules=rules)
    failure = _failure(case, reply) if "message" in reply else _refused(case, page)
    if failure is not None:
        write_whole(partial, html.page("partiel.html.j2", context | _told(failure, reply), rules=rules))
        raise failure
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
    told["controle"] = _checked(case, shelf, page, told, others=[one for _, one in others])
    before = manifest.read(case.manifest)
    for _, one in others:
        write_whole(place(case.page.parent, one.name), one.data)
    write_whole(case.page, page)
    made = (told["html"]["sha256"], shelf.release.path.name)
    manifest.remember(
        case.folder, case.job, made_from=case.made_from, key=case.key, made=made, tries=reply.get("essais", 1)
    )
    # The sheet comes last: it says that the bilan is up to date, hence that all of it is written.
    manifest.write(case.manifest, told)
    _let_go(case.page.parent, before, told)
    partial.unlink(missing_ok=True)


def _let_go(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Remove the files that came with the earlier page and that nobody asks for any more: their figures are its own."""
    kept = {one["fichier"] for one in manifest.files(now)}
    for one in manifest.files(before):
        if one["fichier"] not in kept:
            place(folder, one["fichier"]).unlink(missing_ok=True)


def _checked(
    case: Case,
    shelf: Shelf,
    page: bytes,
    told: dict[str, Any],
    *,
    others: Sequence[formats.Produced],
) -> dict[str, Any]:
    """Look at what is about to be published, and return what may be told of the look."""
    private = shelf.private
    found, *more = (
        scan.document(
            name,
            data,
            audience=case.job.audience,
            release=shelf.release,
            secrets=private.secrets,
            persons=private.persons,
            machine=shelf.machine,
            about=about,
        )
        for name, data, about in ((case.page.name, page, ()), *((one.name, one.data, one.about) for one in others))
    )
    sheet = json.dumps(told, ensure_ascii=False).encode()
    beside = scan.document(
        case.manifest.name, sheet, audience=case.job.audience, persons=private.persons, machine=shelf.machine
    )
    hits = scan.blocking(
        (
            *found.hits,
            *(hit for one in more for hit in one.hits),
            *beside.hits,
            *shelf.watch.look(),
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
        remedy=f"Le début du bilan est gardé, pour vous seul, dans {_kept(case)}.",
    )


def _refused(case: Case, page: bytes) -> PageRefused | None:
    faults = lint.check(page)
    return lint.refusal(faults, notebook=case.job.bilan, kept=_kept(case)) if faults else None


def _kept(case: Case) -> str:
    return manifest.partial_path(case.folder, case.job).relative_to(case.folder).as_posix()


def _told(failure: NotebookFailed, reply: dict[str, Any]) -> dict[str, Any]:
    """Return what a partial page says of why it is one."""
    faults = failure.problems if isinstance(failure, PageRefused) else ()
    return {
        "message": str(failure),
        "defauts": faults,
        "cellule": reply.get("cellule", 0),
        "code": reply.get("source", ""),
    }


def _context(case: Case, shelf: Shelf, reply: dict[str, Any], *, day: str) -> dict[str, Any]:
    meta = shelf.release.meta
    context = {
        "job": case.job,
        "ctg": meta.get("titre") or site.convention(meta.get("nom") or case.job.territoire),
        "titre": reply.get("titre") or plan.title(case.job.bilan, case.folder),
        "sous_titre": reply.get("sous_titre", ""),
        "nom": shelf.name(case.job.territoire),
        "destinataire": site.reader(case.job),
        "version": site.version(case.job),
        "mention": meta.get("mention") or (site.MENTION if case.job.fictional else ""),
        "sommaire": reply.get("sommaire", []),
        # Cleaned by `html.body` in the worker.
        "contenu": Markup(reply.get("html", "")),  # noqa: S704
        "date": day,
        "perimetre": meta.get("perimetre", ""),
        "regle": meta.get("regle", ""),
        "sources": shelf.sources,
        "versions": program.versions(),
        "cle": case.key,
    }
    return context | {"donnees": linked.block(case.job, context)}
