"""Tell what became of what was published: a bilan that is withdrawn, an audit of everything."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval import french
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, lang, say

if TYPE_CHECKING:
    from ctgeval.report.audit import AuditReport, Finding
    from ctgeval.report.publication import Publication
    from ctgeval.report.withdraw import Withdrawn

__all__ = ["tell_audit", "tell_published", "tell_withdrawn"]


def tell_published(done: Publication) -> None:
    """Tell where the public site is, what it holds, and which bilans stay."""
    if as_json():
        told = {"folder": str(done.folder), "archive": str(done.archive), "pages": done.pages, "changed": done.changed}
        output.write_json({"ok": True, **told, "left": [asdict(one) for one in done.left]})
        return
    output.write(say("publier.done" if done.changed else "publier.same", count=len(done.pages)))
    output.write(say("publier.folder", path=done.folder))
    output.write(say("publier.archive", path=done.archive))
    for one in done.left:
        output.write(output.wrapped(say("publier.left", slug=one.slug, reason=one.reason), indent="    "))


def tell_withdrawn(done: Withdrawn) -> None:
    """Tell that a bilan is withdrawn, since when and why, and where its readers see it."""
    if as_json():
        told = asdict(done) | {"path": str(done.path), "index": str(done.index)}
        output.write_json({"ok": True, **told})
        return
    day = french.date(done.day) if lang() == "fr" else done.day
    output.write(output.wrapped(say("retirer.already" if done.already else "retirer.done", path=done.path, day=day)))
    output.write(output.wrapped(say("retirer.reason", reason=done.reason)))
    output.write(say("retirer.index", path=done.index))
    if done.left:
        output.write(output.wrapped(say("retirer.left", names=", ".join(done.left))))
    output.write(output.wrapped(say("retirer.known")))


def tell_audit(folder: Path, found: AuditReport) -> None:
    """Write the parts of an audit: how much was looked at, what was found, where, and what to do."""
    if as_json():
        parts = [asdict(part) for part in found.parts]
        output.write_json({"ok": not found.findings, "folder": str(folder), "parts": parts})
        return
    output.write(say("auditer.title", folder=folder))
    for part in found.parts:
        output.write()
        title = f"{say(f'auditer.{part.name}')} ({len(part.findings)})"
        output.write(title)
        output.write("=" * len(title))
        if part.checked:
            counts = ", ".join(f"{say(f'auditer.{name}')} {count}" for name, count in part.checked.items())
            output.write(output.wrapped(say("auditer.checked", counts=counts)))
        for finding in part.findings:
            _write(finding)
        for note in part.notes:
            output.write(output.wrapped(note, first="  ", indent="  "))
    output.write()
    output.write(say("auditer.total", count=len(found.findings)) if found.findings else say("auditer.none"))


def _write(finding: Finding) -> None:
    where = f" ({finding.file})" if finding.file else ""
    output.write(output.wrapped(f"{finding.message}{where}", first="- ", indent="  "))
    if finding.remedy:
        output.write(output.wrapped(say("error.remedy", remedy=finding.remedy), indent="  "))
