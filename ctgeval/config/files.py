"""Find the file that a path of ``ctg.toml`` names, inside the dossier and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ctgeval.errors import near

_MANY = 2000


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a path can't be used, and what to do, in French."""

    message: str
    remedy: str


def inside(folder: Path, text: str, *, directory: bool = False) -> PurePosixPath | Refused:
    """Return the path of a file relative to a dossier, as it is written on disk, or why it is refused.

    Backslashes are read as slashes, and accents match whether the system stores them composed or not.

    Parameters
    ----------
    folder : Path
        The dossier.
    text : str
        The path as the evaluator typed it.
    directory : bool
        Whether a directory is wanted rather than a file.
    """
    noun = "sous-dossier" if directory else "fichier"
    if any(ord(character) < 32 for character in text):
        return Refused(
            "Le chemin contient un caractère invisible : entre guillemets doubles, « \\t » ou « \\n » ne sont pas "
            "des barres.",
            "Écrivez des barres obliques : « / » au lieu de « \\ ».",
        )
    clean = text.strip().replace("\\", "/")
    relative = PurePosixPath(clean)
    if relative.is_absolute() or re.match(r"[A-Za-z]:", clean):
        return _outside(noun)
    root = folder.resolve()
    try:
        path = _on_disk(root, relative)
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):
        return Refused(
            f"Le chemin de ce {noun} ne peut pas être suivi.", "Vérifiez le chemin et les droits de lecture."
        )
    if resolved == root or root not in resolved.parents:
        return _outside(noun)
    if resolved.is_dir() if directory else resolved.is_file():
        return PurePosixPath(path.relative_to(root).as_posix()) if path.is_relative_to(root) else _outside(noun)
    if resolved.exists():
        return Refused(f"Ce chemin n’est pas un {noun}.", f"Donnez le chemin d’un {noun}.")
    return Refused(
        f"Le {noun} « {clean} » n’existe pas dans le dossier.", _remedy(root, relative, noun, directory=directory)
    )


def _outside(noun: str) -> Refused:
    return Refused(
        f"Ce {noun} n’est pas dans le dossier : rien n’est lu en dehors.",
        "Copiez-le dans le dossier (par exemple dans sources/) et écrivez son chemin depuis ctg.toml.",
    )


def _on_disk(root: Path, relative: PurePosixPath) -> Path:
    path = root
    for part in relative.parts:
        if part == "..":
            path = path.parent
        elif (path / part).exists() or not path.is_dir():
            path = path / part
        else:
            wanted = unicodedata.normalize("NFC", part)
            same = sorted(item.name for item in path.iterdir() if unicodedata.normalize("NFC", item.name) == wanted)
            path = path / (same[0] if same else part)
    return path


def _remedy(root: Path, relative: PurePosixPath, noun: str, *, directory: bool) -> str:
    present = list(_present(root, directory=directory))
    names = {path.rsplit("/", 1)[-1]: path for path in reversed(present)}
    close = near(relative.as_posix(), present) or [names[name] for name in near(relative.name, names)]
    if close:
        return f"Vouliez-vous dire {' ou '.join(f'« {path} »' for path in close)} ?"
    return f"Ajoutez ce {noun} au dossier, ou corrigez le chemin."


def _present(root: Path, *, directory: bool) -> Iterator[str]:
    found = 0
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") for part in parts) or path.is_dir() is not directory:
            continue
        found += 1
        if found > _MANY:
            return
        yield "/".join(parts)
