"""Tell in French what `models` refuses, and keep what it accepts so that the other checks can go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from ctgeval.config.models import BILAN_FORMATS, Config
from ctgeval.config.toml import FILE_NAME, Document, Key, key_text
from ctgeval.errors import Problem, near

_EXPECTED: Mapping[str, str] = {
    "string_type": "un texte entre guillemets",
    "int_type": "un nombre entier, sans guillemets",
    "int_from_float": "un nombre entier",
    "bool_type": "true ou false, sans guillemets",
    "date_type": "une date sans guillemets, comme 2024-06-01",
    "date_from_datetime_inexact": "une date sans heure, comme 2024-06-01",
    "tuple_type": "une liste entre crochets",
    "dict_type": "une table, comme { clé = valeur }",
    "model_type": "une section de clés et de valeurs",
    "model_attributes_type": "une section de clés et de valeurs",
}
_Told = tuple[str, str]


def problems(document: Document) -> list[Problem]:
    """Return what is wrong in the form of a document: unknown or missing keys, wrong types, unknown words."""
    try:
        Config.model_validate(document.values)
    except ValidationError as error:
        return [_problem(document, _key(one["loc"]), one) for one in error.errors(include_url=False)]
    return []


def without_errors(document: Document) -> dict[str, Any]:
    """Return the values of a document with None in place of each one whose form is wrong."""
    values: dict[str, Any] = _thawed(document.values)
    try:
        Config.model_validate(document.values)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            _blank(values, _key(one["loc"]))
    return values


def _key(location: tuple[int | str, ...]) -> Key:
    return tuple(part for part in location if part != "[key]")


def _thawed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thawed(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_thawed(item) for item in value]
    return value


def _blank(values: Any, key: Key) -> None:
    for part in key[:-1]:
        if not _holds(values, part):
            return
        values = values[part]
    if _holds(values, key[-1]):
        values[key[-1]] = None


def _holds(values: Any, part: str | int) -> bool:
    return (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int))


def _problem(document: Document, key: Key, error: Mapping[str, Any]) -> Problem:
    kind: str = error["type"]
    value = error["input"]
    told = _TELLERS.get(kind, _wrong_type)(key, error)
    return Problem(
        message=told[0],
        remedy=told[1],
        file=FILE_NAME,
        row=document.line(key),
        key=key_text(key),
        value="" if kind in {"missing", "extra_forbidden"} else _shown(value),
    )


def _missing(key: Key, _error: Mapping[str, Any]) -> _Told:
    name, section = _name(key), _section_name(key)
    return f"Il manque « {name} »{section}.", f"Ajoutez « {name} » : {_description(key)}."


def _unknown(key: Key, _error: Mapping[str, Any]) -> _Told:
    name = _name(key)
    accepted = sorted(_fields(_model(key[:-1])))
    close = near(name, accepted)
    remedy = (
        f"Vouliez-vous dire {_choices(close, 'ou')} ?" if close else f"Clés possibles : {_choices(accepted, 'et')}."
    )
    elsewhere = [
        f"[{alias}]"
        for alias, field in _fields(Config).items()
        if (model := _model_of(field)) is not None and name in _fields(model)
    ]
    if not close and elsewhere:
        remedy = f"Cette clé se place dans {_plain(elsewhere, 'ou')}. {remedy}"
    return f"La clé « {name} » n’existe pas{_section_name(key)}.", remedy


def _word(key: Key, error: Mapping[str, Any]) -> _Told:
    field = _field(key)
    accepted = sorted(_literals(field.annotation), key=str) if field is not None else []
    value = error["input"]
    close = near(value, accepted) if isinstance(value, str) else []
    hint = f"Vouliez-vous dire {_choices(close, 'ou')} ? " if close else ""
    return f"« {_name(key)} » a une valeur inconnue.", f"{hint}Valeurs possibles : {_choices(accepted, 'et')}."


def _too_low(key: Key, error: Mapping[str, Any]) -> _Told:
    least = error["ctx"]["ge"]
    what = "ne peut pas être négatif" if least == 0 else f"doit être au moins {least}"
    return f"« {_name(key)} » {what}.", f"Écrivez {_description(key)}."


def _too_high(key: Key, error: Mapping[str, Any]) -> _Told:
    return f"« {_name(key)} » doit être au plus {error['ctx']['le']:g}.", f"Écrivez {_description(key)}."


def _too_many(key: Key, error: Mapping[str, Any]) -> _Told:
    most = error["ctx"]["max_length"]
    return f"« {_name(key)} » attend {most} valeurs au plus.", f"Écrivez {_description(key)}."


def _empty(key: Key, _error: Mapping[str, Any]) -> _Told:
    return f"« {_name(key)} » est vide.", f"Écrivez {_description(key)}."


def _pattern(key: Key, _error: Mapping[str, Any]) -> _Told:
    return (
        f"« {_name(key)} » ne peut contenir que des lettres sans accent, des chiffres, « _ » et « - ».",
        f"Écrivez {_description(key)}.",
    )


def _wrong_type(key: Key, error: Mapping[str, Any]) -> _Told:
    expected = _EXPECTED.get(error["type"], "une autre forme")
    value = error["input"]
    remedy = f"Écrivez {_description(key)}."
    if error["type"] in {"int_type", "date_type"} and isinstance(value, str) and _is_plain(value, error["type"]):
        remedy = f"Retirez les guillemets : {_name(key)} = {value.strip()}."
    elif error["type"] == "string_type" and not isinstance(value, (dict, list, tuple)):
        assigned = "" if isinstance(key[-1], int) else f"{_name(key)} = "
        remedy = f'Ajoutez des guillemets : {assigned}"{_shown(value)}".'
    elif error["type"] == "tuple_type" and isinstance(value, str):
        remedy = f'Ajoutez des crochets : {_name(key)} = ["{value}"].'
    elif error["type"] == "tuple_type" and isinstance(value, dict):
        remedy = f"Écrivez le titre de ce bloc entre doubles crochets : [[{_name(key)}]]."
    return f"« {_name(key)} » attend {expected} ; le fichier donne {_kind(value)}.", remedy


_TELLERS: Mapping[str, Callable[[Key, Mapping[str, Any]], _Told]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "literal_error": _word,
    "greater_than_equal": _too_low,
    "string_too_short": _empty,
    "too_short": _empty,
    "too_long": _too_many,
    "less_than_equal": _too_high,
    "string_pattern_mismatch": _pattern,
}


def format_problem(word: str) -> tuple[str, str]:
    """Say in French that a bilan's format can't be produced, and what can."""
    return (
        f"Le format « {word} » ne peut pas être produit par cette version.",
        f"Formats possibles : {_choices(BILAN_FORMATS, 'et')}.",
    )


def _is_plain(text: str, kind: str) -> bool:
    try:
        if kind == "int_type":
            int(text)
        else:
            dt.date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "« vrai » ou « faux »"
    names: tuple[tuple[type, str], ...] = (
        (str, "un texte"),
        (int, "un nombre entier"),
        (float, "un nombre décimal"),
        (dt.datetime, "une date avec une heure"),
        (dt.date, "une date"),
        (dt.time, "une heure"),
        (dict, "une table"),
        (tuple, "une liste"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "autre chose")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        text = "{ " + ", ".join(f"{key} = {_shown(item)}" for key, item in value.items()) + " }" if value else "{}"
    elif isinstance(value, (tuple, list)):
        text = "[" + ", ".join(_shown(item) for item in value) + "]"
    else:
        text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _choices(words: tuple[str, ...] | list[str], last: str) -> str:
    return _plain([f"« {word} »" for word in words], last)


def _plain(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _name(key: Key) -> str:
    names = [part for part in key if isinstance(part, str)]
    return key_text(key) if isinstance(key[-1], int) else names[-1]


def _section_name(key: Key) -> str:
    return f" dans [{key_text(key[:-1])}]" if len(key) > 1 else " au premier niveau du fichier"


def _description(key: Key) -> str:
    field = _field(key)
    return field.description if field is not None and field.description else "une valeur de la forme attendue"


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _field(key: Key) -> FieldInfo | None:
    return _walked(key)[0]


def _model(key: Key) -> type[BaseModel]:
    return _walked(key)[1]


def _walked(key: Key) -> tuple[FieldInfo | None, type[BaseModel]]:
    """Follow a key down to its field, and the model it is in; names that the evaluator chose are passed over."""
    model: type[BaseModel] = Config
    field: FieldInfo | None = None
    chosen = False
    for name in (part for part in key if isinstance(part, str)):
        found = None if chosen else _fields(model).get(name)
        chosen = False
        if found is not None:
            field, model = found, _model_of(found) or model
            chosen = _is_mapping(found)
    return field, model


def _is_mapping(field: FieldInfo) -> bool:
    """Whether the keys of a field are names that the evaluator chose (``[source.tableau.mesures]``)."""
    return any(get_origin(kind) is dict for kind in (field.annotation, *get_args(field.annotation)))


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    return next(
        (kind for kind in _leaves(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None
    )


def _literals(annotation: Any) -> list[str]:
    return [leaf for leaf in _leaves(annotation) if isinstance(leaf, str)]


def _leaves(annotation: Any) -> list[Any]:
    arguments = get_args(annotation)
    return [leaf for argument in arguments for leaf in _leaves(argument)] if arguments else [annotation]
