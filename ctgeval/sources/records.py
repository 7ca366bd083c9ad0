"""JSON and Parquet as sheets: records have columns too, only not in lines."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ctgeval.errors import SourceError
from ctgeval.sources.archive import MAX_BYTES
from ctgeval.sources.cellbook import Figure, Sheet, text_of

__all__ = ["MAX_CELLS", "from_json", "from_parquet", "looks_like_json"]

MAX_CELLS = 20_000_000
MAX_LISTED = 1_000_000
# Where portals put the records: opendatasoft v2 and v1, ckan, geojson, and plain exports.
_CONTAINERS = ("results", "records", "features", "data", "items")
_WRAPPERS = ("fields", "properties", "record")


def looks_like_json(text: str) -> bool:
    """Tell whether a text begins as a list or an object of JSON, which no header of a CSV does."""
    start = text.lstrip()[:64]
    return start[:1] == "[" or (start[:1] == "{" and '"' in start)


def from_json(text: str, file: str) -> Sheet:
    """Return the records of a JSON text, one row each, with every column that one of them has.

    Parameters
    ----------
    text : str
        A list of objects, or an object that holds one (``results``, ``records``, ``features``, ``data``, ``items``).
    file : str
        Basename, for the message.

    Raises
    ------
    SourceError
        When it is no JSON, holds no records, or an object has the same key twice.
    """
    try:
        content = json.loads(
            text, parse_float=_figure, parse_int=_figure, parse_constant=str, object_pairs_hook=_without_twins
        )
    except _TwinError as error:
        raise SourceError(
            f"Un objet du fichier JSON a deux fois la clé « {error} » : on ne sait laquelle lire.",
            remedy="Demandez au producteur un fichier où chaque clé est unique.",
            file=file,
            column=str(error),
        ) from error
    except (json.JSONDecodeError, RecursionError) as error:
        row = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise SourceError(
            "Le fichier n’est pas du JSON lisible : il est tronqué ou abîmé.",
            remedy="Téléchargez-le de nouveau depuis le site du producteur.",
            file=file,
            row=row,
        ) from error
    records = _records(content)
    if not records:
        raise SourceError(
            "Le fichier JSON ne contient pas de liste d’enregistrements.",
            remedy=f"Attendu : une liste d’objets, ou un objet dont une clé en est une ({', '.join(_CONTAINERS)}).",
            file=file,
        )
    names = list(dict.fromkeys(name for record in records for name in record))
    _weigh(len(records), len(names), file)
    rows = [(1, names), *((rank, _cells(record, names)) for rank, record in enumerate(records, start=2))]
    return Sheet("", [(line, cells) for line, cells in rows if any(cells)])


def from_parquet(data: bytes, file: str) -> Sheet:
    """Return the rows of a Parquet file.

    Raises
    ------
    SourceError
        When it is damaged, too big once opened, or has a column name twice.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import parquet

    again = "Téléchargez-le de nouveau depuis le site du producteur."
    try:
        schema = parquet.ParquetFile(io.BytesIO(data)).schema_arrow
        names = [str(name) for name in schema.names]
        # Words that repeat stay together: spread over all their rows, a few of them may fill the memory.
        reader = parquet.ParquetFile(
            io.BytesIO(data), read_dictionary=[str(field.name) for field in schema if _is_text(field.type)]
        )
        # What the summary announces is weighed before a single value is decoded.
        _weigh(reader.metadata.num_rows, len(names), file)
        _weigh_lists(reader.metadata, file)
        columns = [_texts(column, file) for column in reader.read().columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise SourceError("Le fichier Parquet est abîmé : il ne se lit pas.", remedy=again, file=file) from error
    rows = [(line, list(cells)) for line, cells in enumerate(zip(*columns, strict=True), start=2)]
    return Sheet("", [(1, names), *((line, cells) for line, cells in rows if any(cells))])


def _weigh_lists(summary: Any, file: str) -> None:
    """Refuse lists inside cells when they hold more values than a table of that many rows has a use for."""
    parts = [
        summary.row_group(group).column(place)
        for group in range(summary.num_row_groups)
        for place in range(summary.num_columns)
        if summary.schema.column(place).max_repetition_level
    ]
    values = sum(part.num_values for part in parts)
    if values > MAX_LISTED:
        raise SourceError(
            f"Le fichier contient {values} valeurs rangées en listes dans ses cellules : c’est plus que ce qui peut "
            "être lu.",
            remedy="Mettez ces valeurs en lignes, ou retirez cette colonne.",
            file=file,
        )


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _texts(column: Any, file: str) -> list[str]:
    """Return the cells of a column as texts, each different one made once."""
    import pyarrow as pa
    from pyarrow import compute as pc

    if not pa.types.is_dictionary(column.type):
        return [text_of(value) for value in column.to_pylist()]
    found: list[str] = []
    total = 0
    for chunk in column.chunks:
        lengths = pc.binary_length(chunk.dictionary.cast(pa.large_binary()))
        total += pc.sum(lengths.take(chunk.indices)).as_py() or 0
        if total > MAX_BYTES:
            raise SourceError(
                "Le fichier Parquet contient beaucoup trop de texte une fois ouvert.",
                remedy="Réduisez-le au territoire et aux années utiles.",
                file=file,
            )
        words = [text_of(value) for value in chunk.dictionary.to_pylist()]
        found += ["" if place is None else words[place] for place in chunk.indices.to_pylist()]
    return found


def _weigh(rows: int, columns: int, file: str) -> None:
    if rows * columns > MAX_CELLS:
        raise SourceError(
            f"Le fichier compte {rows} lignes de {columns} colonnes : c’est plus que ce qui peut être lu.",
            remedy="Réduisez-le au territoire et aux années utiles.",
            file=file,
        )


def _records(content: Any) -> list[Mapping[str, Any]]:
    if isinstance(content, dict):
        lists = [content[name] for name in _CONTAINERS if isinstance(content.get(name), list)]
        lists = lists or [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else None
    if not isinstance(content, list) or not all(isinstance(record, dict) for record in content):
        return []
    wrapper = next((name for name in _WRAPPERS if all(isinstance(one.get(name), dict) for one in content)), None)
    return [record[wrapper] for record in content] if wrapper else content


def _cells(record: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [text_of(record.get(name)) for name in names]


def _figure(text: str) -> str:
    try:
        return text_of(Decimal(text))
    except InvalidOperation:
        return Figure(text)


class _TwinError(ValueError):
    """The same key twice in an object."""


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        raise _TwinError(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return found
