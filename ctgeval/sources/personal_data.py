"""Data about identifiable persons, looked for in every column before anything is computed.

A file with a name, a social security number or a telephone is not for an evaluation: it is refused, with the columns
and the remedy. An override is possible, column by column, with a reason that is kept and printed. Each signal is a pure
function of a column; examples are masked, since a message ends in a terminal, a log or an e-mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval import french
from ctgeval.errors import PersonalDataFound, Problem

__all__ = ["BODIES", "KINDS", "Finding", "find", "given_names", "names_somebody", "patterns", "require_none"]

KINDS: Mapping[str, str] = {
    "nir": "numéro de sécurité sociale",
    "courriel": "adresse électronique",
    "telephone": "numéro de téléphone",
    "iban": "coordonnées bancaires",
    "naissance": "date de naissance",
    "prenom": "prénom",
    "nom": "nom de personne",
    "adresse": "adresse postale",
    "identifiant": "numéro d’allocataire ou matricule",
    "combinaison": "date de naissance, sexe et commune réunis",
    "texte_libre": "réponses en texte libre",
}
"""What can be found, and its French name."""

_REMEDY = (
    "Retirez ces colonnes du fichier, ou remplacez-les par des effectifs (par tranche d’âge, par commune) ; si elles "
    "sont nécessaires et autorisées, écrivez pourquoi dans ctg.toml, sous la source : "
    'donnees_personnelles = {{ "{column}" = "la raison" }}.'
)
_CONTACTS = frozenset({"courriel", "telephone", "adresse"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One column that holds personal data.

    Parameters
    ----------
    column : str
        Its header.
    kind : str
        A key of `KINDS`.
    share : float
        Share of its cells that do, among those that are filled, 0 to 1.
    examples : tuple of str
        At most two cells, masked: ``2********…``.
    """

    column: str
    kind: str
    share: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The distinct cells of a column that may tell of somebody, how many times each stands, and how many are filled."""

    name: str
    words: tuple[str, ...]
    values: pa.Array
    counts: npt.NDArray[np.int64]
    total: int
    longest: int

    @property
    def unique(self) -> float:
        return len(self.counts) / max(int(self.counts.sum()), 1)

    def named(self, *words: str) -> bool:
        """Tell whether the header holds one of these words, or these words in this order."""
        return _holds(self.words, words)

    def hits(self, pattern: str) -> npt.NDArray[np.bool_]:
        found = pc.match_substring_regex(self.values, pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def finding(self, kind: str, found: npt.NDArray[np.bool_]) -> Finding:
        some = self.values.filter(pa.array(found)).slice(0, 2).to_pylist()
        return Finding(self.name, kind, float(self.counts[found].sum()) / self.total, tuple(map(_masked, some)))


def find(
    columns: Mapping[str, Sequence[str]], *, directory: bool = False, respondents: bool = False
) -> tuple[Finding, ...]:
    """Return the personal data that columns hold.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells of text by header.
    directory : bool
        Whether the file is a public directory of services: their addresses and telephones are nobody's.
    respondents : bool
        Whether each row is one person's answers: texts written freely are then personal data too.

    References
    ----------
    NIR: 13 digits (sex, year, month, département, commune, rank) and the key ``97 - n mod 97``; IBAN: ISO 13616,
    mod 97; Article 29 Working Party, opinion 05/2014 (individualisation, correlation, inference).
    """
    known = [_column(name, cells) for name, cells in columns.items()]
    looked = [column for column in known if column is not None]
    found = [finding for column in looked if (finding := _first(column)) is not None]
    found += _persons(looked, {finding.column for finding in found})
    found += _combined(columns, looked, {finding.column for finding in found if finding.kind == "naissance"})
    if respondents:
        taken = {finding.column for finding in found}
        found += [_free(column) for column in looked if column.name not in taken and _is_free(column)]
    kept = [finding for finding in found if not (directory and finding.kind in _CONTACTS)]
    rank = {name: place for place, name in enumerate(columns)}
    return tuple(sorted(kept, key=lambda finding: rank[finding.column]))


def require_none(
    columns: Mapping[str, Sequence[str]],
    *,
    file: str,
    admitted: Mapping[str, str] | None = None,
    directory: bool = False,
    respondents: bool = False,
) -> tuple[str, ...]:
    """Refuse a file that holds personal data, unless a reason was recorded for each of its columns.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells of text by header.
    file : str
        Basename, for the message.
    admitted : mapping of str to str, optional
        For each column let in, the reason (``donnees_personnelles`` of the ``[[source]]``).
    directory, respondents : bool
        See `find`.

    Returns
    -------
    tuple of str
        What was let in and why, in French, to be printed with the source.

    Raises
    ------
    PersonalDataFound
        With one problem for each column.
    """
    reasons = {name.strip(): reason.strip() for name, reason in (admitted or {}).items()}
    found = find(columns, directory=directory, respondents=respondents)
    refused = [finding for finding in found if not reasons.get(finding.column)]
    if refused:
        names = french.enumeration([f"« {finding.column} »" for finding in refused])
        raise PersonalDataFound(
            f"Ce fichier contient des données sur des personnes ({names}) : rien n’en a été lu.",
            remedy=_REMEDY.format(column=refused[0].column),
            file=file,
            problems=tuple(_problem(finding, file) for finding in refused),
        )
    return tuple(
        f"Colonne « {finding.column} » admise malgré des données personnelles ({KINDS[finding.kind]}) : "
        f"{reasons[finding.column]}"
        for finding in found
    )


def _problem(finding: Finding, file: str) -> Problem:
    shown = f" (par exemple {french.enumeration(list(finding.examples))})" if finding.examples else ""
    return Problem(
        message=f"La colonne « {finding.column} » contient une donnée personnelle : {KINDS[finding.kind]}, "
        f"{french.percent(100 * finding.share, 0)} des cellules remplies{shown}.",
        remedy=_REMEDY.format(column=finding.column),
        file=file,
        column=finding.column,
    )


def _masked(text: str) -> str:
    return f"{text[:1]}********…"


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", french.fold(re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", name))))


def _holds(title: Iterable[str], words: Iterable[str]) -> bool:
    told = f" {' '.join(title)} "
    return any(f" {word} " in told for word in words)


def _column(name: str, cells: Sequence[str]) -> _Column | None:
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.large_string()))
    texts = texts.filter(pc.not_equal(texts, ""))
    if not len(texts):
        return None
    counted = pc.value_counts(texts)
    words = _words(name)
    # Most cells of most files are small or decimal numbers, which tell of nobody: they are looked at no further. Longer
    # ones are days of birth or numbers of beneficiaries where a header says so.
    plain = _PLAIN_NUMBER if _TELLING.intersection(words) else _LONGER_NUMBER
    counted = counted.filter(pc.invert(pc.match_substring_regex(counted.field("values"), plain)))
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    if not len(values):
        return None
    longest = int(pc.max(pc.utf8_length(values)).as_py())
    return _Column(name, words, values, counts, len(texts), longest)


_PLAIN_NUMBER = r"^[+\-]?(?:\d{0,4}|\d+[.,]\d*[1-9]\d*|\d{1,4}[.,]0*)$"
_LONGER_NUMBER = r"^[+\-]?(?:\d{0,8}|\d+[.,]\d*[1-9]\d*|\d{1,8}[.,]0*)$"
_TELLING = frozenset(
    {"naissance", "naiss", "nais", "ne", "nee", "ddn", "dob", "birth", "birthdate", "matricule", "allocataire", "caf",
     "beneficiaire"}
)  # fmt: skip

# -- one column at a time ---------------------------------------------------------------------------------------------

_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z]{2}"
_SEP = r"[ ./\-\x{00A0}\x{202F}]?"
_NIR = (
    rf"\b[1-478]{_SEP}\d\d{_SEP}(?:0[1-9]|1[0-2]|[2-9]\d){_SEP}(?:\d\d|2[AB]){_SEP}\d{{3}}{_SEP}\d{{3}}"
    rf"(?:{_SEP}\d\d)?\b"
)
_PHONE = (
    rf"(?:^|[^\d+])(?:0{_SEP}[1-9]|(?:\+|00)33{_SEP}\(?0?\)?{_SEP}[1-9])"
    rf"(?:(?:{_SEP}\d\d){{4}}|\d\d(?:{_SEP}\d{{3}}){{2}})(?:$|\D)"
)
_DAYS = r"\b(?:\d{1,2}[/.\-]\d{1,2}[/.\-](?:19|20)\d\d|(?:19|20)\d\d[/.\-]\d\d[/.\-]\d\d)\b"
# Under a header that says so, any way of writing 9 digits or more is a number.
_DIALLED = r"^\+?(?:[ ./\-()\x{00A0}\x{202F}]*\d){9,13}(?:\.0)?$"
_IBAN = rf"(?i)\b[A-Z]{{2}}\d\d(?:{_SEP}[0-9A-Z]{{4}}){{3,7}}(?:{_SEP}[0-9A-Z]{{1,3}})?\b"
_STREET = (
    r"(?i)^\d{1,4} ?(?:bis|ter|quater|[a-d])?,? +(?:rue|avenue|av\.?|boulevard|bd|chemin|route|rte|place|pl\.?|impasse|"
    r"all[ée]e|quai|square|lotissement|cit[ée]|hameau|lieu[- ]dit|r[ée]sidence)\b"
)
_FLOATED = r"(?i)^[1-478]\d{12}(?:\d\d)?\.0$|^[1-478]\.\d+e\+?1[24]$"
_FEW, _MANY = 0.01, 0.5


def patterns() -> Mapping[str, str]:
    """Return what tells of a person wherever it stands in a text, as regular expressions of Python, by kind."""
    told = {"courriel": _MAIL, "nir": _NIR, "iban": _IBAN, "telephone": _PHONE, "adresse": _STREET}
    return {kind: _python(pattern).replace("(?i)^", "(?i)") for kind, pattern in told.items()}


def _first(column: _Column) -> Finding | None:
    tests: tuple[Callable[[_Column], Finding | None], ...] = (_nir, _mail, _iban, _phone, _birth, _address, _number)
    return next((finding for test in tests if (finding := test(column)) is not None), None)


def _nir(column: _Column) -> Finding | None:
    if column.longest < 8:
        return None
    likely = column.hits(_NIR) | column.hits(_FLOATED)
    if not likely.any():
        return None
    keyed = np.zeros_like(likely)
    texts = column.values.to_pylist()
    for place in np.flatnonzero(likely).tolist():
        keyed[place] = any(_has_key(found) for found in re.findall(_python(_NIR), texts[place]))
    named = column.named("nir", "secu", "securite sociale", "immatriculation")
    share = float(column.counts[likely].sum()) / column.total
    if keyed.any() or named or share >= _MANY:
        return column.finding("nir", likely if named or share >= _MANY else keyed)
    return None


def _has_key(text: str) -> bool:
    """Tell whether 15 digits end with the key of the first 13 (Corsica: 2A is 19, 2B is 18)."""
    digits = re.sub(r"[^0-9AB]", "", text)
    if len(digits) != 15:
        return False
    number = digits[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and int(digits[13:]) == 97 - int(number) % 97


def _python(pattern: str) -> str:
    """Return a pattern of RE2 as one of Python's."""
    return re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", pattern)


