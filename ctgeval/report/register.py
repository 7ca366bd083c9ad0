"""The dossier's register during a build: one builder at a time, and nothing published that the ledger does not know.

A release is written in the ledger before any of its pages is made; a page once it is there. What a kill left between
the two is settled by the next build.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.confidentiality import ledger_file
from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.ledger import Ledger, PublishedPage, Record, RegisteredRelease
from ctgeval.report import files, lock, manifest, versions
from ctgeval.report.files import digest
from ctgeval.report.withdraw import INTERNAL, finish, own

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release
    from ctgeval.config import Config
    from ctgeval.report.cases import Case
    from ctgeval.report.plan import Job

__all__ = ["Register", "opened", "release_sha256"]


class Register:
    """What a build tells the ledger and asks it; a build of bilans for the team alone has no ledger.

    Parameters
    ----------
    held : Held
        The lock.
    ledger : Ledger or None
        Of the dossier.
    """

    def __init__(self, held: lock.Held, ledger: Ledger | None) -> None:
        self._held = held
        self._ledger = ledger
        self._releases: dict[str, RegisteredRelease] = {}
        self._before: tuple[Record, ...] | None = None

    @property
    def before(self) -> tuple[Record, ...]:
        """What had been published when the build began: its own releases are protected together anyway.

        Raises
        ------
        ConfidentialityError
            When a row of the ledger is not as it was written.
        """
        if self._before is None:
            self._before = self._ledger.records() if self._ledger is not None else ()
        return self._before

    def check(self) -> None:
        """Make sure that no other builder took this one's place; asked before each page is written.

        Raises
        ------
        ReportError
            When one did.
        """
        self._held.check()

    def prepare(self, job: Job, release: Release, forms: Iterable[Form], *, day: str) -> None:
        """Write in the ledger what the readers of a release will know; nothing for the team's.

        Raises
        ------
        ConfidentialityError, ReportError
            When the ledger refuses it: no page may be made of it.
        """
        if self._ledger is None or job.audience == INTERNAL:
            return
        self._held.check()
        self._releases[job.folder] = self._ledger.prepare(
            release.path.name, forms, audience=job.folder, day=day, sha256=release_sha256(release.path)
        )

    def confirm(self, case: Case, *, day: str) -> None:
        """Write in the ledger that a page is published.

        Raises
        ------
        ConfidentialityError, ReportError
            When it can't be written: what the page says is known to the ledger nevertheless.
        """
        if self._ledger is not None and case.job.folder in self._releases:
            self._held.check()
            self._ledger.confirm(self._releases[case.job.folder], _name(case), sha256=digest(case.page), day=day)

    def keep(self, case: Case, *, day: str) -> None:
        """Freeze the page of a bilan that is more than a draft, and write in the ledger that this version is published.

        Raises
        ------
        ConfidentialityError, ParameterError, ReportError
            When it can't be frozen, or written in the ledger; when the reason of a revision can't be shown.
        """
        self._held.check()
        version = versions.keep(case, day=day)
        if version is None or self._ledger is None:
            return
        # Its page may come from a build that was killed before this version was made, or written in the ledger.
        seal = version.told.get("registre", {}).get("sceau", "")
        release = next((one for one in self._ledger.releases if one.seal == seal), None)
        if release is not None:
            self._ledger.confirm(release, manifest.page_name(version.told), sha256=version.sha256, day=day)

    def withdrawal(self, case: Case) -> dict[str, str]:
        """Return the day and the reason of a bilan that is withdrawn; nothing for one that stands or never was."""
        known = self._page(case)
        if known is not None and known.state == "withdrawn":
            return {"date": known.day, "motif": known.reason}
        return case.withdrawal

    def marks(self, case: Case) -> dict[str, Any]:
        """Return what the sheet of a bilan says of the ledger: a seal, and the withdrawals of its earlier versions.

        The seal is keyed: it tells nothing to whoever does not hold the dossier.
        """
        told = manifest.read(case.manifest)
        earlier = [*manifest.withdrawals(told), *filter(None, [manifest.withdrawal(told)])]
        known = self._page(case)
        if known is not None and len(known.withdrawals) >= len(earlier):
            earlier = [{"date": one.day, "motif": one.reason} for one in known.withdrawals]
        release = self._releases.get(case.job.folder)
        return ({"registre": {"sceau": release.seal}} if release else {}) | ({"retraits": earlier} if earlier else {})

    def _page(self, case: Case) -> PublishedPage | None:
        return self._ledger.page(_name(case)) if self._ledger is not None else None


@contextlib.contextmanager
def opened(folder: Path, out: Path, config: Config, *, public: bool) -> Iterator[Register]:
    """Hold the dossier, open its ledger, and settle what an earlier command left undone.

    Parameters
    ----------
    folder, out : Path
        The dossier, and the folder of the reports.
    config : Config
        Of the dossier.
    public : bool
        Whether anything is to be built for others than the team.

    Raises
    ------
    ConfidentialityError
        When the ledger was changed outside ctgeval, or does not know what the reports say was published.
    ReportError
        When another builder is at work, or when something can't be written.
    """
    with lock.hold(folder) as held, contextlib.ExitStack() as stack:
        if held.after_kill:
            files.sweep(folder, out, now=held.path.stat().st_mtime)
        ledger = stack.enter_context(Ledger.open(folder)) if public else None
        if ledger is not None:
            _recognised(ledger, out, config)
            finish(ledger, out, config)
            _settle(ledger, out, config)
        yield Register(held, ledger)


def _recognised(ledger: Ledger, out: Path, config: Config) -> None:
    """Refuse a ledger that does not know a bilan of its own convention: it is not the one that wrote it."""
    for told in own(out, config, ledger):
        seal = told.get("registre", {}).get("sceau", "")
        if seal and not ledger.knows(seal):
            raise ledger_file.unlike(f"il ne connaît pas le bilan publié {manifest.page_name(told)} ({told['date']})")


def _settle(ledger: Ledger, out: Path, config: Config) -> None:
    """Write as published the pages that a killed build had put in place without having the time to say it."""
    by_seal = {release.seal: release for release in ledger.releases}
    for told in own(out, config, ledger):
        name = manifest.page_name(told)
        release = by_seal.get(told.get("registre", {}).get("sceau", ""))
        known = ledger.page(name)
        if release is None or manifest.withdrawal(told):
            continue
        if known is not None and (known.state, known.sha256) == ("published", told["html"]["sha256"]):
            continue
        if digest(out / name) == told["html"]["sha256"]:
            ledger.confirm(release, name, sha256=told["html"]["sha256"], day=told["date"])


def _name(case: Case) -> str:
    return f"{case.job.folder}/{case.page.name}"


def release_sha256(folder: Path) -> str:
    """Return the sha256 of the content of a release folder, whose first digits are its name."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        total.update(path.name.encode() + b"\0" + bytes.fromhex(digest(path)))
    return total.hexdigest()
