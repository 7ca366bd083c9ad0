"""How hard a French text is to read: length of its sentences and of its words, and one score made of both."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["LEVELS", "LONG", "Reading", "measure", "sentences", "syllables"]

LEVELS = ((80.0, "très facile"), (70.0, "facile"), (60.0, "assez facile"), (50.0, "moyen"), (30.0, "difficile"))
"""Lowest score of each level, the easiest first; below them, a text is very hard."""
_HARDEST = "très difficile"
LONG = 25
"""Words above which a sentence is long."""
_NUMBER = re.compile(r"[+\u2212-]?\d+(?:[\s\u00a0\u202f.,]\d+)*")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-\u2011][^\W\d_]+)*")
_PARTS = re.compile(r"['’\-\u2011]")
_END = re.compile(r"(?<=[.!?…:;])[»\"\u00a0\u202f]*\s+|\n{2,}")
_DOTTED = re.compile(r"\b(?:art|cf|env|etc|ex|fig|hab|max|min|nb|p|resp|tél|M|MM|Dr)\.", re.IGNORECASE)
_VOWELS = "aeiouyàâäéèêëîïôöùûüÿœæ"
# Vowels written together are one sound, the glides of « action » and « lien » included, unless these are there.
_GROUP = re.compile(rf"(?:[{_VOWELS}])+")
_TWO_SOUNDS = re.compile(r"[aeo]é|é[aàâeèêioôu]|[aeiou][ïüë]|ao(?!u)|oo(?=[pr])|ua(?!i)|oa")
_MUTE = re.compile(r"(?<=[^aeiouyàâäéèêëîïôöùûüœæ])(?:e|es|ent)$|(?<=[aeiouyéèêîïôûù])(?:e|es)$")
_SAID_ENT = re.compile(r"(?:m|i)ent$")
# Words, not verbs: their « ent » is heard.
_HEARD = frozenset({
    "absent", "accent", "accident", "agent", "argent", "cent", "content", "différent", "dent", "évident", "excédent",
    "fréquent", "innocent", "parent", "présent", "président", "prudent", "récent", "régent", "résident", "souvent",
    "talent", "urgent", "vent",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a text asks of its reader.

    Parameters
    ----------
    words, sentences, syllables : int
        How many; a number written in figures counts for one word of three syllables.
    longest : int
        Words of the longest sentence.
    long_sentences : tuple of str
        Those of more than 25 words.
    """

    words: int
    sentences: int
    syllables: int
    longest: int
    long_sentences: tuple[str, ...]

    @property
    def words_per_sentence(self) -> float:
        """Mean length of a sentence, in words; NaN for an empty text."""
        return self.words / self.sentences if self.sentences else float("nan")

    @property
    def syllables_per_word(self) -> float:
        """Mean length of a word, in syllables; NaN for an empty text."""
        return self.syllables / self.words if self.words else float("nan")

    @property
    def score(self) -> float:
        """Ease of reading, some 0 (very hard) to 100 (very easy); NaN for an empty text.

        References
        ----------
        Kandel and Moles (1958), *Application de l'indice de Flesch à la langue française*: 207 - 1.015 words a
        sentence - 73.6 syllables a word.
        """
        return 207.0 - 1.015 * self.words_per_sentence - 73.6 * self.syllables_per_word

    @property
    def level(self) -> str:
        """The score in a word, in French; empty for an empty text."""
        if not self.words:
            return ""
        return next((name for least, name in LEVELS if self.score >= least), _HARDEST)


def measure(texts: str | Iterable[str]) -> Reading:
    """Measure a text.

    Parameters
    ----------
    texts : str or iterable of str
        Plain French prose: one text, or paragraphs, each of which ends a sentence. Titles and cells of tables are no
        prose and would make it look easier than it is.
    """
    found = [one for text in ([texts] if isinstance(texts, str) else texts) for one in sentences(text)]
    lengths = [_length(one) for one in found]
    return Reading(
        words=sum(words for words, _ in lengths),
        sentences=len(found),
        syllables=sum(sounds for _, sounds in lengths),
        longest=max((words for words, _ in lengths), default=0),
        long_sentences=tuple(one for one, (words, _) in zip(found, lengths, strict=True) if words > LONG),
    )


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text: what ends by a full stop or its like; a colon and a semicolon end one too."""
    whole = _DOTTED.sub(lambda found: found.group()[:-1], text)
    for part in _END.split(whole):
        said = " ".join(part.split())
        if _WORD.search(said):
            yield said


def syllables(word: str) -> int:
    """Count the syllables of a French word as it is said, without its mute endings; at least 1.

    A rule, not a dictionary: right for some nine words in ten of ordinary prose, and off by one for the others.
    """
    return max(1, sum(_sounds(part) for part in _PARTS.split(unicodedata.normalize("NFC", word).casefold()) if part))


def _sounds(part: str) -> int:
    if not any(letter in _VOWELS for letter in part):
        return 0
    if len(part) <= 3 and part in {"le", "la", "les", "de", "des", "ce", "ces", "me", "te", "se", "ne", "je", "que"}:
        return 1
    said = re.sub(r"(?<=q)u|(?<=g)u(?=[eéèêiî])", "", part).replace("pays", "païs")
    heard = said in _HEARD or bool(_SAID_ENT.search(said))
    shorter = said if heard else _MUTE.sub("", said)
    # A word that loses its only vowel keeps it: « le », « cent ».
    said = shorter if any(letter in _VOWELS for letter in shorter) else said
    total = 0
    for group in _GROUP.findall(said):
        total += 1 + len(_TWO_SOUNDS.findall(group))
    return max(total, 1)


def _length(sentence: str) -> tuple[int, int]:
    numbers = _NUMBER.findall(sentence)
    words = _WORD.findall(_NUMBER.sub(" ", sentence))
    # « l’action » is two words and three syllables.
    parts = [part for word in words for part in _PARTS.split(word)]
    return len(parts) + len(numbers), sum(syllables(word) for word in words) + 3 * len(numbers)
