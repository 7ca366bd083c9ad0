"""Names of territories inside a sentence: ``de la CC du Civraisien``, ``d’Ayron``, ``au Blanc``, ``dans la Vienne``."""

from __future__ import annotations

import re

from ctgeval.prose import APOSTROPHE, fold

__all__ = ["in_territory", "of_territory"]

# What names a kind of territory rather than a place: « la CC … », « le département … », « l’arrondissement … ».
_HEADS = {
    "la": (
        "cc", "ca", "cu", "communaute", "commune", "metropole", "region", "ville", "collectivite", "zone",
    ),
    "le": (
        "departement", "territoire", "groupement", "secteur", "canton", "syndicat", "pays", "bassin", "petr",
        "quartier", "reste",
    ),
    "l": (
        "ancienne", "ancien", "agglomeration", "arrondissement", "ensemble", "epci", "eurometropole",
        "intercommunalite", "union", "etablissement",
    ),
    "les": (
        "communes", "territoires", "autres",
    ),
}  # fmt: skip
_ARTICLE_OF_HEAD = {head: article for article, heads in _HEADS.items() for head in heads}
# Common nouns lose their capital in a sentence; acronyms and proper names keep theirs.
_LOWERED = frozenset({
    "ancien", "ancienne", "arrondissement", "autres", "canton", "commune", "communes", "communaute", "departement",
    "ensemble", "groupement", "quartier", "region", "reste", "secteur", "ville", "zone",
})  # fmt: skip

# Départements and régions by the article of their name (Insee's « type de nom en clair »); others take no article.
_ARTICLES = {
    "le": (
        "Bas-Rhin", "Calvados", "Cantal", "Cher", "Doubs", "Finistère", "Gard", "Gers", "Haut-Rhin", "Jura",
        "Loir-et-Cher", "Loiret", "Lot", "Lot-et-Garonne", "Maine-et-Loire", "Morbihan", "Nord", "Pas-de-Calais",
        "Puy-de-Dôme", "Rhône", "Tarn", "Tarn-et-Garonne", "Territoire de Belfort", "Val-d'Oise", "Val-de-Marne",
        "Var", "Vaucluse", "Grand Est", "Centre-Val de Loire",
    ),
    "les": (
        "Alpes-de-Haute-Provence", "Alpes-Maritimes", "Ardennes", "Bouches-du-Rhône", "Côtes-d'Armor",
        "Deux-Sèvres", "Hautes-Alpes", "Hauts-de-Seine", "Hautes-Pyrénées", "Landes", "Pyrénées-Atlantiques",
        "Pyrénées-Orientales", "Vosges", "Yvelines", "Hauts-de-France", "Pays de la Loire",
    ),
    "l": (
        "Ain", "Aisne", "Allier", "Ardèche", "Ariège", "Aube", "Aude", "Aveyron", "Essonne", "Eure", "Eure-et-Loir",
        "Hérault", "Ille-et-Vilaine", "Indre", "Indre-et-Loire", "Isère", "Oise", "Orne", "Yonne",
    ),
    "la": (
        "Charente", "Charente-Maritime", "Corrèze", "Corse-du-Sud", "Côte-d'Or", "Creuse", "Dordogne", "Drôme",
        "Gironde", "Haute-Corse", "Haute-Garonne", "Haute-Loire", "Haute-Marne", "Haute-Saône", "Haute-Savoie",
        "Haute-Vienne", "Loire", "Loire-Atlantique", "Lozère", "Manche", "Marne", "Mayenne", "Meurthe-et-Moselle",
        "Meuse", "Moselle", "Nièvre", "Sarthe", "Savoie", "Seine-et-Marne", "Seine-Maritime", "Seine-Saint-Denis",
        "Somme", "Vendée", "Vienne",
    ),
    "en": (
        "Auvergne-Rhône-Alpes", "Bourgogne-Franche-Comté", "Bretagne", "Corse", "Guadeloupe", "Guyane",
        "Île-de-France", "Martinique", "Normandie", "Nouvelle-Aquitaine", "Occitanie", "Provence-Alpes-Côte d'Azur",
    ),
}  # fmt: skip
_ARTICLE_OF_NAME = {fold(name): article for article, names in _ARTICLES.items() for name in names}

_OF = {"le": "du ", "les": "des ", "la": "de la ", "l": f"de l{APOSTROPHE}"}
_IN = {"le": "dans le ", "les": "dans les ", "la": "dans la ", "l": f"dans l{APOSTROPHE}"}
_WRITTEN_ARTICLE = re.compile(r"(Les?) (?=\S)")


def of_territory(name: str, *, level: str = "") -> str:
    """Write « de » before the name of a territory.

    Parameters
    ----------
    name : str
        ``CC du Civraisien en Poitou``, ``Poitiers``, ``Le Blanc``, ``Vienne``.
    level : str
        ``DEP`` or ``REG`` when the name is that of a département or a région: Vienne is then « de la Vienne ».

    Examples
    --------
    >>> of_territory("Ayron"), of_territory("Le Blanc"), of_territory("Vienne", level="DEP")
    ('d’Ayron', 'du Blanc', 'de la Vienne')
    """
    article = _article(name, level)
    if article in _OF:
        return f"{_OF[article]}{_lowered(name)}"
    if name == "France":
        return "de la France"
    written = _WRITTEN_ARTICLE.match(name)
    if written:
        return ("du " if written[1] == "Le" else "des ") + name[written.end() :]
    return f"d{APOSTROPHE}{name}" if _elides(name) else f"de {name}"


def in_territory(name: str, *, level: str = "") -> str:
    """Write « à », « dans » or « en » before the name of a territory (see `of_territory`).

    Examples
    --------
    >>> in_territory("Poitiers"), in_territory("Les Herbiers"), in_territory("CC du Haut-Poitou")
    ('à Poitiers', 'aux Herbiers', 'dans la CC du Haut-Poitou')
    """
    article = _article(name, level)
    if article in _IN:
        return f"{_IN[article]}{_lowered(name)}"
    if article == "en" or name == "France":
        return f"en {name}"
    written = _WRITTEN_ARTICLE.match(name)
    if written:
        return ("au " if written[1] == "Le" else "aux ") + name[written.end() :]
    return f"à {name}"


def _article(name: str, level: str) -> str:
    folded = fold(name)
    if level in {"DEP", "REG"}:
        return _ARTICLE_OF_NAME.get(folded, "")
    if level == "COM":
        return ""
    # A single word (« Commune ») may be the name of a place; a kind of territory is always followed by its name.
    head, _, rest = folded.partition(" ")
    return _ARTICLE_OF_HEAD.get(head, "") if rest else ""


def _lowered(name: str) -> str:
    return name[0].lower() + name[1:] if fold(name).partition(" ")[0] in _LOWERED else name


def _elides(name: str) -> bool:
    folded = fold(name)
    # An h is aspirated in most places whose name is Germanic or begins by Haut (Ha, Ho, Hu), mute in the others.
    return bool(re.match(r"[aeiou]|h[eiy]|y[^aeiouy]", folded))
