"""The block of data of a page: what the sheet tells, in the words of schema.org, and no markup."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import PeriodError
from ctgeval.report import linked
from ctgeval.report.plan import Job

JOB = Job(bilan="essai", audience="copil", partner="", territoire="EPCI-1", periode="2021-S1", etat="brouillon",
          formats=("html",), fictional=False)  # fmt: skip
SOURCE = {
    "cle": "pop", "titre": "Populations légales", "producteur": "Insee", "licence": "Licence Ouverte 2.0",
    "mise_a_jour": "2023-12-29", "diffusion": "ouverte", "fichier": "population.csv", "empreinte": "ab",
}  # fmt: skip
TOLD: dict[str, Any] = {
    "titre": "Bilan", "nom": "CC", "ctg": "Convention", "version": "Document de travail", "mention": "",
    "date": "2026-01-15", "cle": "c1e", "sources": [SOURCE],
}  # fmt: skip


def test_a_bilan_says_what_it_is_about_and_on_what_it_stands() -> None:
    assert linked.described(JOB, TOLD) == {
        "@context": "https://schema.org",
        "@type": "Report",
        "name": "Bilan",
        "inLanguage": "fr",
        "identifier": "c1e",
        "dateModified": "2026-01-15",
        "version": "Document de travail",
        "creativeWorkStatus": "Draft",
        "temporalCoverage": "2021-01-01/2021-06-30",
        "spatialCoverage": {"@type": "AdministrativeArea", "name": "CC", "identifier": "EPCI-1"},
        "isPartOf": {"@type": "CreativeWork", "name": "Convention"},
        "isBasedOn": [
            {
                "@type": "DataCatalog",
                "publisher": {"@type": "Organization", "name": "Insee"},
                "license": "Licence Ouverte 2.0",
                "dataset": [{"@type": "Dataset", "name": "Populations légales", "dateModified": "2023-12-29"}],
            }
        ],
    }


def test_what_is_not_known_is_left_out_and_a_fiction_is_told() -> None:
    bare = {**SOURCE, "titre": "", "producteur": "", "licence": "", "mise_a_jour": ""}
    told = linked.described(replace(JOB, etat="publie"), {**TOLD, "sources": [bare], "mention": "Territoire fictif"})
    assert told["isBasedOn"] == [{"@type": "DataCatalog", "dataset": [{"@type": "Dataset", "name": "pop"}]}]
    assert told["description"] == "Territoire fictif"
    assert told["creativeWorkStatus"] == "Published"
    assert "isBasedOn" not in linked.described(JOB, {**TOLD, "sources": []})


def test_a_producer_and_a_licence_are_told_once() -> None:
    other = {**SOURCE, "titre": "Filosofi"}
    told = linked.described(JOB, {**TOLD, "sources": [SOURCE, other, {**other, "licence": ""}]})
    assert [len(one["dataset"]) for one in told["isBasedOn"]] == [2, 1]


def test_no_path_and_no_fingerprint_of_a_file_is_told() -> None:
    assert "population.csv" not in linked.block(JOB, TOLD)
    assert '"ab"' not in linked.block(JOB, TOLD)


@given(st.text())
def test_no_markup_can_begin_or_end_in_it(name: str) -> None:
    block = linked.block(JOB, {**TOLD, "nom": name, "titre": f"</script><!--{name}&amp;"})
    assert not set("<>&") & set(block)
    assert json.loads(block)["name"] == f"</script><!--{name}&amp;"
    assert json.loads(block)["spatialCoverage"].get("name", "") == name


def test_a_period_that_is_none_is_refused() -> None:
    with pytest.raises(PeriodError):
        linked.described(replace(JOB, periode="hier"), TOLD)
