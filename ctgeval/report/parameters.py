"""What a notebook may be given: the names its metadata declares, and plain values."""

from __future__ import annotations

import hashlib
import json
import keyword
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ctgeval.errors import ParameterError, suggestion

Value = str | int | float | bool

LONGEST_TEXT = 200
_KINDS: dict[str, tuple[type, ...]] = {
    "texte": (str,),
    "entier": (int,),
    "nombre": (int, float),
    "booleen": (bool,),
}
_TYPES = {"texte": "string", "entier": "integer", "nombre": "number", "booleen": "boolean"}
_PRINTED = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]*$"
"""Neither controls, nor signs that hide or turn text, nor separators of lines; every dialect of patterns reads it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter: its name, its kind and what it means, in French."""

    name: str
    kind: str
    description: str


def schema(metadata: Mapping[str, Any], *, notebook: str = "") -> dict[str, Parameter]:
    """Read the parameters that a notebook declares in ``metadata.ctgeval.parametres``.

    Parameters
    ----------
    metadata : mapping
        The notebook's metadata. ``ctgeval.parametres`` maps each name to ``{"type": ..., "description": ...}``,
        the type being ``texte`` (default), ``entier``, ``nombre`` or ``booleen``.
    notebook : str
        Name of the notebook, for messages.

    Raises
    ------
    ParameterError
        When the declaration is missing, or a name or a type in it can't be used.
    """
    declared = metadata.get("ctgeval", {}).get("parametres")
    if not isinstance(declared, Mapping) or not declared:
        raise ParameterError(
            "Le carnet ne déclare aucun paramètre.",
            file=notebook,
            key="metadata.ctgeval.parametres",
            remedy="Déclarez-y chaque paramètre avec son type et sa description.",
        )
    return {name: _declared(name, entry, notebook) for name, entry in sorted(declared.items())}


def _declared(name: str, entry: object, notebook: str) -> Parameter:
    fields = entry if isinstance(entry, Mapping) else {}
    kind = str(fields.get("type", "texte"))
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        raise ParameterError(
            "Un paramètre du carnet porte un nom inutilisable.",
            file=notebook,
            value=name[:LONGEST_TEXT],
            remedy="Utilisez des lettres sans accent, des chiffres et « _ », sans commencer par un chiffre.",
        )
    if kind not in _KINDS:
        raise ParameterError(
            f"Le paramètre « {name} » a un type inconnu.",
            file=notebook,
            value=kind,
            remedy=suggestion(kind, _KINDS) or f"Types possibles : {', '.join(_KINDS)}.",
        )
    return Parameter(name=name, kind=kind, description=str(fields.get("description", "")))


def json_schema(declared: Mapping[str, Parameter], *, title: str = "") -> dict[str, Any]:
    """Return what a notebook declares as a JSON Schema.

    Parameters
    ----------
    declared : mapping
        See `schema`.
    title : str
        Of the notebook, in French.

    References
    ----------
    JSON Schema, draft 2020-12.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {name: _property(one) for name, one in sorted(declared.items())},
        "additionalProperties": False,
    }


def _property(one: Parameter) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _TYPES[one.kind], "description": one.description}
    if one.kind == "texte":
        told |= {"maxLength": LONGEST_TEXT, "pattern": _PRINTED}
    return told


def check(values: Mapping[str, object], declared: Mapping[str, Parameter], *, notebook: str = "") -> dict[str, Value]:
    """Return the values to hand to a notebook, sorted by name, after checking names and values.

    Parameters
    ----------
    values : mapping
        What the bilan asks for.
    declared : mapping
        What the notebook declares (see `schema`).
    notebook : str
        Name of the notebook, for messages.

    Raises
    ------
    ParameterError
        For a name that is not declared, a value of the wrong type, a text longer than 200 characters or holding
        control characters, or a number that is not finite.
    """
    return {name: _checked(name, values[name], declared, notebook) for name in sorted(values)}


def _checked(name: str, value: object, declared: Mapping[str, Parameter], notebook: str) -> Value:
    if name not in declared:
        raise ParameterError(
            "Ce paramètre n’est pas déclaré par le carnet.",
            file=notebook,
            key=name[:LONGEST_TEXT],
            remedy=suggestion(name, declared) or f"Paramètres déclarés : {', '.join(declared)}.",
        )
    kind = declared[name].kind
    if not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "booleen"):
        raise ParameterError(
            f"La valeur du paramètre « {name} » n’est pas du type « {kind} ».", file=notebook, value=repr(value)[:80]
        )
    if isinstance(value, str):
        _check_text(name, value, notebook)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(
            f"La valeur du paramètre « {name} » doit être un nombre fini.", file=notebook, value=repr(value)
        )
    assert isinstance(value, str | int | float | bool)
    return value


def _check_text(name: str, text: str, notebook: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ParameterError(
            f"La valeur du paramètre « {name} » compte {len(text)} caractères : {LONGEST_TEXT} au plus.",
            file=notebook,
            value=f"{text[:40]}…",
        )
    # Cc controls, Cs surrogates, Cf invisible marks (they reverse or hide text), Zl and Zp line separators.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Cf", "Zl", "Zp"} for character in text):
        raise ParameterError(
            f"La valeur du paramètre « {name} » contient des caractères de contrôle.", file=notebook, value=ascii(text)
        )


def seed(values: Mapping[str, Value]) -> int:
    """Return where the random numbers of a notebook start: at the same place for the same parameters.

    Parameters
    ----------
    values : mapping
        Its parameters.
    """
    told = json.dumps(dict(values), sort_keys=True).encode("ascii")
    return int.from_bytes(hashlib.sha256(told).digest()[:4], "big")
