"""A package of open data says what the specification asks, in its words, and is made of a public bilan only."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from typing import Any

import pytest

from ctgeval.errors import ParameterError
from ctgeval.report.formats import making, package, tables
from tests.report.formats.pages import SOURCE, around, job
from tests.report.formats.test_tables import CONTENT

NAME = re.compile(r"[-a-z0-9._/]+")
TYPES = {"string", "number", "integer", "boolean", "year", "date"}


def described(**context: Any) -> dict[str, Any]:
    made = package.made(around(CONTENT, **context))
    return json.loads(made[0].data)


def test_it_says_what_the_tabular_data_package_asks() -> None:
    """Frictionless Data, *Tabular Data Package* and *Data Package*, version 1: what is required, and the patterns."""
    told = described()

    assert told["profile"] == "tabular-data-package"
    assert NAME.fullmatch(told["name"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["created"])
    assert told["resources"]
    assert len({one["name"] for one in told["resources"]}) == len(told["resources"])
    for licence in told["licenses"]:
        assert re.fullmatch(r"[-a-zA-Z0-9._]+", licence["name"])
        assert licence["path"].startswith("https://")
    assert all(source["title"] for source in told["sources"])
    assert all(isinstance(word, str) for word in told["keywords"])


def test_each_resource_says_what_the_tabular_data_resource_asks() -> None:
    made = package.made(around(CONTENT))
    files = {one.name: one.data for one in made[1:]}

    for one in json.loads(made[0].data)["resources"]:
        data = files[one["path"]]
        assert one["profile"] == "tabular-data-resource"
        assert NAME.fullmatch(one["name"])
        assert not one["path"].startswith(("/", ".", "~"))
        assert one["bytes"] == len(data)
        assert one["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert one["encoding"] == "utf-8"
        assert one["mediatype"] == "text/csv"
        assert set(one["dialect"]) <= {
            "csvddfVersion", "delimiter", "lineTerminator", "quoteChar", "doubleQuote", "escapeChar", "nullSequence",
            "skipInitialSpace", "header", "commentChar", "caseSensitiveHeader",
        }  # fmt: skip
        assert one["schema"]["fields"]
        assert len(set(one["schema"]["missingValues"])) == len(one["schema"]["missingValues"])


def test_each_file_is_what_its_schema_says() -> None:
    """A reader of the package, following nothing but what is written there, gets the values."""
    made = package.made(around(CONTENT))
    files = {one.name: one.data for one in made[1:]}

    for one in json.loads(made[0].data)["resources"]:
        text = files[one["path"]].decode("utf-8-sig")
        assert text.endswith(one["dialect"]["lineTerminator"])
        header, *rows = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=one["dialect"]["delimiter"],
            quotechar=one["dialect"]["quoteChar"],
            doublequote=one["dialect"]["doubleQuote"],
        )
        fields = one["schema"]["fields"]
        assert [field["name"] for field in fields] == header
        for row in rows:
            for field, cell in zip(fields, row, strict=True):
                if cell not in one["schema"]["missingValues"]:
                    typed(cell, field)


def typed(cell: str, field: dict[str, Any]) -> object:
    assert field["type"] in TYPES
    if field["type"] == "number":
        return float(cell.replace(field.get("decimalChar", "."), "."))
    if field["type"] == "year":
        assert re.fullmatch(r"\d{4}", cell)
    return int(cell) if field["type"] in {"integer", "year"} else cell


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
