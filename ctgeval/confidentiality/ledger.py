"""The ledger: every figure that was ever published, which a new release is attacked together with.

It is added to and never changed: a release is *prepared* (its forms are written, before any page is made), pages are
*published* from it, a page is *withdrawn*; a withdrawn figure stays known to whoever read it. What was prepared counts
as published: after a kill nobody knows what left.

Each event bears a seal: the HMAC, keyed by the dossier's secret, of the seal before it and of all that it says, down to
the digest of its forms. The last one is noted beside the file, and each published page carries that of its release. So
a row changed, added or removed, a file put back from before or deleted are seen; whoever holds the secret can forge it
all, as they can read the dossier. The file holds no masked value.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ctgeval.confidentiality import ledger_file as file, ledger_rows as rows_
from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.ledger_chain import Chain, PublishedPage, RegisteredRelease, Withdrawal
from ctgeval.confidentiality.secret import secret
from ctgeval.errors import ConfidentialityError

__all__ = ["Ledger", "PublishedPage", "Record", "RegisteredRelease", "Withdrawal"]


@dataclass(frozen=True, slots=True)
class Record:
    """A published form, and the release it comes from."""

    form: Form
    release: RegisteredRelease


class Ledger:
    """The ledger of a dossier, opened by `open`; closed by ``with``.

    Notes
    -----
    Written by the coordinating process alone, while it holds `ctgeval.report.lock`. Its chain is verified when it is
    opened, and the forms of an indicator when they are read.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection, chain: Chain) -> None:
        self._folder = folder
        self._connection = connection
        self._chain = chain

    @classmethod
    def open(cls, folder: str | Path, *, write: bool = True) -> Self:
        """Open the ledger of a dossier and verify its chain.

        Parameters
        ----------
        folder : str or Path
            The dossier.
        write : bool
            Whether it may be made and added to; otherwise nothing is written, and a dossier without a ledger has an
            empty one.

        Raises
        ------
        ConfidentialityError
            When it was changed outside ctgeval, is damaged, is gone, or comes from a newer version.
        ReportError
            When it can't be reached, or written; when the dossier's secret can't.
        """
        path = Path(folder)
        connection = file.connect(path, write=write)
        try:
            with file.told():
                return cls(path, connection, _verified(path, connection, write=write))
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # -- what is known --------------------------------------------------------------------------------------------

    @property
    def releases(self) -> tuple[RegisteredRelease, ...]:
        """Every release ever prepared, in that order."""
        return tuple(self._chain.releases().values())

    @property
    def pages(self) -> tuple[PublishedPage, ...]:
        """Every page ever published or withdrawn, by its place under the reports."""
        return tuple(self._chain.pages().values())

    def page(self, name: str) -> PublishedPage | None:
        """Return what is known of one page; nothing when it was never published from here."""
        return self._chain.page(name)

    def knows(self, seal: str) -> bool:
        """Tell whether a seal, as a published page carries it, is one of this ledger's."""
        return seal in self._chain.seals

    def published(self, *, exclude: Collection[str] = (), indicator: str | None = None) -> tuple[Form, ...]:
        """Return the distinct forms that readers may know, in the order in which they were prepared.

        Parameters
        ----------
        exclude : collection of str
            Identifiers of releases to leave out: the one that is being examined.
        indicator : str, optional
            Only that one.

        Raises
        ------
        ConfidentialityError
            When a row is not as it was written.
        """
        return tuple(dict.fromkeys(record.form for record in self.records(exclude=exclude, indicator=indicator)))

    def records(self, *, exclude: Collection[str] = (), indicator: str | None = None) -> tuple[Record, ...]:
        """Return the same forms with the release each comes from, as many times as it was published.

        Raises
        ------
        ConfidentialityError
            When a row is not as it was written.
        """
        with file.told(), file.snapshot(self._connection):
            self._chain.catch_up()
            return tuple(self._records(frozenset(exclude), indicator))

    def _records(self, exclude: frozenset[str], indicator: str | None) -> Iterator[Record]:
        grounds, releases = self._grounds(), self._chain.releases()
        wanted, chosen = ("", ()) if indicator is None else (" WHERE indicator = ?", (indicator,))
        parts = self._connection.execute(
            f"SELECT release, indicator, forms, digest FROM parts{wanted} ORDER BY release, indicator",  # noqa: S608
            chosen,
        ).fetchall()
        for rank, name, count, digest in parts:
            release = releases[rank]
            if release.release in exclude:
                continue
            rows = self._connection.execute(
                "SELECT position, geo, time_period, terms, low, high, masked FROM forms "
                "WHERE indicator = ? AND release = ? ORDER BY position",
                (name, rank),
            ).fetchall()
            if len(rows) != count or rows_.digest(rows) != digest:
                raise file.unlike(
                    f"les chiffres de l’indicateur « {name} » inscrits le {release.day} ({release.audience}) ont changé"
                )
            try:
                forms = rows_.decode(name, rows, grounds)
            except KeyError as error:
                raise file.unlike("la liste des communes d’un territoire en a été retirée") from error
            yield from (Record(form, release) for form in forms)

    def _grounds(self) -> dict[str, frozenset[str]]:
        found = {}
        for name, communes in self._connection.execute("SELECT id, communes FROM grounds"):
            if rows_.ground_id(communes) != name:
                raise file.unlike("la liste des communes d’un territoire a changé")
            found[name] = frozenset(json.loads(communes))
        return found

    def verify(self) -> int:
        """Read the whole file again, row by row, and return the number of forms.

        Raises
        ------
        ConfidentialityError
            When anything is not as it was written.
        """
        with file.told():
            (said,) = self._connection.execute("PRAGMA integrity_check").fetchone()
            (held,) = self._connection.execute("SELECT count(*) FROM forms").fetchone()
        read = len(self.records())
        if said != "ok":
            raise file.unlike("ce fichier est abîmé")
        if held != read:
            raise file.unlike("des chiffres qui ne viennent d’aucune version y ont été ajoutés")
        return read

    # -- what is added --------------------------------------------------------------------------------------------

    def prepare(
        self, release: str, forms: Iterable[Form], *, audience: str, day: str, sha256: str = ""
    ) -> RegisteredRelease:
        """Write what a release says, before any page is made of it; the same release and forms are written once.

        Parameters
        ----------
        release : str
            Its identifier.
        forms : iterable of Form
            Every figure that its readers may find in it.
        audience : str
            Folder of its readers; never ``interne``.
        day : str
            ISO day.
        sha256 : str
            Of its content.

        Raises
        ------
        ConfidentialityError
            For a masked form that carries more than its mark, an internal release, or a ledger changed meanwhile.
        ReportError
            When it can't be written: nothing of the release is.
        """
        if audience in {"", "interne"}:
            raise ConfidentialityError(
                "Une version interne ne s’inscrit pas au registre de ce qui a été publié.", value=audience
            )
        grounds: rows_.Grounds = {}
        rows = rows_.encode(forms, grounds)
        parts = [(name, len(kept), rows_.digest(kept)) for name, kept in sorted(rows.items())]
        count, digest = sum(len(kept) for kept in rows.values()), rows_.same(parts)
        with file.told(), file.transaction(self._connection):
            self._chain.catch_up()
            known = self._known(release, audience, digest)
            if known is None:
                rank = len(self._chain.releases()) + 1
                told = (rank, release, sha256, audience, day, count, digest)
                self._connection.execute("INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?, ?)", told)
                self._connection.executemany("INSERT OR IGNORE INTO grounds VALUES (?, ?)", sorted(grounds.items()))
                self._connection.executemany(
                    "INSERT INTO parts VALUES (?, ?, ?, ?)", ((rank, name, size, seal) for name, size, seal in parts)
                )
                self._connection.executemany(
                    "INSERT INTO forms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    ((name, rank, *row) for name, kept in sorted(rows.items()) for row in kept),
                )
                self._chain.add("prepared", rank, day=day)
        self._follow()
        return self._chain.releases()[self._known(release, audience, digest) or 0]

    def _known(self, release: str, audience: str, digest: str) -> int | None:
        found = self._connection.execute(
            "SELECT rank FROM releases WHERE id = ? AND audience = ? AND digest = ?", (release, audience, digest)
        ).fetchone()
        return None if found is None else int(found[0])

    def confirm(self, release: RegisteredRelease, page: str, *, sha256: str, day: str) -> None:
        """Write that a page was published from a release; told twice, it is written once.

        Parameters
        ----------
        release : RegisteredRelease
            What `prepare` returned.
        page : str
            Its place under the reports: ``habitants/epci-200070035-bilan-annuel-2025.html``.
        sha256 : str
            Of the page.
        day : str
            ISO day.

        Raises
        ------
        ConfidentialityError
            When the ledger was changed meanwhile.
        ReportError
            When it can't be written.
        """
        with file.told(), file.transaction(self._connection):
            self._chain.catch_up()
            rank, last = self._chain.rank_of(release), self._chain.page(page)
            told = ("published", sha256, release.seal)
            if last is None or last.release is None or (last.state, last.sha256, last.release.seal) != told:
                self._chain.add("published", rank, page=page, sha256=sha256, day=day)
        self._follow()

    def withdraw(self, page: str, reason: str, *, day: str) -> None:
        """Write that a page is withdrawn, and why; told twice with the same reason, it is written once.

        Raises
        ------
        ConfidentialityError
            When the ledger was changed meanwhile.
        ReportError
            When it can't be written.
        """
        with file.told(), file.transaction(self._connection):
            self._chain.catch_up()
            last = self._chain.page(page)
            if last is None or last.state != "withdrawn" or last.reason != reason:
                rank = self._chain.rank_of(last.release) if last is not None else None
                self._chain.add(
                    "withdrawn", rank, page=page, sha256=last.sha256 if last else "", day=day, reason=reason
                )
        self._follow()

    def _follow(self) -> None:
        """Take in what was just committed, and note how far the ledger goes."""
        with file.told():
            self._chain.catch_up()
            if file.anchor(self._folder) != (self._chain.rank, self._chain.seal):
                file.drop_anchor(self._folder, self._chain.rank, self._chain.seal)


def _verified(folder: Path, connection: sqlite3.Connection, *, write: bool) -> Chain:
    (events,) = connection.execute("SELECT count(*) FROM events").fetchone()
    # A new secret would make every seal false: it is drawn for a new ledger only.
    key = secret(folder, create=write and not events)
    if events and not key:
        raise file.unlike("la clé du dossier a disparu, sans laquelle il ne peut pas être vérifié")
    chain = Chain(connection, key)
    with file.snapshot(connection):
        chain.catch_up()
        chain.check_releases()
        chain.check_anchor(folder)
    return chain