def _mail(column: _Column) -> Finding | None:
    found = column.hits(_MAIL) if column.longest >= 6 else None
    return column.finding("courriel", found) if found is not None and found.any() else None


def _iban(column: _Column) -> Finding | None:
    if column.longest < 15:
        return None
    found = column.hits(_IBAN)
    texts = column.values.to_pylist()
    for place in np.flatnonzero(found).tolist():
        found[place] = any(_is_iban(text) for text in re.findall(_python(_IBAN), texts[place]))
    return column.finding("iban", found) if found.any() else None


def _is_iban(text: str) -> bool:
    packed = re.sub(r"[^0-9A-Z]", "", text.upper())
    turned = packed[4:] + packed[:4]
    return 15 <= len(packed) <= 34 and int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _phone(column: _Column) -> Finding | None:
    named = column.named("tel", "telephone", "telephones", "portable", "mobile", "phone", "gsm", "numtel", "fixe")
    if column.longest < 9:
        return None
    found = column.hits(_PHONE)
    if found.any():
        # « 01/06/2024 12:30 », « 2024-06-01/2024-12-31 »: the digits of days and hours are no number to dial.
        dateless = pc.replace_substring_regex(column.values.filter(pa.array(found)), _DAYS, "…")
        found[found] = pc.match_substring_regex(dateless, _PHONE).to_numpy(zero_copy_only=False)
    if named:
        found |= column.hits(_DIALLED)
    seen = int(column.counts[found].sum())
    enough = seen >= 3 or seen / column.total >= _FEW
    return column.finding("telephone", found) if seen and (named or enough) else None


