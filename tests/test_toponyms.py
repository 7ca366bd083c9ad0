"""Names of territories inside a sentence."""

from __future__ import annotations

import pytest

from ctgeval import toponyms


@pytest.mark.parametrize(
    ("name", "of", "inside"),
    [
        ("CC du Civraisien en Poitou", "de la CC du Civraisien en Poitou", "dans la CC du Civraisien en Poitou"),
        ("CA Grand Châtellerault", "de la CA Grand Châtellerault", "dans la CA Grand Châtellerault"),
        ("Grand Poitiers", "de Grand Poitiers", "à Grand Poitiers"),
        ("Poitiers", "de Poitiers", "à Poitiers"),
        ("Ayron", "d’Ayron", "à Ayron"),
        ("Écuillé", "d’Écuillé", "à Écuillé"),
        ("Œuilly", "d’Œuilly", "à Œuilly"),
        ("Yvetot", "d’Yvetot", "à Yvetot"),
        ("Yutz", "de Yutz", "à Yutz"),
        ("Hyères", "d’Hyères", "à Hyères"),
        ("Honfleur", "de Honfleur", "à Honfleur"),
        ("Le Blanc", "du Blanc", "au Blanc"),
        ("Les Herbiers", "des Herbiers", "aux Herbiers"),
        ("La Rochelle", "de La Rochelle", "à La Rochelle"),
        ("L'Isle-Jourdain", "de L'Isle-Jourdain", "à L'Isle-Jourdain"),
        ("Lésigny", "de Lésigny", "à Lésigny"),
        ("Département de la Vienne", "du département de la Vienne", "dans le département de la Vienne"),
        ("Ancienne CC du Gençay", "de l’ancienne CC du Gençay", "dans l’ancienne CC du Gençay"),
        ("Métropole de Lyon", "de la Métropole de Lyon", "dans la Métropole de Lyon"),
        ("France", "de la France", "en France"),
    ],
)
def test_a_place_or_a_kind_of_territory(name: str, of: str, inside: str) -> None:
    assert toponyms.of_territory(name) == of
    assert toponyms.in_territory(name) == inside


@pytest.mark.parametrize(
    ("name", "level", "of", "inside"),
    [
        ("Vienne", "DEP", "de la Vienne", "dans la Vienne"),
        ("Vienne", "COM", "de Vienne", "à Vienne"),
        ("Ain", "DEP", "de l’Ain", "dans l’Ain"),
        ("Côtes-d’Armor", "DEP", "des Côtes-d’Armor", "dans les Côtes-d’Armor"),
        ("Paris", "DEP", "de Paris", "à Paris"),
        ("La Réunion", "REG", "de La Réunion", "à La Réunion"),
        ("Nouvelle-Aquitaine", "REG", "de Nouvelle-Aquitaine", "en Nouvelle-Aquitaine"),
        ("Île-de-France", "REG", "d’Île-de-France", "en Île-de-France"),
        ("Grand Est", "REG", "du Grand Est", "dans le Grand Est"),
        ("Pays de Belvès", "COM", "de Pays de Belvès", "à Pays de Belvès"),
    ],
)
def test_the_level_tells_a_departement_from_a_town(name: str, level: str, of: str, inside: str) -> None:
    assert toponyms.of_territory(name, level=level) == of
    assert toponyms.in_territory(name, level=level) == inside
