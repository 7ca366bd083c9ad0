"""Addresses of files on the web: those that may be asked for, and how they and their refusals are told."""

from __future__ import annotations

import re
from urllib import parse

from ctgeval.errors import SourceError

__all__ = ["SCHEMES", "checked", "refusal", "shown"]

SCHEMES = ("http", "https")
# urlsplit drops tabs and line breaks in silence: an address that holds one was not written by a person.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f]")


def checked(url: str, key: str) -> str:
    """Return an address that can be asked for: a scheme of the web, a host, no password, only ASCII.

    Raises
    ------
    SourceError
        When it is anything else.
    """
    remedy = "Écrivez l’adresse complète du fichier, par exemple https://www.data.gouv.fr/…/fichier.csv."
    try:
        parts = parse.urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise refusal(key, "L’adresse ne se lit pas.", remedy=remedy, url="") from error
    if parts.scheme.lower() not in SCHEMES or not host or " " in parts.netloc or _HIDDEN.search(url.strip()):
        raise refusal(key, "L’adresse n’est pas celle d’un fichier du web (http ou https).", remedy=remedy, url=url)
    if "@" in parts.netloc:
        raise refusal(
            key,
            "L’adresse contient un identifiant ou un mot de passe : rien de tel n’est envoyé.",
            remedy="Retirez-le de ctg.toml ; téléchargez vous-même le fichier, et écrivez « fichier » sous la source.",
            url=url,
        )
    try:
        name = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise refusal(key, "Le nom du serveur ne se lit pas.", remedy=remedy, url=url) from error
    place = f"[{name}]" if ":" in name else name
    path = parse.quote(parts.path or "/", safe="/%:=&~+!$,;'@()*")
    query = parse.quote(parts.query, safe="/%:=&~+!$,;'@()*?[]")
    return parse.urlunsplit((parts.scheme.lower(), f"{place}:{port}" if port else place, path, query, ""))


def refusal(key: str, message: str, *, remedy: str, url: str) -> SourceError:
    """Return the error of a download that can't be made, with the address as it may be shown."""
    return SourceError(
        f"La source « {key} » n’a pas été téléchargée. {message}", remedy=remedy, key="url", value=shown(url)
    )


def shown(url: str, *, query: bool = False) -> str:
    """Return an address as it may be shown: without a password, nor (unless asked for) what follows the path."""
    try:
        parts = parse.urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return parse.urlunsplit((parts.scheme, host, parts.path, parts.query if query else "", ""))
