"""From the bytes of ``ctg.toml`` to plain values, with the line where each key is written."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval.errors import Problem, near

FILE_NAME = "ctg.toml"
PRIVATE = ".ctgeval"
"""Folder of a dossier for what the tool keeps: releases, keys, partial bilans; never published."""
Key = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY = re.compile(r"^\s*((?:\"[^\"]*\"|'[^']*'|[\w.-])+)\s*=")
_WHERE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_SYNTAX = (
    ("Unescaped '\\'", "dans un chemin, écrivez des barres obliques « / » au lieu de « \\ »."),
    ("Invalid hex value", "dans un chemin, écrivez des barres obliques « / » au lieu de « \\ »."),
    ("Cannot declare", "cette section est déjà écrite plus haut : réunissez les deux."),
    ("Cannot overwrite", "cette clé est déjà écrite plus haut : gardez-en une seule."),
    ("Cannot mutate", "cette section est déjà écrite autrement plus haut : réunissez les deux."),
    ("Expected '=' after a key", "écrivez « clé = valeur », la clé sans espace ni accent."),
    ("Invalid value", "un texte s’écrit entre guillemets droits, une date 2024-06-01, un nombre décimal 1.5."),
    ("Unclosed array", "fermez la liste par « ] » et séparez ses éléments par des virgules."),
    ("Unclosed inline table", "fermez la table par « } », sur la même ligne."),
    ("Unterminated string", "fermez le texte par un guillemet droit."),
    ("Illegal character", "fermez le texte par un guillemet droit, sur la même ligne."),
    (
        "Expected newline or end of document",
        "une ligne ne porte qu’une clé et sa valeur, entre guillemets si c’est un texte.",
    ),
    ("Expected ']'", "un titre de section s’écrit [section], et [[section]] pour un bloc qui se répète."),
)


@dataclass(frozen=True, slots=True)
class Document:
    """What the file says.

    Parameters
    ----------
    values : dict
        The keys and values, lists turned into tuples.
    lines : dict
        For each key path, the line (from 1) where it is written; a list of blocks is counted from 0.
    """

    values: dict[str, Any]
    lines: dict[Key, int]

    def line(self, key: Key) -> int | None:
        """Line of a key path, or of the nearest path above it."""
        for size in range(len(key), 0, -1):
            if key[:size] in self.lines:
                return self.lines[key[:size]]
        return None


def key_text(key: Key) -> str:
    """Write a key path as the evaluator counts: ``bilan[2].audience`` is in the second ``[[bilan]]``."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + (part if re.fullmatch(r"[\w-]+", part) else f'"{part}"')
    return text


def read(folder: Path) -> tuple[Document | None, list[Problem]]:
    """Read ``ctg.toml``, or say why it can't be read: missing, not UTF-8, not TOML."""
    path = folder / FILE_NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [_unreadable(folder, error)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [
            Problem(
                message="Le fichier n’est pas enregistré en UTF-8.",
                remedy="Dans votre éditeur : « Enregistrer sous », encodage UTF-8, puis relancez.",
                file=FILE_NAME,
                row=line,
                value=data[error.start : error.start + 1].hex(" ").upper(),
            )
        ]
    try:
        return Document(tuples(tomllib.loads(text)), _lines(text)), []
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax_problem(str(error), text)]
    except RecursionError:
        return None, [
            Problem(
                message="Les listes sont imbriquées trop profondément.", remedy="Simplifiez la liste.", file=FILE_NAME
            )
        ]


def _unreadable(folder: Path, error: OSError) -> Problem:
    if not folder.is_dir():
        what = "n’est pas un dossier" if folder.exists() else "n’existe pas"
        brothers = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
        close = near(folder.name, brothers)
        return Problem(
            message=f"« {folder} » {what}.",
            remedy=(f"Vouliez-vous dire « {close[0]} » ? " if close else "")
            + "Vérifiez le chemin, ou créez le dossier avec « ctgeval init ».",
            file=str(folder),
        )
    if isinstance(error, FileNotFoundError):
        close = near(FILE_NAME, [path.name for path in folder.iterdir()])
        return Problem(
            message=f"Le dossier « {folder.name} » n’a pas de fichier {FILE_NAME}.",
            remedy=f"Renommez « {close[0]} » en « {FILE_NAME} »."
            if close
            else "Donnez le dossier qui le contient, ou créez-en un avec « ctgeval init ».",
            file=FILE_NAME,
        )
    return Problem(
        message=f"Le fichier {FILE_NAME} ne peut pas être lu.",
        remedy="Vérifiez les droits de lecture, et que c’est bien un fichier.",
        file=FILE_NAME,
        value=error.strerror or "",
    )


def _syntax_problem(message: str, text: str) -> Problem:
    found = _WHERE.search(message)
    at_end = found is None or found.group(1) is None
    line = len(text.splitlines()) if found is None or at_end else int(found.group(1))
    remedy = next((remedy for start, remedy in _SYNTAX if message.startswith(start)), "")
    if message.startswith("Invalid value") and at_end:
        remedy = "il manque une valeur à la fin du fichier."
    rows = text.splitlines()
    return Problem(
        message="Le fichier n’est pas écrit en TOML correct : la lecture s’arrête ici.",
        remedy="Corrigez la ligne" + (f" : {remedy}" if remedy else ", en vous aidant d’une ligne voisine correcte."),
        file=FILE_NAME,
        row=line,
        column="" if found is None or at_end else found.group(2),
        value=rows[line - 1].strip()[:80] if 0 < line <= len(rows) else "",
    )


def tuples(value: Any) -> Any:
    """Turn every list of nested values into a tuple, as the frozen models hold them."""
    if isinstance(value, dict):
        return {key: tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(tuples(item) for item in value)
    return value


def _lines(text: str) -> dict[Key, int]:
    """Find the line of each key, for messages alone: the values come from `tomllib`."""
    lines: dict[Key, int] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    table: Key = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        header = _HEADER.match(line)
        entry = _ENTRY.match(line)
        if header:
            table = _table(header.group(1), _parts(header.group(2)), counts)
            lines.setdefault(table, number)
        elif entry:
            lines.setdefault((*table, *_parts(entry.group(1))), number)
            value = line[entry.end() :]
            fence = next((mark for mark in ('"""', "'''") if value.count(mark) == 1), "")
    return lines


def _table(bracket: str, parts: tuple[str, ...], counts: Counter[tuple[str, ...]]) -> Key:
    if bracket == "[[":
        counts[parts] += 1
    table: list[str | int] = []
    for size, part in enumerate(parts, start=1):
        table.append(part)
        if counts[parts[:size]]:
            table.append(counts[parts[:size]] - 1)
    return tuple(table)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(
        (quoted or single or bare).strip()
        for quoted, single, bare in re.findall(r"\"([^\"]*)\"|'([^']*)'|([^.\s\"']+)", text)
    )
