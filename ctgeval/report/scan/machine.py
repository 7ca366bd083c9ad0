"""What tells of the computer where a bilan was made: its folders, its user, its name."""

from __future__ import annotations

import getpass
import platform
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Machine", "here", "traces"]

_PATHS = re.compile(
    r"(?<![\w:/.])/(?:home|Users|root|tmp|var/folders|mnt|media|private)/[\w.~-]+[^\s\"'<>]*"
    r"|\b[A-Za-z]:(?:\\{1,2}|/)(?:Users|Utilisateurs|Documents and Settings|ProgramData|Windows|Temp)\b[^\"'<>\n]{0,80}"
    r"|file:/{1,3}[^\s\"'<>]+"
    r"|(?<![\w\\])\\\\[\w.-]+\\[\w$.-]+[^\s\"'<>]*"
)
_EVERYBODY = (
    "root admin administrateur administrator user users utilisateur public guest invite runner ubuntu debian docker "
    "jovyan localhost nobody service system systeme mairie commune accueil bureau compta portable"
)
_COMMON = frozenset(_EVERYBODY.split())
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Machine:
    """What must not be read in a published file.

    Parameters
    ----------
    folders : tuple of str
        Paths: dossier, reports, home, temporary files, package.
    names : tuple of str
        User and computer, when their names are not those of everybody.
    """

    folders: tuple[str, ...]
    names: tuple[str, ...]


def here(*folders: Path) -> Machine:
    """Describe this computer.

    Parameters
    ----------
    folders : Path
        Folders of the dossier and of the reports.
    """
    paths = {str(folder.absolute()) for folder in folders} | {str(folder.resolve()) for folder in folders}
    paths |= {tempfile.gettempdir(), str(Path(__file__).parents[2])}
    try:
        paths.add(str(Path.home()))
        user = getpass.getuser()
    except (KeyError, OSError, RuntimeError):
        # A process without an account, in a container: it has no name to give away.
        user = ""
    names = {user, platform.node(), platform.node().partition(".")[0]}
    kept = {name for name in names if len(name) >= _SHORTEST and name.casefold() not in _COMMON}
    deep = {path for path in paths if len(Path(path).parts) > 2}
    return Machine(tuple(sorted(deep, key=lambda path: (-len(path), path))), tuple(sorted(kept)))


def traces(text: str, machine: Machine, *, properties: bool) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of what tells of a computer.

    Parameters
    ----------
    text : str
        What is found in a file.
    machine : Machine
        This one, see `here`.
    properties : bool
        Whether the text is metadata, where a user's name stands alone; in prose « Martin » may be a place.
    """
    seen: set[str] = set()
    for folder in machine.folders:
        for form in (folder, folder.replace("\\", "/"), folder.replace("\\", "\\\\")):
            if form in text and not any(form in longer for longer in seen):
                seen.add(form)
                yield "chemin", form
    if "/" in text or "\\" in text:
        yield from (("chemin", found[0]) for found in _PATHS.finditer(text) if not _within(found[0], seen))
    for name in machine.names:
        bare = re.escape(name)
        alone = bool(re.search(r"[\d_-]", name))
        pattern = rf"(?<!\w){bare}(?!\w)" if alone or properties else rf"(?:[/\\@]{bare}(?!\w)|(?<!\w){bare}@)"
        if re.search(pattern, text, re.IGNORECASE):
            yield "machine", name


def _within(path: str, seen: set[str]) -> bool:
    return any(form in path for form in seen)