_MONTH = r"(?:janv|f[ée]vr?|mars|avr|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c)[a-zé]*\.?"
_DATE = (
    r"(?i)^(?:\d{1,2}[/.\- ]\d{1,2}[/.\- ](?:19|20)\d\d|(?:19|20)\d\d[/.\-]\d{1,2}[/.\-]\d{1,2}|"
    rf"\d{{1,2}}(?:er)?[ \-]{_MONTH}[ \-](?:19|20)\d\d)(?:[T ].*)?$"
)
# Only a header tells these from other numbers: 01/02/84, 01021984, 19840201, and the days that a spreadsheet counts.
_DATE_OR_NUMBER = (
    r"^(?:\d{1,2}[/.\-]\d{1,2}[/.\-]\d\d|[0-3]\d[01]\d(?:19|20)\d\d|(?:19|20)\d\d[01]\d[0-3]\d|[1-4]\d{4})(?:\.0)?$"
)


def _birth(column: _Column) -> Finding | None:
    if column.longest < 5:
        return None
    found = column.hits(_DATE)
    share = float(column.counts[found].sum()) / column.total
    named = column.named(
        "naissance", "naiss", "nais", "ne le", "nee le", "ne e le", "ddn", "dob", "birth", "birthdate", "date of birth"
    )
    if named:
        wider = found | column.hits(_DATE_OR_NUMBER)
        if column.counts[wider].sum() / column.total >= _MANY:
            return column.finding("naissance", wider)
    if share <= 0.9 or column.total < 20 or column.unique <= 0.9:
        return None
    years = np.array(
        [int(match[0]) for text in column.values.filter(pa.array(found)).to_pylist()
         if (match := re.search(r"(?:19|20)\d\d", text))]
    )  # fmt: skip
    low, high = np.quantile(years, [0.1, 0.9])
    # Dates of a service, a meeting or a decision are close to one another, and recent.
    return column.finding("naissance", found) if high - low > 15 and np.median(years) < 2015 else None


