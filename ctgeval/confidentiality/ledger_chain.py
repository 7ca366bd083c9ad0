"""The chain of the ledger: what happened, in order, each event sealed with the one before it."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

from ctgeval.confidentiality import ledger_file as file
from ctgeval.confidentiality.ledger_rows import same

__all__ = ["Chain", "PublishedPage", "RegisteredRelease", "State", "Withdrawal"]

State = Literal["prepared", "published", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRelease:
    """A release that the ledger knows.

    Parameters
    ----------
    release : str
        Its identifier.
    sha256 : str
        Of its content.
    audience : str
        Folder of its readers.
    day : str
        ISO day on which it was prepared.
    state : {"prepared", "published", "withdrawn"}
        Prepared and no page known of it; some page published; or all its pages withdrawn. Known to readers in any case.
    reason : str
        Why its last page was withdrawn.
    forms : int
        How many it says.
    seal : str
        Of its preparation.
    """

    release: str
    sha256: str
    audience: str
    day: str
    state: State
    reason: str
    forms: int
    seal: str


class Withdrawal(NamedTuple):
    """A version of a page that was withdrawn: the day, the reason, the sha256 of what was read until then."""

    day: str
    reason: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """A page, by its place under the reports: its last sha256, its day, its state, why it was withdrawn if it was.

    ``withdrawals`` tells of all of them, in their order.
    """

    page: str
    sha256: str
    day: str
    state: State
    reason: str
    release: RegisteredRelease | None
    withdrawals: tuple[Withdrawal, ...] = ()


class _Turn(NamedTuple):
    """What became of a page last."""

    kind: State
    release: int | None
    sha256: str
    day: str
    reason: str


class Chain:
    """The events of a ledger, verified as they are read.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the ledger.
    key : bytes
        The dossier's secret.

    Attributes
    ----------
    rank, seal : int, str
        Of the last event read.
    seals : set of str
        All those of the chain.
    """

    def __init__(self, connection: sqlite3.Connection, key: bytes) -> None:
        self._connection = connection
        self._key = key
        self.rank, self.seal = 0, ""
        self.seals: set[str] = set()
        self._releases: dict[int, RegisteredRelease] = {}
        self._pages: dict[str, _Turn] = {}
        self._withdrawals: dict[str, list[Withdrawal]] = {}
        # Of each release: how many of its pages stand, and why the last one was withdrawn.
        self._standing: Counter[int | None] = Counter()
        self._reasons: dict[int | None, str] = {}

    def releases(self) -> dict[int, RegisteredRelease]:
        """Return every release by its rank, as it stands now."""
        return {rank: self._now(rank) for rank in self._releases}

    def pages(self) -> dict[str, PublishedPage]:
        """Return every page by its place under the reports, as it stands now."""
        return {name: self._page(name) for name in sorted(self._pages)}

    def page(self, name: str) -> PublishedPage | None:
        """Return one page; nothing when it was never told of."""
        return self._page(name) if name in self._pages else None

    def _page(self, name: str) -> PublishedPage:
        turn = self._pages[name]
        return PublishedPage(
            page=name,
            sha256=turn.sha256,
            day=turn.day,
            state=turn.kind,
            reason=turn.reason,
            release=None if turn.release is None else self._now(turn.release),
            withdrawals=tuple(self._withdrawals.get(name, ())),
        )

    def _now(self, rank: int) -> RegisteredRelease:
        told = self._releases[rank]
        if self._standing[rank]:
            return replace(told, state="published")
        if rank in self._reasons:
            return replace(told, state="withdrawn", reason=self._reasons[rank])
        # Its pages were all replaced by those of a later release; what they said remains known.
        return replace(told, state="published") if rank in self._standing else told

    def rank_of(self, release: RegisteredRelease | None) -> int | None:
        """Return the rank of a release; nothing for no release, or one of another ledger."""
        return next((rank for rank, one in self._releases.items() if release and one.seal == release.seal), None)

    def add(
        self, kind: State, release: int | None, *, day: str, page: str = "", sha256: str = "", reason: str = ""
    ) -> None:
        """Write an event after the last one, in the caller's transaction; `catch_up` takes it in once committed."""
        told = (self.rank + 1, kind, release, page, sha256, day, reason)
        self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*told, self._sealed(told)))

    def _sealed(self, told: tuple[object, ...]) -> str:
        release = self._connection.execute("SELECT * FROM releases WHERE rank = ?", (told[2],)).fetchone()
        content = ascii((self.seal, told, release))
        return hmac.new(self._key, content.encode("ascii"), hashlib.sha256).hexdigest()

    def catch_up(self) -> None:
        """Verify and take in the events that were not read yet.

        Raises
        ------
        ConfidentialityError
            When one is not as it was written.
        """
        events = self._connection.execute("SELECT * FROM events WHERE rank > ? ORDER BY rank", (self.rank,)).fetchall()
        for *told, seal in events:
            rank, kind, release, page, sha256, day, reason = told
            if rank != self.rank + 1 or self._sealed(tuple(told)) != seal:
                raise file.unlike(f"sa ligne n°\u00a0{self.rank + 1} a été modifiée, retirée ou ajoutée")
            self.rank, self.seal = rank, seal
            self.seals.add(seal)
            if kind == "prepared":
                row = self._connection.execute("SELECT * FROM releases WHERE rank = ?", (release,)).fetchone()
                _, name, content, audience, prepared, forms, _ = row
                self._releases[release] = RegisteredRelease(
                    release=name, sha256=content, audience=audience, day=prepared, state="prepared", reason="",
                    forms=forms, seal=seal,
                )  # fmt: skip
            else:
                self._turn(page, _Turn(kind, release, sha256, day, reason))

    def _turn(self, page: str, turn: _Turn) -> None:
        """Take in what became of a page, and of the release it comes from."""
        before = self._pages.get(page)
        if before is not None and before.kind == "published":
            self._standing[before.release] -= 1
        self._pages[page] = turn
        if turn.kind == "published":
            self._standing[turn.release] += 1
        else:
            self._reasons[turn.release] = turn.reason
            self._withdrawals.setdefault(page, []).append(Withdrawal(turn.day, turn.reason, turn.sha256))

    def check_releases(self) -> None:
        """Verify that the releases and their parts are those that the chain tells of.

        Raises
        ------
        ConfidentialityError
            When they are not.
        """
        told = self._connection.execute("SELECT rank, forms, digest FROM releases ORDER BY rank").fetchall()
        if [rank for rank, _, _ in told] != list(self._releases):
            raise file.unlike("une version publiée y a été ajoutée ou en a été retirée")
        parts: dict[int, list[tuple[str, int, str]]] = {}
        for rank, *part in self._connection.execute("SELECT release, indicator, forms, digest FROM parts"):
            parts.setdefault(rank, []).append((part[0], part[1], part[2]))
        for rank, forms, digest in told:
            mine = parts.pop(rank, [])
            if same(mine) != digest or sum(part[1] for part in mine) != forms:
                raise file.unlike("le sommaire d’une version publiée a changé")
        if parts:
            raise file.unlike("des chiffres qui ne viennent d’aucune version y ont été ajoutés")

    def check_anchor(self, folder: Path) -> None:
        """Verify that the file goes as far as was noted; killed between the two, it goes one event further.

        Raises
        ------
        ConfidentialityError
            When it stops before, or follows another way.
        """
        noted = file.anchor(folder)
        if noted is None:
            if self.rank > 1:
                raise file.unlike("la note qui dit jusqu’où il va a disparu")
            return
        rank, seal = noted
        if rank > self.rank:
            raise file.unlike(
                f"il s’arrête à la ligne {self.rank}, et en a compté {rank} : une copie ancienne l’a remplacé"
            )
        (found,) = self._connection.execute("SELECT seal FROM events WHERE rank = ?", (rank,)).fetchone() or ("",)
        if found != seal:
            raise file.unlike("il ne suit pas la note qui l’accompagne : un autre registre l’a remplacé")
