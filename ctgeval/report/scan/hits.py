"""What the leak scan found: which file, what kind of thing, where it stands, never the thing itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ctgeval.errors import ConfidentialityError

__all__ = ["KINDS", "Hit", "blocking", "hidden", "refusal"]

KINDS: Mapping[str, str] = {
    "masque": "un chiffre est écrit là où la version diffusable le masque",
    "inconnu": "un chiffre ne vient pas de la version diffusable",
    "secret": "la vraie valeur d’une case masquée est écrite",
    "nom": "le nom d’une personne est écrit",
    "courriel": "une adresse électronique est écrite",
    "telephone": "un numéro de téléphone est écrit",
    "nir": "un numéro de sécurité sociale est écrit",
    "iban": "des coordonnées bancaires sont écrites",
    "chemin": "un chemin de cet ordinateur est écrit",
    "machine": "le nom de l’utilisateur ou de l’ordinateur est écrit",
    "autre_public": "un fichier est fait pour un autre public",
    "etranger": "un fichier n’est connu d’aucune fiche de production",
    "modifie": "un fichier n’est plus celui que sa fiche décrit",
    "illisible": "un fichier ne peut pas être lu, donc pas contrôlé",
    "non_compare": "les chiffres n’ont pas pu être comparés à la version diffusable",
}
"""What can be found, and how it is told."""

_REMEDIES: Mapping[str, str] = {
    "masque": "Retirez ce chiffre du carnet ou du texte, ou écrivez une référence {{...}}, que l’outil masque.",
    "secret": "Retirez ce chiffre du carnet ou du texte, ou écrivez une référence {{...}}, que l’outil masque.",
    "inconnu": "Montrez le chiffre que donne la version diffusable, ou retirez-le.",
    "chemin": "Retirez ce chemin du carnet ou du texte.",
    "machine": "Retirez ce nom du carnet, ou des propriétés du document.",
    "autre_public": "Déplacez ce fichier hors du dossier de ce public, puis relancez « ctgeval construire ».",
    "etranger": "Déplacez ce fichier hors du dossier de ce public, puis relancez « ctgeval construire ».",
    "modifie": "Reproduisez ce bilan : ctgeval construire --force.",
    "illisible": "Retirez ce fichier, ou enregistrez-le dans un format que l’outil lit (HTML, CSV, XLSX, SVG, PNG).",
}
_PERSONS = "Retirez-le des tables ou du texte : écrivez l’organisme et la fonction."
_TOLD = 5


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Something that must not be in a file.

    Parameters
    ----------
    file : str
        Its path below the folder of its readers.
    kind : str
        A key of `KINDS`.
    where : str
        In French: rubric, caption of the table, row, column; or the part of the file.
    what : str
        What was found, disguised (``2****``): a report must not spread what it reports.
    """

    file: str
    kind: str
    where: str
    what: str

    @property
    def blocking(self) -> bool:
        """Whether the page must not go out; a comparison that can't be made is only told."""
        return self.kind != "non_compare"

    def __str__(self) -> str:
        told = f"{self.file} : {KINDS[self.kind]}"
        told += f" ({self.what})" if self.what else ""
        return f"{told}, {self.where}" if self.where else told


def hidden(secret: str) -> str:
    """Return what may be told of something secret: its first sign, then as many stars whatever its length.

    Examples
    --------
    >>> hidden("2 431"), hidden("Claire Durand"), hidden("7")
    ('2****', 'C****', '****')
    """
    plain = re.sub(r"\s", "", secret)
    return f"{plain[0]}****" if len(plain) > 2 else "****"


def blocking(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits that stop a publication."""
    return tuple(hit for hit in hits if hit.blocking)


def refusal(hits: Sequence[Hit]) -> ConfidentialityError:
    """Return the error that stops the publication of a page, with the places and the remedy of the first kind found.

    Parameters
    ----------
    hits : sequence of Hit
        At least one.
    """
    shown = " ; ".join(str(hit) for hit in hits[:_TOLD])
    more = f" ; et {len(hits) - _TOLD} autres" if len(hits) > _TOLD else ""
    return ConfidentialityError(
        f"Ce bilan n’est pas publié : le contrôle de fuite y trouve ce qui ne doit pas sortir. {shown}{more}. "
        "La version précédente, s’il y en a une, reste en place.",
        file=hits[0].file,
        remedy=_REMEDIES.get(hits[0].kind, _PERSONS),
    )