def _address(column: _Column) -> Finding | None:
    if column.longest < 8:
        return None
    found = column.hits(_STREET)
    share = float(column.counts[found].sum()) / column.total
    named = column.named("adresse", "rue", "voie", "domicile", "address")
    return column.finding("adresse", found) if found.any() and share >= (0.2 if named else _MANY) else None


def _number(column: _Column) -> Finding | None:
    """Find numbers of beneficiaries: a header that says so, and nearly as many numbers as rows."""
    if not column.named("matricule", "allocataire", "identifiant caf", "n caf", "numero caf", "beneficiaire"):
        return None
    told = column.named(
        "matricule", "n allocataire", "no allocataire", "num allocataire", "numero allocataire", "numero d allocataire",
        "n d allocataire", "id allocataire", "identifiant allocataire", "code allocataire", "identifiant caf", "n caf",
        "numero caf", "id beneficiaire personne",
    )  # fmt: skip
    found = column.hits(r"^\d{5,13} ?[A-Z]?(?:\.0)?$")
    share = float(column.counts[found].sum()) / column.total
    return column.finding("identifiant", found) if told and share >= _MANY and column.unique > _MANY else None


# -- names of persons -------------------------------------------------------------------------------------------------

_TITLE = r"(?i)^(?:m\.|mr\.?|mme\.?|mlle\.?|monsieur|madame|mademoiselle)\s+\p{L}"
_CIVILITY = re.compile(r"(?:m\.|mr\.?|mme\.?|mlle\.?|monsieur|madame|mademoiselle)\s+[^\W\d_]", re.IGNORECASE)
BODIES = frozenset(
    word
    for line in (
        "saint sainte st ste ecole ecoles college lycee maternelle elementaire primaire maison mairie association asso",
        "place rue avenue espace centre france services service poste msa pimms commune communaute cc ca cu",
        "departement locale",
        "conseil syndicat sivu sivom office club union amicale comite foyer creche micro relais halte garderie crous",
        "hopital clinique ehpad residence sarl sas scop sci eurl gaec fondation federation groupe groupement mission",
        "agence bibliotheque mediatheque cinema theatre musee parc jardin ile region prefecture tribunal universite",
        "caf",
    )
    for word in line.split()
)
"""Words that only the name of a body or of a place has."""
_FIRST = ("prenom", "prenoms", "given name", "first name", "firstname")
_LAST = (
    "nom de famille", "nom usage", "nom d usage", "nom naissance", "nom de naissance", "nom jeune fille",
    "nom prenom", "nom et prenom", "noms et prenoms", "nom prenoms", "noms prenoms", "prenom nom", "prenoms et noms",
    "nom complet", "nom de l enfant", "nom du parent", "nom parent",
    "nom enfant", "last name", "lastname", "surname", "full name",
)  # fmt: skip


