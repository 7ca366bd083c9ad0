"""A column as the signals see it: the words of its header, and the distinct cells that may tell of somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval import french

__all__ = ["FEW", "KINDS", "MANY", "Column", "Finding", "column", "holds", "python", "words_of"]

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
FEW, MANY = 0.01, 0.5
"""Shares of cells: enough for what is dialled, and enough for the rule of a whole column."""


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
class Column:
    """The distinct cells of a column that may tell of somebody, how many times each stands, and how many are filled."""

    name: str
    words: tuple[str, ...]
    values: pa.Array
    counts: npt.NDArray[np.int64]
    total: int
    longest: int

    @property
    def unique(self) -> float:
        """Number of distinct cells over number of cells, 0 to 1."""
        return len(self.counts) / max(int(self.counts.sum()), 1)

    def named(self, *words: str) -> bool:
        """Tell whether the header holds one of these words, or these words in this order."""
        return holds(self.words, words)

    def glued(self, *words: str) -> bool:
        """Tell whether one word of the header begins with several that were written without a space: ``DATENAISS``."""
        return any(word.startswith(words) for word in self.words)

    def hits(self, pattern: str) -> npt.NDArray[np.bool_]:
        """Return which distinct cells match a pattern of RE2."""
        found = pc.match_substring_regex(self.values, pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def share(self, found: npt.NDArray[np.bool_]) -> float:
        """Return the share of filled cells that some distinct cells are."""
        return float(self.counts[found].sum()) / self.total

    def finding(self, kind: str, found: npt.NDArray[np.bool_]) -> Finding:
        """Return what to tell, with two examples that tell nothing."""
        some = self.values.filter(pa.array(found)).slice(0, 2).to_pylist()
        return Finding(self.name, kind, self.share(found), tuple(f"{text[:1]}********…" for text in some))


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a header, folded: ``("date", "naissance")`` of ``dateNaissance``."""
    return tuple(re.findall(r"[a-z0-9]+", french.fold(re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", name))))


def holds(title: Iterable[str], words: Iterable[str]) -> bool:
    """Tell whether a header holds one of some words, or of some words in their order."""
    told = f" {' '.join(title)} "
    return any(f" {word} " in told for word in words)


def column(name: str, cells: Sequence[str]) -> Column | None:
    """Return what there is to look at in a column; None when nothing in it can tell of somebody."""
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.large_string()))
    texts = texts.filter(pc.not_equal(texts, ""))
    if not len(texts):
        return None
    counted = pc.value_counts(texts)
    words = words_of(name)
    # Most cells of most files are small or decimal numbers, which tell of nobody: they are looked at no further. Longer
    # ones are days of birth or numbers of beneficiaries where a header says so.
    telling = not _TELLING.isdisjoint(words) or any(word.startswith(_GLUED) for word in words)
    plain = _PLAIN_NUMBER if telling else _LONGER_NUMBER
    counted = counted.filter(pc.invert(pc.match_substring_regex(counted.field("values"), plain)))
    values, counts = counted.field("values"), counted.field("counts").to_numpy()
    if not len(values):
        return None
    longest = int(pc.max(pc.utf8_length(values)).as_py())
    return Column(name, words, values, counts, len(texts), longest)


def python(pattern: str) -> str:
    """Return a pattern of RE2 as one of Python's."""
    return re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", pattern)


_PLAIN_NUMBER = r"^[+\-]?(?:\d{0,4}|\d+[.,]\d*[1-9]\d*|\d{1,4}[.,]0*)$"
_LONGER_NUMBER = r"^[+\-]?(?:\d{0,8}|\d+[.,]\d*[1-9]\d*|\d{1,8}[.,]0*)$"
_TELLING = frozenset(
    {"naissance", "naiss", "nais", "ne", "nee", "ddn", "dob", "birth", "birthdate", "matricule", "allocataire", "caf",
     "beneficiaire"}
)  # fmt: skip
_GLUED = ("datenais", "dtnais", "dnais", "numalloc", "noalloc", "nalloc", "idalloc")
