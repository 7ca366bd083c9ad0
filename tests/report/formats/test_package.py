"""A package of open data says what the specification asks, in its words, and is made of a public bilan only."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ctgeval.errors import ParameterError
from ctgeval.report.formats import making, package, tables
from tests.report.formats import frictionless
from tests.report.formats.pages import SOURCE, around, job
from tests.report.formats.test_tables import CONTENT


def described(**context: Any) -> dict[str, Any]:
    made = package.made(around(CONTENT, **context))
    return json.loads(made[0].data)


def test_it_is_what_the_specification_asks_and_its_files_are_what_it_says() -> None:
    made = package.made(around(CONTENT))
    told = json.loads(made[0].data)

    frictionless.package(told, {one.name: one.data for one in made[1:]})
    assert [one["path"] for one in told["resources"]] == [one.name for one in made[1:]]


def test_it_tells_the_licence_the_source_the_date_the_territory_and_the_period() -> None:
    told = described()

    assert told["licenses"] == [
        {
            "name": "etalab-2.0",
            "path": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
            "title": "Licence Ouverte 2.0",
        }
    ]
    assert told["sources"] == [
        {
            "title": "Comptages d’essai",
            "organization": "Producteur d’essai",
            "updated": "2026-01-05",
            "license": "Licence Ouverte 2.0",
        }
    ]
    assert told["created"] == "2026-11-28T00:00:00Z"
    assert told["territory"] == {"code": "EPCI-1", "name": "CC d’essai"}
    assert told["period"] == "2025"
    assert "communes et territoires au 1er janvier 2025" in told["description"]


@pytest.mark.parametrize(
    ("licences", "names"),
    [
        (("Licence Ouverte 2.0", "ODbL 1.0"), ["ODbL-1.0", "etalab-2.0"]),
        (("Licence Ouverte 2.0 (ODbL par COGugaison)",), ["ODbL-1.0", "etalab-2.0"]),
        (("Données fictives – CC0",), ["CC0-1.0"]),
    ],
)
def test_the_licences_of_all_sources_hold(licences: tuple[str, ...], names: list[str]) -> None:
    told = described(sources=[SOURCE | {"licence": one} for one in licences])

    assert [one["name"] for one in told["licenses"]] == names


def test_no_licence_is_invented_for_a_source_that_has_none() -> None:
    told = described(sources=[SOURCE, SOURCE | {"titre": "Comptages internes", "licence": ""}])

    assert "licenses" not in told
    assert told["description"].endswith("Chaque source garde sa licence.")


@pytest.mark.parametrize("audience", ["interne", "cotech", "copil", "partenaire"])
def test_a_bilan_that_is_not_public_is_not_open_data(audience: str) -> None:
    with pytest.raises(ParameterError, match="pas ouvert à tout le monde"):
        package.made(around(CONTENT, audience=audience))


def test_a_bilan_without_tables_has_nothing_to_open() -> None:
    with pytest.raises(ParameterError, match="aucun tableau"):
        package.made(around("<p>Rien.</p>"))


def test_asked_with_the_tables_their_files_are_made_once() -> None:
    document = around(CONTENT, job=job(audience="habitants"))
    made = making.made(("datapackage", "csv"), document)

    assert [name for name, _ in made] == ["csv"] * 4 + ["datapackage"]
    assert {one.name for _, one in made} >= {one.name for one in package.made(document)}
    assert {one.name for one in tables.csv(document)} <= {one.name for _, one in made}
    assert len(making.made(("datapackage",), document)) == 3
