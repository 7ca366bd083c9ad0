"""The file of the ledger: its schema, how it is opened, and what is told when it can't be.

One SQLite file with a rollback journal, never a write-ahead log: dossiers live on network shares, where the shared
memory of a log does not work (https://www.sqlite.org/wal.html). ``synchronous = EXTRA`` is ``FULL`` and syncs the
folder too: a commit told is a commit kept after a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ctgeval.config import PRIVATE, drafts
from ctgeval.errors import ConfidentialityError, ReportError

__all__ = ["FILE", "VERSION", "anchor", "connect", "drop_anchor", "snapshot", "told", "transaction", "unlike"]

FILE = f"{PRIVATE}/registre.sqlite"
VERSION = 1
_ANCHOR = f"{PRIVATE}/registre.sceau"
_APPLICATION = 0x43544752  # "CTGR": a file of SQLite that bears another number is somebody else's
_PATIENCE = 10.0

# Nothing is ever changed nor removed: the triggers guard against a mistake of ours, the seals against everything else.
_SCHEMA = (
    """CREATE TABLE grounds (
        id TEXT PRIMARY KEY, communes TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE releases (
        rank INTEGER PRIMARY KEY, id TEXT NOT NULL, sha256 TEXT NOT NULL,
        audience TEXT NOT NULL CHECK (audience NOT IN ('', 'interne')),
        day TEXT NOT NULL, forms INTEGER NOT NULL, digest TEXT NOT NULL, UNIQUE (id, audience, digest)
    )""",
    """CREATE TABLE parts (
        release INTEGER NOT NULL REFERENCES releases, indicator TEXT NOT NULL,
        forms INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (release, indicator)
    ) WITHOUT ROWID""",
    """CREATE TABLE forms (
        indicator TEXT NOT NULL, release INTEGER NOT NULL REFERENCES releases, position INTEGER NOT NULL,
        geo TEXT NOT NULL, time_period TEXT NOT NULL, terms TEXT NOT NULL, low REAL NOT NULL, high REAL NOT NULL,
        masked INTEGER NOT NULL CHECK (masked = 0 OR (masked = 1 AND high = 9e999 AND low IN (-9e999, 0, 1))),
        PRIMARY KEY (indicator, release, position)
    ) WITHOUT ROWID""",
    """CREATE TABLE events (
        rank INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('prepared', 'published', 'withdrawn')),
        release INTEGER REFERENCES releases, page TEXT NOT NULL, sha256 TEXT NOT NULL, day TEXT NOT NULL,
        reason TEXT NOT NULL, seal TEXT NOT NULL
    )""",
    *(
        f"CREATE TRIGGER {table}_{verb.lower()} BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END"
        for table in ("grounds", "releases", "parts", "forms", "events")
        for verb in ("UPDATE", "DELETE")
    ),
)
REMEDY = (
    "Remettez le dossier « .ctgeval » de votre dernière sauvegarde. Si vous n’en avez pas, retirez d’abord de la "
    "diffusion tous les bilans déjà publiés (déplacez-les hors du dossier de sortie), puis renommez « .ctgeval » : le "
    "registre repartira de rien, et ne saura plus ce que les lecteurs ont déjà lu."
)


def unlike(what: str) -> ConfidentialityError:
    """Return the error that refuses a ledger which is not as ctgeval left it."""
    return ConfidentialityError(
        f"Le registre de ce qui a été publié n’est plus tel que ctgeval l’a écrit : {what}. Rien n’est publié.",
        file=FILE,
        remedy=REMEDY,
    )


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what SQLite or the file system refuses into a French error.

    Raises
    ------
    ReportError
        When the file can't be reached, is read-only, is busy, or the disk is full.
    ConfidentialityError
        When it is not a ledger, or is damaged.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _as_told(error) from error
    except OSError as error:
        raise ReportError(
            f"Le registre de ce qui a été publié ne peut pas être lu ou écrit : {drafts.refusal(error)}.",
            file=FILE,
            remedy="Rendez le dossier accessible en écriture, puis relancez la commande.",
        ) from error


def _as_told(error: sqlite3.Error) -> ReportError | ConfidentialityError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ReportError(
            f"Le registre de ce qui a été publié est occupé par un autre programme depuis {_PATIENCE:.0f} secondes.",
            file=FILE,
            remedy="Attendez la fin de l’autre production, ou fermez le logiciel qui l’a ouvert, puis relancez.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return ReportError(
            "Le registre de ce qui a été publié ne peut pas être écrit : rien n’est publié sans y être inscrit.",
            file=FILE,
            remedy="Rendez le dossier et son sous-dossier « .ctgeval » accessibles en écriture, puis relancez.",
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM")):
        return ReportError(
            f"Le registre de ce qui a été publié n’a pas pu être écrit ou lu (disque plein ou en défaut : {error}).",
            file=FILE,
            remedy="Libérez de la place ou vérifiez le partage réseau, puis relancez : rien n’a été écrit à moitié.",
        )
    return unlike("ce fichier est abîmé, ou n’est pas un registre de ctgeval")


def connect(folder: Path, *, write: bool) -> sqlite3.Connection:
    """Open the ledger of a dossier; without any, one that is made (to write) or an empty one in memory (to read).

    Raises
    ------
    ReportError
        When it can't be reached, or written.
    ConfidentialityError
        When it is damaged, foreign, of another schema, or gone while its seal remains.
    """
    path = folder / FILE
    with told():
        there = path.is_file() and path.stat().st_size > 0
        if not there and (anchor(folder) or (path.exists() and not path.is_file())):
            raise unlike("le fichier du registre a disparu")
        if not there and not write:
            connection = _opened(":memory:")
            _make(connection)
            return connection
        path.parent.mkdir(exist_ok=True)
        connection = _opened(str(path))
        try:
            if write and not there:
                _make(connection)
            _check(connection)
            connection.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
        except BaseException:
            connection.close()
            raise
        return connection


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def _make(connection: sqlite3.Connection) -> None:
    """Write the schema, in one transaction: a program killed meanwhile leaves an empty file, which is made again."""
    connection.execute("PRAGMA journal_mode = DELETE")
    with transaction(connection):
        # Another program may have made it while this one waited for its turn.
        if _number(connection, "user_version"):
            return
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _check(connection: sqlite3.Connection) -> None:
    version = _number(connection, "user_version")
    if _number(connection, "application_id") != _APPLICATION:
        raise unlike("ce fichier n’est pas un registre de ctgeval")
    if version > VERSION:
        raise ConfidentialityError(
            "Le registre de ce qui a été publié a été écrit par une version plus récente de ctgeval.",
            file=FILE,
            value=f"schéma {version}, cette version lit le schéma {VERSION}",
            remedy="Mettez ctgeval à jour sur cet ordinateur, puis relancez la commande.",
        )
    if version != VERSION or _drawn(connection) != _expected():
        raise unlike("ses tables ne sont pas celles qu’il doit avoir")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "delete":
        raise unlike(f"son journal est « {mode} » au lieu de « delete »")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def _drawn(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return frozenset((str(kind), str(name), " ".join(str(sql).split())) for kind, name, sql in rows)


@cache
def _expected() -> frozenset[tuple[str, str, str]]:
    with contextlib.closing(_opened(":memory:")) as model:
        for statement in _SCHEMA:
            model.execute(statement)
        return _drawn(model)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do several things whole or not at all, while nobody else writes."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read several things as they were at one moment: another process may be writing."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def anchor(folder: Path) -> tuple[int, str] | None:
    """Return the rank and the seal of the last event that was noted beside the ledger; nothing when none was.

    Raises
    ------
    ConfidentialityError
        When the note is there and says nothing.
    """
    with told():
        try:
            rank, seal = (folder / _ANCHOR).read_text(encoding="ascii").split()
            return int(rank), seal
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise unlike(f"la note « {_ANCHOR} » qui l’accompagne est illisible") from error


def drop_anchor(folder: Path, rank: int, seal: str) -> None:
    """Note beside the ledger how far it goes: a copy put back from before would not know this seal."""
    path = folder / _ANCHOR
    made = drafts.beside(path)
    with told():
        try:
            with made.open("x", encoding="ascii") as stream:
                stream.write(f"{rank} {seal}\n")
                stream.flush()
                os.fsync(stream.fileno())
            made.replace(path)
        finally:
            made.unlink(missing_ok=True)