_SOMEBODY = (
    "participant", "participants", "personne", "usager", "usagere", "beneficiaire", "responsable", "parent", "parents",
    "enfant", "enfants", "allocataire", "referent", "referente", "contact", "interlocuteur", "identite", "adherent",
    "representant", "agent", "salarie", "nom prenom", "demandeur", "eleve", "pilote", "signataire",
)  # fmt: skip


def names_somebody(text: str) -> bool:
    """Tell whether a short text reads as the name of a person: « Mme Durand », « Claire Durand », « DURAND Claire ».

    A civility is enough. Otherwise all is letters, two or three words with a capital, the first or the last a given
    name, none a word that only a body has: « Espace Simone Veil » and « France Travail » are bodies.
    """
    told = text.strip()
    if _CIVILITY.match(told):
        return True
    written = re.split(r"\s+", told)
    words = re.findall(r"[a-z]+", french.fold(told))
    if not 2 <= len(written) <= 3 or not all(
        re.fullmatch(r"[^\W\d_][^\W\d_'’\-]*(?:[-'’]\w+)*", word) for word in written
    ):
        return False
    named = not given_names().isdisjoint({words[0], words[-1]})
    return named and all(word[0].isupper() for word in written) and BODIES.isdisjoint(words)


def _persons(columns: Iterable[_Column], taken: set[str]) -> list[Finding]:
    texts = [column for column in columns if column.name not in taken and column.longest >= 3]
    given = [column for column in texts if column.named(*_FIRST) and _letters(column) >= _MANY]
    found = [column.finding("prenom", column.hits(r"\p{L}")) for column in given if not column.named("nom")]
    done = {finding.column for finding in found}
    for column in texts:
        if column.name in done:
            continue
        if _are_given_names(column):
            found.append(column.finding("prenom", column.hits(r"\p{L}")))
            continue
        named = column.named(*_LAST) or (bool(given) and column.words in {("nom",), ("noms",), ("name",)})
        if named and _letters(column) >= _MANY and _bodies(column) < _MANY:
            found.append(column.finding("nom", column.hits(r"\p{L}")))
        elif _looks_like_names(column):
            found.append(column.finding("nom", _person_like(column)))
    return found


