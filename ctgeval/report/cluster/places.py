"""A folder behind an address, ``s3://bucket/bilans`` or whatever fsspec knows; each file is written whole."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ctgeval.errors import ParameterError, ReportError

__all__ = ["Place", "is_url", "local", "opened"]

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_LOCAL = ("file", "local")
_TEMPORARY = re.compile(r"\.[^/]+\.[0-9a-f]{12}\.tmp")


def is_url(text: str) -> bool:
    """Whether a text is an address, and not the path of a folder."""
    return _URL.match(text) is not None


def local(text: str) -> str:
    """Return the path that an address of this machine (``file://...``) names; any other text as it is."""
    found = _URL.match(text)
    if found is None or found[1].lower() not in _LOCAL:
        return text
    from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]

    return str(LocalFileSystem._strip_protocol(f"file{text[found.end(1) :]}"))  # noqa: SLF001 how fsspec itself reads it


class Place:
    """A folder that is reached by fsspec.

    Parameters
    ----------
    system : AbstractFileSystem
        Of fsspec.
    root : str
        The folder, as the file system names it.
    url : str
        Its address.
    """

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system = system
        self._root = root.rstrip("/")
        self._url = url.rstrip("/")

    @property
    def shown(self) -> str:
        """The address."""
        return self._url

    def url_of(self, name: str) -> str:
        """Return the address of a file of the folder."""
        return f"{self._url}/{name}"

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def files(self) -> dict[str, int]:
        """Return the sizes of all the files, by name relative to the folder; what a killed program left is removed.

        Raises
        ------
        OSError
            When the folder can't be listed.
        """
        with _told():
            self._system.invalidate_cache()
            try:
                found = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
            # What fsspec finds has the form of what it was given, the first slash excepted.
            start = len(self._root.lstrip("/")) + 1
            sizes = {path.lstrip("/")[start:]: int(one["size"] or 0) for path, one in found.items()}
            for name in [name for name in sizes if _TEMPORARY.fullmatch(name.rpartition("/")[2])]:
                del sizes[name]
                self._system.rm_file(self._path(name))
        return sizes

    def write(self, name: str, data: bytes) -> None:
        """Write a file so that a reader sees the former content or the new one, never a part.

        Raises
        ------
        OSError
            When it can't be: the file is the former one.
        """
        folder, _, base = name.rpartition("/")
        path, temporary = self._path(name), self._path(f"{folder}/.{base}.{secrets.token_hex(6)}.tmp".lstrip("/"))
        with _told():
            self._system.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
            try:
                with self._system.open(temporary, "wb") as stream:
                    stream.write(data)
                self._check_size(temporary, len(data))
                self._system.mv(temporary, path)
            except BaseException:
                with contextlib.suppress(Exception):
                    self._system.rm_file(temporary)
                raise

    def _check_size(self, path: str, expected: int) -> None:
        if int(self._system.info(path)["size"]) != expected:
            raise OSError("le fichier déposé n’a pas la taille du fichier envoyé")

    def read(self, name: str) -> bytes:
        """Return the content of a file.

        Raises
        ------
        FileNotFoundError
            When there is none of that name.
        OSError
            When it can't be read.
        """
        with _told():
            return bytes(self._system.cat_file(self._path(name)))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises
        ------
        OSError
            When it can't be.
        """
        with _told(), contextlib.suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))

    def remove_folder(self, name: str) -> None:
        """Remove a folder and all that it holds, if it is there.

        Raises
        ------
        OSError
            When it can't be.
        """
        with _told(), contextlib.suppress(FileNotFoundError):
            self._system.rm(self._path(name), recursive=True)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Raise as `OSError` what goes wrong: each kind of place has errors of its own."""
    try:
        yield
    except (OSError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__} : {error}") from error


def opened(url: str) -> Place:
    """Return the folder behind an address.

    Parameters
    ----------
    url : str
        ``s3://bucket/bilans``, ``sftp://host/folder``...; who may read and write there is told by the configuration of
        the machine, never by the address, which is shown and travels.

    Raises
    ------
    ParameterError
        When the address is not one, or holds a password.
    ReportError
        When fsspec, or what it needs for this kind of address, is not installed.
    """
    parts = urlsplit(url)
    if not is_url(url) or parts.password or parts.query or parts.fragment or "::" in url:
        raise ParameterError(
            "Cette adresse ne peut pas servir de dossier.",
            value=url.replace(parts.netloc, parts.hostname or "") if parts.password else url,
            remedy="Donnez une adresse simple, comme s3://seau/dossier, sans mot de passe ni paramètre : les droits "
            "d’accès se règlent dans la configuration de la machine.",
        )
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        system, root = url_to_fs(url)
    except ImportError as error:
        raise ReportError(
            f"Une bibliothèque manque pour atteindre cette adresse : {error}.",
            value=url,
            remedy="pip install 'ctgeval[cluster]', puis ce que demande ce genre d’adresse (s3fs pour s3://, gcsfs "
            "pour gs://, adlfs pour abfs://, paramiko pour sftp://).",
        ) from error
    except (ValueError, TypeError, OSError) as error:
        raise ParameterError(f"Cette adresse n’est pas comprise : {error}.", value=url) from error
    return Place(system, root, url)
