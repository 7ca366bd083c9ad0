"""Download a file that a source declares: the only module that reaches the network, and only when it is asked to.

A file is kept whole or not at all. A download that is cut goes on where it stopped when the server still has the same
version (a strong ``ETag``, or ``Last-Modified``), and begins again otherwise. The proxy of the environment
(``HTTPS_PROXY``, ``NO_PROXY``) is used; no password, cookie or token is ever sent.

References
----------
RFC 9110, sections 8.8 (validators), 13.1.5 (If-Range), 14 (range requests), 15.4 (redirections).
"""

from __future__ import annotations

import datetime as dt
import http.client
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib import error as url_error, parse, request

from ctgeval.errors import SourceError
from ctgeval.sources.addresses import SCHEMES, checked, refusal, shown
from ctgeval.sources.archive import CHUNK, MAX_BYTES
from ctgeval.sources.arrived import check, decode, name_of, too_big
from ctgeval.sources.cache import Sheet, is_whole, read_sheet, write_sheet

__all__ = ["Limits", "download"]

_REDIRECTIONS = 5
_AGENT = "ctgeval (evaluation de conventions territoriales globales)"
_WAITABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a download may go.

    Parameters
    ----------
    size : int
        Bytes, counted while they arrive; those of the decoded file too when the server compresses it.
    timeout : float
        Seconds without a byte.
    total : float
        Seconds for the whole download.
    attempts : int
        How many times a server may fail, or cut.
    """

    size: int = MAX_BYTES
    timeout: float = 30.0
    total: float = 1_800.0
    attempts: int = 5


class _Failed(Exception):
    """An attempt that may succeed later; told when there is no later."""

    def __init__(self, message: str, *, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(slots=True)
class _Received:
    """What has arrived so far, in a hidden file beside the cache."""

    stream: IO[bytes]
    size: int = 0
    validator: str = ""
    headers: Message | None = None
    address: str = ""

    def restart(self) -> None:
        self.stream.seek(0)
        self.stream.truncate()
        self.size, self.validator, self.headers = 0, "", None


def download(
    url: str,
    folder: Path,
    *,
    key: str,
    sha256: str = "",
    limits: Limits | None = None,
    now: Callable[[], dt.datetime] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Sheet, bool]:
    """Download a file into the folder of its source, unless the server says that it has not changed.

    Parameters
    ----------
    url : str
        Address, ``http`` or ``https``.
    folder : Path
        Folder of the source in the cache (see `ctgeval.sources.cache.folder_of`).
    key : str
        Key of the source, for the sheet and the messages.
    sha256 : str
        Fingerprint that the file must have; empty to accept any.
    limits : Limits, optional
        Size, time and attempts.
    now : callable, optional
        Gives the day and hour to write in the sheet (UTC).
    clock, sleep : callable
        Seconds that pass, and how to wait between two attempts.

    Returns
    -------
    Sheet
        Of the file, old or new.
    bool
        Whether a new version was written.

    Raises
    ------
    SourceError
        When the address is refused, the server keeps failing, or the file is too big, cut, a web page, or not the one
        that the fingerprint tells. What was in the cache before is still there.
    """
    bounds = limits or Limits()
    stamp = (now or _utc)().astimezone(dt.UTC).isoformat(timespec="seconds")
    target = checked(url, key)
    declared = shown(url, query=True)
    folder.mkdir(parents=True, exist_ok=True)
    before = read_sheet(folder)
    known = before if before is not None and before.url == declared and is_whole(folder, before) else None
    if known is not None and sha256 and known.sha256 != sha256.strip().lower():
        known = None
    with _hidden(folder) as part, part.open("w+b") as stream:
        received = _Received(stream)
        if not _receive(target, received, key=key, known=known, limits=bounds, clock=clock, sleep=sleep):
            assert known is not None
            sheet = replace(known, verifie_le=stamp)
            write_sheet(folder, sheet)
            return sheet, False
        size, digest = decode(stream, received.headers, received.address, key=key, limit=bounds.size)
        check(size, digest, key=key, url=target, sha256=sha256)
        headers = received.headers or Message()
        sheet = Sheet(
            cle=key,
            url=declared,
            adresse=shown(received.address, query=True),
            fichier=name_of(headers, received.address),
            octets=size,
            sha256=digest,
            etag=headers.get("ETag", ""),
            modifie_le=headers.get("Last-Modified", ""),
            telecharge_le=stamp,
            verifie_le=stamp,
        )
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        part.replace(folder / sheet.fichier)
    write_sheet(folder, sheet)
    if before is not None and before.fichier != sheet.fichier:
        (folder / before.fichier).unlink(missing_ok=True)
    return sheet, before is None or before.sha256 != sheet.sha256


def _utc() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


@contextmanager
def _hidden(folder: Path) -> Iterator[Path]:
    """Give the path of a file under way, which never outlives the download."""
    part = folder / f".telechargement.{os.getpid()}"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _receive(
    url: str,
    received: _Received,
    *,
    key: str,
    known: Sheet | None,
    limits: Limits,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> bool:
    """Receive the whole file, whatever is cut; return False when it has not changed."""
    opener = _opener(key)
    deadline = clock() + limits.total
    told = ""
    for attempt in range(limits.attempts):
        try:
            return _attempt(opener, url, received, key=key, known=known, limits=limits, deadline=deadline, clock=clock)
        except _Failed as failure:
            told = str(failure)
            wait = min(max(failure.wait, 2.0**attempt), _LONGEST_WAIT)
        if attempt + 1 < limits.attempts:
            if clock() + wait >= deadline:
                break
            sleep(wait)
    raise refusal(
        key,
        told,
        remedy="Réessayez plus tard, vérifiez votre connexion (et HTTPS_PROXY derrière un mandataire), ou téléchargez "
        "le fichier vous-même.",
        url=url,
    )


def _attempt(
    opener: request.OpenerDirector,
    url: str,
    received: _Received,
    *,
    key: str,
    known: Sheet | None,
    limits: Limits,
    deadline: float,
    clock: Callable[[], float],
) -> bool:
    asked = request.Request(url, headers={"User-Agent": _AGENT, "Accept-Encoding": "identity"})  # noqa: S310 - http(s)
    if received.size and received.validator:
        asked.add_header("Range", f"bytes={received.size}-")
        asked.add_header("If-Range", received.validator)
    else:
        received.restart()
        if known is not None and known.etag:
            asked.add_header("If-None-Match", known.etag)
        elif known is not None and known.modifie_le:
            asked.add_header("If-Modified-Since", known.modifie_le)
    try:
        with opener.open(asked, timeout=limits.timeout) as response:
            _begin(response, received, key=key, url=url, limit=limits.size)
            _read(response, received, key=key, url=url, limits=limits, deadline=deadline, clock=clock)
    except url_error.HTTPError as error:
        with error:
            if error.code == http.client.NOT_MODIFIED and known is not None:
                return False
            raise _http_failure(error, received, key=key, url=url) from error
    except (OSError, http.client.HTTPException) as error:
        raise _network_failure(error, key=key, url=url) from error
    return True


def _begin(response: Any, received: _Received, *, key: str, url: str, limit: int) -> None:
    """Look at the headers of an answer: the rest of what was received, or a whole file."""
    headers: Message = response.headers
    if response.status == http.client.PARTIAL_CONTENT:
        start = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
        if start is None or int(start[1]) != received.size:
            received.restart()
            raise _Failed("Le serveur n’a pas repris le téléchargement là où il s’était arrêté.")
        return
    received.restart()
    if headers.get_content_type() in {"text/html", "application/xhtml+xml"}:
        raise refusal(
            key,
            "Le serveur répond par une page web, pas par un fichier de données.",
            remedy="Ouvrez l’adresse dans un navigateur, et copiez celle du bouton de téléchargement.",
            url=url,
        )
    received.headers, received.address = headers, response.url
    received.validator = _validator(headers)
    length = headers.get("Content-Length", "")
    if length.isdigit() and int(length) > limit:
        raise too_big(key, url, limit)


def _validator(headers: Message) -> str:
    """Return what proves that the rest is of the same version; a weak tag or a missing date proves nothing."""
    tag = headers.get("ETag", "").strip()
    if tag.startswith('"'):
        return str(tag)
    return "" if tag else str(headers.get("Last-Modified", "")).strip()


def _read(
    response: Any,
    received: _Received,
    *,
    key: str,
    url: str,
    limits: Limits,
    deadline: float,
    clock: Callable[[], float],
) -> None:
    length = response.headers.get("Content-Length", "")
    expected = received.size + int(length) if length.isdigit() else None
    while block := response.read1(CHUNK):
        received.stream.write(block)
        received.size += len(block)
        if received.size > limits.size:
            raise too_big(key, url, limits.size)
        if clock() > deadline:
            raise refusal(
                key,
                f"Le téléchargement dure depuis plus de {limits.total / 60:.0f} minutes.",
                remedy="Réessayez à un autre moment, ou téléchargez le fichier vous-même.",
                url=url,
            )
    if expected is not None and received.size < expected:
        raise _Failed(f"Le téléchargement est coupé : {received.size} octets reçus sur {expected}.")


def _http_failure(error: url_error.HTTPError, received: _Received, *, key: str, url: str) -> _Failed | SourceError:
    code = error.code
    if code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        received.restart()
        return _Failed("Le fichier a changé pendant le téléchargement.")
    if code in _WAITABLE:
        after = str((error.headers or Message()).get("Retry-After", ""))
        wait = float(after) if after.isdigit() else 0.0
        return _Failed(f"Le serveur est en panne ou surchargé (erreur {code}).", wait=wait)
    if code in {401, 403}:
        message, remedy = "Le serveur refuse de donner ce fichier sans autorisation", "Demandez l’accès au producteur"
    elif code in {404, 410}:
        message, remedy = "Il n’y a pas ou plus de fichier à cette adresse", "Cherchez sa nouvelle adresse"
    elif code == http.client.PROXY_AUTHENTICATION_REQUIRED:
        message, remedy = (
            "Le mandataire (proxy) demande une identification",
            "Adressez-vous à votre service informatique",
        )
    elif 300 <= code < 400 and code != http.client.NOT_MODIFIED:
        message, remedy = "Le serveur renvoie d’une adresse à l’autre sans fin", "Cherchez l’adresse directe du fichier"
    else:
        message, remedy = "Le serveur refuse la demande", "Vérifiez l’adresse"
    return refusal(
        key,
        f"{message} (erreur {code}).",
        remedy=f"{remedy}, ou téléchargez le fichier vous-même et écrivez « fichier » sous la source.",
        url=url,
    )


def _network_failure(error: Exception, *, key: str, url: str) -> _Failed | SourceError:
    cause = error.reason if isinstance(error, url_error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return refusal(
            key,
            "Le certificat du serveur n’est pas reconnu : ce n’est peut-être pas lui qui répond.",
            remedy="Derrière un mandataire d’entreprise, indiquez son certificat par la variable SSL_CERT_FILE.",
            url=url,
        )
    if isinstance(cause, TimeoutError):
        return _Failed("Le serveur ne répond pas assez vite.")
    what = getattr(cause, "strerror", None) or type(cause).__name__
    return _Failed(f"La connexion au serveur est impossible ou interrompue ({what}).")


class _Redirections(request.HTTPRedirectHandler):
    """Follow a few redirections, on the web only, and never from https to http."""

    max_redirections = _REDIRECTIONS
    max_repeats = 2

    def __init__(self, key: str) -> None:
        self.key = key

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        told = headers.get("Location") or headers.get("URI") or ""
        if told:
            try:
                safe = self._followed(req, told)
            except SourceError:
                fp.close()
                raise
            del headers["Location"]
            headers["Location"] = safe
        return super().http_error_302(req, fp, code, msg, headers)

    def _followed(self, req: Any, told: str) -> str:
        try:
            target = parse.urljoin(req.full_url, told)
            scheme = parse.urlsplit(target).scheme.lower()
        except ValueError:
            target, scheme = told, ""
        if scheme not in SCHEMES or (req.type == "https" and scheme != "https"):
            raise refusal(
                self.key,
                f"Le serveur renvoie vers une adresse qui n’est pas suivie ({scheme or 'inconnue'}).",
                remedy="Cherchez chez le producteur l’adresse directe du fichier.",
                url=req.full_url,
            )
        return checked(target, self.key)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener(key: str) -> request.OpenerDirector:
    """Return what opens an address: the web and its proxies, no file, no FTP, no password."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(context=ssl.create_default_context()),
        _Redirections(key),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
