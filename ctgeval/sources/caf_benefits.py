"""Cafdata: its benefits, by the code of a column (``Nombre foyers RSA``, ``indfoy_rsa``) or by the name in a cell."""

from __future__ import annotations

import re

from ctgeval.sources.text import loose

__all__ = ["BENEFITS", "benefit_of", "figure_of"]

BENEFITS: dict[str, dict[str, str]] = {
    "foyers": {
        "ndur": "foyers_allocataires",
        "rsa": "foyers_rsa",
        "ppa": "foyers_prime_activite",
        "aah": "foyers_aah",
        "aeeh": "foyers_aeeh",
        "ndural": "foyers_aide_logement",
        "apl": "foyers_apl",
        "alf": "foyers_alf",
        "als": "foyers_als",
        "af": "foyers_allocations_familiales",
        "cf": "foyers_complement_familial",
        "asf": "foyers_asf",
        "ars": "foyers_ars",
        "ndurpaje": "foyers_paje",
        "ab": "foyers_paje_base",
        "cmg": "foyers_cmg",
        "prepare": "foyers_prepare",
    },
    "personnes": {
        "ndur": "personnes_couvertes_caf",
        "rsa": "personnes_rsa",
        "ppa": "personnes_prime_activite",
        "aah": "personnes_aah",
        "ndural": "personnes_aide_logement",
    },
    "montant": {
        "ndur": "montant_prestations_caf",
        "rsa": "montant_rsa",
        "ppa": "montant_prime_activite",
        "aah": "montant_aah",
        "ndural": "montant_aide_logement",
        "af": "montant_allocations_familiales",
        "cmg": "montant_cmg",
    },
}
_KINDS = {
    "foyers": r"(?:nombre (?:de |des )?foyers(?: allocataires)?|indfoy)",
    "personnes": r"(?:nombre (?:de |des )?personnes(?: couvertes)?|indnbp)",
    "montant": r"(?:montants? (?:total|totaux)(?: verse)?|indmtt)",
}
_HEADERS = {kind: re.compile(rf"{words}(?: (\w+))?") for kind, words in _KINDS.items()}
_LONG_NAMES = {
    "toutes prestations": "ndur",
    "au moins une prestation": "ndur",
    "revenu de solidarite active": "rsa",
    "prime d'activite": "ppa",
    "allocation aux adultes handicapes": "aah",
    "allocation d'education de l'enfant handicape": "aeeh",
    "aides au logement": "ndural",
    "aide personnalisee au logement": "apl",
    "allocation de logement familiale": "alf",
    "allocation de logement sociale": "als",
    "allocations familiales": "af",
    "complement familial": "cf",
    "allocation de soutien familial": "asf",
    "allocation de rentree scolaire": "ars",
    "prestation d'accueil du jeune enfant": "ndurpaje",
    "allocation de base": "ab",
    "complement de libre choix du mode de garde": "cmg",
}


def figure_of(header: str) -> tuple[str, str] | None:
    """Return what a column holds: ``foyers``, ``personnes`` or ``montant``, and the code of a benefit, empty when none.

    Examples
    --------
    >>> figure_of("Nombre foyers NDURAL")
    ('foyers', 'ndural')
    """
    for kind, form in _HEADERS.items():
        match = form.fullmatch(loose(header))
        if match is not None:
            return kind, match[1] or ""
    return None


def benefit_of(cell: str) -> str:
    """Return the code of the benefit that a cell names: ``RSA``, ``Revenu de solidarité active (RSA)``."""
    text = loose(cell).replace("’", "'")
    inside = re.search(r"\((\w+)\)", text)
    short = inside[1] if inside else text
    return _LONG_NAMES.get(re.sub(r"\s*\(.*\)", "", text), short)
