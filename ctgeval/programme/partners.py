"""Partners: which organisation a text names, and who took part in what, year after year.

A cell such as « CC, service petite enfance; Caf de l’Ombrenne » names two organisations, the first with a function.
Names are held against the table ``partenaires``; one that it does not have is told, and kept as an organisation of its
own. What reads as the name of a person is told too, and goes no further.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, near
from ctgeval.french import fold
from ctgeval.programme import actions as plan, network as networks
from ctgeval.programme.network import Network
from ctgeval.programme.origin import place
from ctgeval.sources.personal_data import names_somebody

__all__ = ["NAMELESS", "WORKING", "Directory", "Mention", "Partner", "affiliations", "directory", "network", "problems"]

WORKING = ("atelier", "groupe")
"""Meetings where one works together; a COPIL or a COTECH brings everybody together, whoever works with whom."""
NAMELESS = "Organisme non nommé"
"""What is shown of a partner whose name is that of a person."""
COLUMNS = ("year", "event", "kind", "partner")
_FUNCTION = re.compile(r"\s*(?:,|\(|:| [-–—] )\s*")
_ARTICLE = re.compile(r"^(?:la|le|les|l) (?=.)")
_EVERY_SIGNATORY = frozenset({"tous les signataires", "signataires", "ensemble des signataires"})
_GOING_ON = frozenset({"en_cours", "perennisee"})


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation: one of the table ``partenaires``, or one that is only named elsewhere."""

    id: str
    name: str
    type: str = ""
    territory: str = ""
    listed: bool = True

    @property
    def label(self) -> str:
        """Its name, unless it is that of a person."""
        return NAMELESS if names_somebody(self.name) else self.name


@dataclass(frozen=True, slots=True)
class Mention:
    """One organisation as a cell names it.

    Parameters
    ----------
    text : str
        As it is written.
    partner : Partner or None
        None when the text reads as the name of a person.
    """

    text: str
    partner: Partner | None


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """The partners of a dossier, and every way of writing their names.

    Parameters
    ----------
    partners : tuple of Partner
        Those of the table, in its order.
    spellings : mapping of str to Partner
        By id, name and other names, reduced to what two spellings share.
    signatories : tuple of Partner
        Whom « tous les signataires » names.
    """

    partners: tuple[Partner, ...]
    spellings: Mapping[str, Partner]
    signatories: tuple[Partner, ...] = ()

    def read(self, cell: object) -> tuple[Mention, ...]:
        """Return what a cell names, in its order, each organisation once."""
        found: dict[str, Mention] = {}
        for text in _pieces(cell):
            if reduced(text) in _EVERY_SIGNATORY and self.signatories:
                found |= {partner.id: Mention(text, partner) for partner in self.signatories if partner.id not in found}
                continue
            partner = self._partner(text)
            found.setdefault(partner.id if partner else f" {text}", Mention(text, partner))
        return tuple(found.values())

    def ids(self, cell: object) -> frozenset[str]:
        """Return the ids of the organisations that a cell names."""
        return frozenset(mention.partner.id for mention in self.read(cell) if mention.partner)

    def _partner(self, text: str) -> Partner | None:
        parts = [text, *(part for part in _FUNCTION.split(text) if reduced(part))]
        known = next((self.spellings[key] for part in parts if (key := reduced(part)) in self.spellings), None)
        if known is not None:
            return known
        named = [part for part in parts[1:] if not names_somebody(part)]
        # « Mme Durand, Caf » leaves « Caf »; « service petite enfance, Claire Durand » leaves the service.
        return Partner(reduced(named[0]).replace(" ", "-"), named[0].strip(), listed=False) if named else None


def reduced(text: str) -> str:
    """Reduce a name to what its spellings share: no case, accent, apostrophe, hyphen nor article before it."""
    return _ARTICLE.sub("", " ".join(re.findall(r"[a-z0-9]+", fold(text))))


def _pieces(cell: object) -> list[str]:
    return [text for piece in re.split(r"[;\n]", _text(cell)) if reduced(text := piece.strip())]


