"""Persons named in what the coordinator writes: told to the team, and taken out of what anybody else reads.

Tables, plan and evaluation name organisations and functions. Where a name, a telephone or an e-mail was typed all the
same, nobody outside reads it, and the check says where it is. The author's texts of a bilan are left as they are: they
are written for their readers, and may sign or give an address to write to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import programme
from ctgeval.errors import Problem
from ctgeval.followup.topic import Topic
from ctgeval.programme.evaluation import FILE_NAME, Question
from ctgeval.programme.origin import place
from ctgeval.sources import free_text
from ctgeval.sources.known_persons import known_persons, persons_in, without_known
from ctgeval.sources.personal_data import names_somebody

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC", "known", "without_persons"]

_SYSTEM = frozenset(
    {
        "indicators", "territories", "members", "progress", "changes", "trends", "standing", "standing_lines",
        "sources", "limits", "texts", "notices", "impact_series", "sheets", "contours",
    }
)  # fmt: skip
"""Tables whose words are those of the catalogue, of the producers, of the geography or of the author."""
_ADDRESSES = frozenset({"lieu"})
"""Columns that tell where a public meeting is held."""
_RECORD = "record"
"""The column that holds the JSON of a result."""
_ORGANISATIONS = frozenset({"pilote", "partenaires", "copilotes", "partenaires_presents", "partenaires_invites"})
"""Columns whose names of persons are told with the partnership."""
_REMEDY = (
    "Écrivez l’organisme et la fonction. Si c’est le nom d’un organisme ou d’un lieu, ajoutez-le à la table "
    "« partenaires », ou écrivez ce que c’est devant son nom (« école Jean Moulin »)."
)


def without_persons(dossier: Dossier, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of a release with a mark in the place of what tells of a person.

    Parameters
    ----------
    dossier : Dossier
    tables : mapping of str to DataFrame
        As others than the team would get them.
    """
    spared, names = _spared(dossier), known(dossier)
    done: dict[tuple[str, bool], str] = {}

    def cleaned(text: Any, *, addresses: bool) -> Any:
        if not isinstance(text, str) or not text:
            return text
        if (text, addresses) not in done:
            done[text, addresses] = _cleaned(text, spared, names, addresses=addresses)
        return done[text, addresses]

    found = dict(tables)
    for name in sorted(set(tables) - _SYSTEM):
        frame = found[name]
        for column in map(str, frame.select_dtypes(["object", "str"])):
            words = partial(cleaned, addresses=column not in _ADDRESSES)
            cells = [_in_record(text, words) if column == _RECORD else words(text) for text in frame[column]]
            if any(new is not old for new, old in zip(cells, frame[column], strict=True)):
                frame = frame.assign(**{column: pd.Series(cells, index=frame.index, dtype=frame[column].dtype)})
        found[name] = frame
    return found


def known(dossier: Dossier) -> frozenset[str]:
    """Return the names of the persons that a dossier speaks of, for `ctgeval.sources.known_persons.persons_in`.

    Those of its tables and of ``evaluation.toml``; not those of the author's texts, which may be signed.
    """
    frames = {name: dossier.tables[name].frame for name in programme.SCHEMAS}
    said = (text for question in dossier.evaluation.questions.values() for text in _sentences(question))
    return known_persons(frames, texts=said, bodies=_bodies(dossier))


def _in_record(record: Any, words: Callable[[Any], Any]) -> Any:
    """Return a JSON record with its sentences cleaned: fifteen decimals of a number may look like somebody's."""
    if not isinstance(record, str) or not record:
        return record

    def walked(found: Any) -> Any:
        if isinstance(found, dict):
            return {key: walked(value) for key, value in found.items()}
        return [walked(value) for value in found] if isinstance(found, list) else words(found)

    told = json.loads(record)
    kept = walked(told)
    return record if kept == told else json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _cleaned(text: str, spared: tuple[str, ...], names: frozenset[str], *, addresses: bool) -> str:
    if not free_text.found_in(text) and not persons_in(text, names):
        return text
    # Signs that no keyboard has, while the names of organisations and of places are kept aside.
    for rank, name in enumerate(spared):
        text = text.replace(name, chr(0xE000 + rank))
    text = without_known(free_text.removed(text, addresses=addresses), names)
    for rank, name in enumerate(spared):
        text = text.replace(chr(0xE000 + rank), name)
    return text


def _spared(dossier: Dossier) -> tuple[str, ...]:
    """Return the names of organisations and of places that read as those of persons, the longest first."""
    found = [name for name in _bodies(dossier) if free_text.found_in(name)]
    return tuple(sorted(found, key=lambda name: (-len(name), name)))


def _bodies(dossier: Dossier) -> frozenset[str]:
    """Return the names of organisations and of places that the dossier knows."""
    listed = dossier.tables["partenaires"].frame
    convention = dossier.config.convention
    names = {str(name) for name in listed["nom"].dropna()}
    names |= {part.strip() for cell in listed["autres_noms"].dropna() for part in str(cell).split(";")}
    names = {name for name in names if not names_somebody(name)}
    names |= set(convention.signataires if convention else ())
    names |= {source.producteur for source in dossier.config.sources}
    names |= set(dossier.territories["name"]) | {dossier.config.territoire.nom or ""}
    names |= {dossier.reference.last_name(geo) or "" for geo in dossier.ground}
    return frozenset(name for name in names if name)


def _sentences(question: Question) -> list[str]:
    """Return what ``evaluation.toml`` says of a question."""
    told = [question.texte, question.reponse, *question.constats, *question.elements_qualitatifs]
    told += [one.constat for one in question.jugements]
    return told + [text for sentences in question.contribution.values() for text in sentences]


def _problems(dossier: Dossier) -> Iterator[Problem]:
    spared = _spared(dossier)
    for name, schema in programme.SCHEMAS.items():
        if name == "observations":
            continue
        frame = dossier.tables[name].frame
        for column in (one.name for one in schema.columns if one.kind == "texte"):
            for text, origin in zip(frame[column], frame["origin"], strict=True):
                kinds = _kinds(text, spared, column)
                if kinds:
                    yield _problem(kinds, column=column, **place(origin))
    for question in dossier.evaluation.questions.values():
        if kinds := tuple(dict.fromkeys(kind for text in _sentences(question) for kind in _kinds(text, spared, ""))):
            yield _problem(kinds, file=FILE_NAME, key=question.key)
    for text in dossier.texts.items:
        if kinds := _kinds(text.markdown, spared, ""):
            yield Problem(
                message=f"Ce texte parle d’une personne ({free_text.named(kinds)}) : il paraît tel qu’il est écrit.",
                remedy="Gardez-le si c’est voulu (une signature, une adresse où écrire) ; sinon, dites la fonction.",
                file=text.file,
                severity="avertissement",
            )


def _kinds(text: object, spared: tuple[str, ...], column: str) -> tuple[str, ...]:
    if not isinstance(text, str) or not free_text.found_in(text):
        return ()
    for name in spared:
        text = text.replace(name, "")
    left_out = {"adresse"} if column in _ADDRESSES else {"nom"} if column in _ORGANISATIONS else set()
    return tuple(kind for kind in free_text.found_in(text) if kind not in left_out)


def _problem(kinds: tuple[str, ...], **where: Any) -> Problem:
    return Problem(
        message=f"Ce texte parle d’une personne ({free_text.named(kinds)}) : hors de la version interne, c’est retiré.",
        remedy=_REMEDY,
        severity="avertissement",
        **where,
    )


TOPIC = Topic(problems=_problems)