def _letters(column: _Column) -> float:
    return float(column.counts[column.hits(r"^\p{L}[\p{L} ,'’.\-]*$")].sum()) / column.total


def _bodies(column: _Column) -> float:
    """Return the share of cells that hold a word which only a body has: ``nom_complet`` may be that of an EPCI."""
    texts = column.values.to_pylist()
    found = [not BODIES.isdisjoint(re.findall(r"[a-z]+", french.fold(text))) for text in texts]
    return float(column.counts[np.array(found, dtype=np.bool_)].sum()) / column.total


def _looks_like_names(column: _Column) -> bool:
    """Tell whether many cells differ and most hold a given name, without a word that only a body has."""
    titled = column.hits(_TITLE)
    if column.counts[titled].sum() / column.total >= 0.3:
        return True
    alone = column.words in {("nom",), ("noms",), ("name",)} or column.named(*_SOMEBODY)
    if column.total < (5 if alone else 20) or column.unique <= (_MANY if alone else 0.3) or _letters(column) < 0.9:
        return False
    person = _person_like(column)
    return float(column.counts[person].sum()) / column.total > (0.3 if alone else 0.6)


def _are_given_names(column: _Column) -> bool:
    """Tell whether nearly all cells are one given name, several times or not, whatever the header."""
    if column.total < 20 or len(column.counts) < 5 or column.longest > 40:
        return False
    given = given_names()
    words = [re.findall(r"[a-z]+", french.fold(text)) for text in column.values.to_pylist()]
    found = [bool(told) and given.issuperset(told) for told in words]
    return float(column.counts[np.array(found, dtype=np.bool_)].sum()) / column.total > 0.9


def _person_like(column: _Column) -> npt.NDArray[np.bool_]:
    given = given_names()
    found = np.zeros(len(column.counts), dtype=np.bool_)
    for place, text in enumerate(column.values.to_pylist()):
        words = re.findall(r"[a-z]+", french.fold(text))
        found[place] = 2 <= len(words) <= 5 and not BODIES.intersection(words) and not given.isdisjoint(words)
    return found | column.hits(_TITLE)


@cache
def given_names() -> frozenset[str]:
    """Return given names, in lower case and without accents."""
    text = (resources.files("ctgeval.sources") / "prenoms.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


# -- several columns --------------------------------------------------------------------------------------------------


def _combined(columns: Mapping[str, Sequence[str]], looked: Iterable[_Column], births: set[str]) -> list[Finding]:
    """Find a birth date, a sex and a commune that together single out more than one row in twenty."""
    known = list(looked)
    sexes = [column.name for column in known if column.named("sexe", "sex", "genre", "civilite")]
    # Codes of communes tell of nobody by themselves: their column is not among those that are looked at.
    places = [
        name for name in columns if _holds(_words(name), ("commune", "codgeo", "insee", "code postal", "cp", "ville"))
    ]
    if not (births and sexes and places):
        return []
    rows = list(zip(*(columns[name] for name in (min(births), sexes[0], places[0])), strict=True))
    counts: dict[tuple[Any, ...], int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    alone = sum(count == 1 for count in counts.values()) / max(len(rows), 1)
    return [Finding(sexes[0], "combinaison", alone, ())] if alone > 0.05 else []


def _is_free(column: _Column) -> bool:
    if column.total < 10 or column.unique <= _MANY:
        return False
    lengths = np.repeat(pc.utf8_length(column.values).to_numpy(), column.counts)
    return float(np.median(lengths)) > 40


def _free(column: _Column) -> Finding:
    return column.finding("texte_libre", np.ones(len(column.counts), dtype=np.bool_))