def _told(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def directory(partenaires: pd.DataFrame, *, signatories: Iterable[str] = ()) -> Directory:
    """Make the directory of a dossier.

    Parameters
    ----------
    partenaires : DataFrame
        Table ``partenaires``.
    signatories : iterable of str
        Those of the convention, as ``ctg.toml`` writes them.
    """
    listed = [
        (
            row,
            Partner(str(row["id"]), _text(row["nom"]) or str(row["id"]), _text(row["type"]), _text(row["territoire"])),
        )
        for row in partenaires.to_dict("records")
    ]
    spellings: dict[str, Partner] = {}
    for names in (lambda row: [row["id"]], lambda row: [row["nom"]], lambda row: _pieces(row.get("autres_noms"))):
        for row, partner in listed:
            for name in names(row):
                spellings.setdefault(reduced(str(name)), partner)
    bare = Directory(tuple(partner for _, partner in listed), spellings)
    named = [mention.partner for text in signatories for mention in bare.read(text)]
    return Directory(bare.partners, spellings, tuple(partner for partner in named if partner))


def active(actions: pd.DataFrame, *, until: int | None = None) -> dict[int, frozenset[str]]:
    """Return the actions on which one worked in each year, from that of the first known state on.

    An action counts for a year when it was under way or pérennisée on one day of it, or was done in it. A done action
    counts no more from the next year on, nor does one that is given up or put off.

    Parameters
    ----------
    actions : DataFrame
        Table ``actions``.
    until : int, optional
        Last year, if it is after that of the last known state.
    """
    dated = _dated(actions)
    if dated.empty:
        return {}
    when = dated["etat_date"].str[:4].astype(int)
    years = range(int(when.iloc[0]), max(int(when.iloc[-1]), until or 0) + 1)
    found: dict[int, set[str]] = {year: set() for year in years}
    for action, rows in dated.assign(when=when).groupby("id", sort=True):
        states = [(year, plan.state(str(state))) for year, state in zip(rows["when"], rows["etat"], strict=True)]
        for year in years:
            before = [state for then, state in states if then < year]
            within = [state for then, state in states if then == year]
            if _GOING_ON.intersection([*before[-1:], *within]) or "realisee" in within:
                found[year].add(str(action))
    return {year: frozenset(names) for year, names in found.items()}


def _dated(actions: pd.DataFrame) -> pd.DataFrame:
    return actions[actions["etat_date"].map(_told).astype(bool)].sort_values("etat_date", kind="stable")


def affiliations(
    actions: pd.DataFrame,
    instances: pd.DataFrame,
    *,
    known: Directory,
    fiches: pd.DataFrame | None = None,
    kinds: Sequence[str] = WORKING,
) -> pd.DataFrame:
    """Return who took part in what, in each year.

    Parameters
    ----------
    actions, instances : DataFrame
        Tables of the dossier.
    known : Directory
    fiches : DataFrame, optional
        Table ``fiches``, for the co-pilots of an action.
    kinds : sequence of str
        Types of the meetings that count.

    Returns
    -------
    DataFrame
        ``year, event, kind, partner``, one row per year, action or meeting, and partner: the pilot, the co-pilots and
        the partners of the actions of `active`, as they are known at the end of the year; those who were there of the
        meetings. ``kind`` is ``action`` or the type of the meeting.
    """
    held = instances[instances["type"].isin(kinds) & instances["date"].map(_told).astype(bool)]
    days = instances["date"][instances["date"].map(_told).astype(bool)]
    years = active(actions, until=int(days.max()[:4]) if len(days) else None)
    copilots = {} if fiches is None else dict(zip(fiches["action"], fiches["copilotes"], strict=True))
    rows: list[tuple[int, str, str, str]] = []
    for action, states in _dated(actions).groupby("id", sort=True):
        for year in (year for year, names in years.items() if action in names):
            then = states[states["etat_date"].str[:4].astype(int) <= year]
            cells = [copilots.get(action), *(_last(then[name]) for name in ("pilote", "partenaires"))]
            rows += [(year, str(action), "action", partner) for cell in cells for partner in known.ids(cell)]
    for row in held.to_dict("records"):
        found = known.ids(row["partenaires_presents"])
        rows += [(int(row["date"][:4]), str(row["id"]), str(row["type"]), partner) for partner in found]
    frame = pd.DataFrame(sorted(set(rows)), columns=list(COLUMNS))
    return frame.astype({"year": "int64", "event": "str", "kind": "str", "partner": "str"})


def _last(cells: pd.Series[Any]) -> object:
    """Return the last cell that says something: what a later row leaves blank has not changed."""
    return next((cell for cell in reversed(list(cells)) if _told(cell)), None)


def network(met: pd.DataFrame, known: Directory, *, year: int | None = None, names: Mapping[str, str]) -> Network:
    """Return who works with whom, in a year or since the beginning.

    Parameters
    ----------
    met : DataFrame
        As `affiliations` gives it.
    known : Directory
        All its partners are there, the isolated ones too.
    year : int, optional
        Every year by default: what lasted three years is then one occasion.
    names : mapping of str to str
        Names of the partners that are not of the table, by id (see `others`).
    """
    kept = met if year is None else met[met["year"].eq(year)]
    kept = kept.assign(event=kept["kind"].where(kept["kind"].eq("action"), "reunion") + " " + kept["event"])
    labels = {partner.id: partner.label for partner in known.partners}
    occasions = networks.occasions(kept.drop_duplicates(["event", "partner"]))
    return networks.build([*labels], occasions, names={**names, **labels})


def others(tables: Mapping[str, pd.DataFrame], known: Directory) -> dict[str, Partner]:
    """Return the organisations that are named in the plan or in the meetings, and not in the table, by id."""
    mentions = (mention for _, _, cell in _cells(tables) for mention in known.read(cell))
    found = [mention.partner for mention in mentions if mention.partner and not mention.partner.listed]
    return {partner.id: partner for partner in reversed(found)}


_NAMING = {
    "actions": ("pilote", "partenaires"),
    "fiches": ("copilotes",),
    "instances": ("partenaires_presents", "partenaires_invites"),
}
"""Columns that name organisations."""


def _cells(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[dict[Any, Any], str, object]]:
    for table, columns in _NAMING.items():
        if table in tables:
            for row in tables[table].to_dict("records"):
                yield from ((row, column, row[column]) for column in columns if _told(row.get(column)))


def problems(tables: Mapping[str, pd.DataFrame], known: Directory) -> list[Problem]:
    """Tell the partners written twice, the names that the table does not have, and those of persons.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``partenaires``, ``actions``, ``fiches``, ``instances``: those that there are.
    known : Directory
    """
    found = [*_twice(tables["partenaires"], known), *_named_after_persons(tables["partenaires"])]
    strangers: dict[str, tuple[Problem, int]] = {}
    persons: dict[str, Problem] = {}
    candidates = {partner.id: partner.name for partner in known.partners}
    for row, column, cell in _cells(tables):
        for mention in known.read(cell):
            where = place(row.get("origin"))
            if _holds_a_person(mention, known):
                problem = _person(column, where)
                persons.setdefault(problem.place, problem)
            elif mention.partner and not mention.partner.listed and known.partners:
                told = strangers.get(mention.partner.id)
                problem = told[0] if told else _stranger(mention, column, candidates, where)
                strangers[mention.partner.id] = (problem, told[1] + 1 if told else 1)
    if not known.partners:
        found += [_no_table(row) for row, _, _ in itertools.islice(_cells(tables), 1)]
    return [*found, *persons.values(), *(_counted(*told) for told in strangers.values())]


def _holds_a_person(mention: Mention, known: Directory) -> bool:
    # A partner of the table whose name reads so is told there, once.
    if reduced(mention.text) in known.spellings:
        return False
    return any(names_somebody(part) for part in _FUNCTION.split(mention.text))


def _person(column: str, where: Any) -> Problem:
    return Problem(
        message="Une cellule semble nommer une personne : ce nom n’est ni compté ni diffusé avec le partenariat.",
        remedy="Écrivez l’organisme et la fonction (« CC, service petite enfance »), jamais le nom d’une personne.",
        column=column,
        severity="avertissement",
        **where,
    )


def _stranger(mention: Mention, column: str, candidates: Mapping[str, str], where: Any) -> Problem:
    assert mention.partner is not None
    typed = reduced(mention.partner.name)
    by_form = {reduced(text): name for id_, name in candidates.items() for text in (id_, name)}
    close = [by_form[form] for form in near(typed, by_form)] + [
        name for form, name in by_form.items() if typed and (f" {typed} " in f" {form} " or f" {form} " in f" {typed} ")
    ]
    near_ones = " ou ".join(f"« {name} »" for name in list(dict.fromkeys(close))[:3])
    return Problem(
        message=f"« {mention.partner.name} » n’est pas dans la table « partenaires » : il est compté à part.",
        remedy=(f"Vouliez-vous dire {near_ones} ? Sinon, ajoutez" if near_ones else "Ajoutez")
        + "-le à la table, ou écrivez ce nom dans « autres_noms » du partenaire dont il s’agit.",
        column=column,
        value=mention.text,
        severity="avertissement",
        **where,
    )


def _counted(problem: Problem, count: int) -> Problem:
    if count < 2:
        return problem
    told = problem.as_dict() | {"message": f"{problem.message.removesuffix('.')} ({count} fois)."}
    return Problem(**told)  # type: ignore[arg-type]


def _no_table(row: Mapping[Any, Any]) -> Problem:
    return Problem(
        message="La table « partenaires » est vide : deux façons d’écrire un même organisme en font deux.",
        remedy="Listez les organismes dans la table « partenaires » : id, nom, autres_noms.",
        file=place(row.get("origin"))["file"],
        severity="avertissement",
    )


def _twice(partenaires: pd.DataFrame, known: Directory) -> Iterator[Problem]:
    for row in partenaires.to_dict("records"):
        for column, texts in (("nom", [row["nom"]]), ("autres_noms", _pieces(row.get("autres_noms")))):
            for text in texts:
                other = known.spellings.get(reduced(str(text)))
                if other is not None and other.id != str(row["id"]):
                    yield Problem(
                        message=f"Deux partenaires portent le même nom : « {other.id} » et « {row['id']} ».",
                        remedy=f"Gardez-en un seul, ou changez ce nom : il désigne « {other.id} » jusque-là.",
                        column=column,
                        value=str(text),
                        severity="avertissement",
                        **place(row.get("origin")),
                    )


def _named_after_persons(partenaires: pd.DataFrame) -> Iterator[Problem]:
    for row in partenaires.to_dict("records"):
        if any(names_somebody(text) for text in (_text(row["nom"]), *_pieces(row.get("autres_noms")))):
            yield Problem(
                message=f"Un partenaire semble porter le nom d’une personne : il paraît comme « {NAMELESS} ».",
                remedy="Écrivez le nom de l’organisme : « Collège Marie Curie », et non « Marie Curie ».",
                column="nom",
                severity="avertissement",
                **place(row.get("origin")),
            )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
