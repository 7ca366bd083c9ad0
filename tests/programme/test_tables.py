"""The columns of the coordinator's tables are the contract of the dossiers that exist."""

from __future__ import annotations

import pytest

from ctgeval.programme import SCHEMAS

CONTRACT = {
    "cibles": "indicateur* territoire* periode_reference valeur_reference periode_cible* valeur_cible cible_min "
    "cible_max tolerance revisee_le motif",
    "actions": "id* axe* objectif intitule* pilote partenaires public_cible debut fin etat* etat_date* avancement_pct "
    "dispositifs motif lien_preuve",
    "budget": "action* exercice* nature* poste financeur statut* montant*",
    "observations": "mesure* territoire* periode* valeur* source* structure sexe age remarque",
    "journal": "date* action type* texte* a_refaire a_eviter",
}


def test_the_tables_are_those_of_the_contract() -> None:
    assert list(SCHEMAS) == list(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_and_what_is_required_are_those_of_the_contract(name: str) -> None:
    columns = [f"{column.name}{'*' if column.required else ''}" for column in SCHEMAS[name].columns]
    assert columns == CONTRACT[name].split()


@pytest.mark.parametrize("name", CONTRACT)
def test_keys_are_columns_and_every_column_is_explained(name: str) -> None:
    schema = SCHEMAS[name]
    assert set(schema.key) <= {column.name for column in schema.columns}
    for column in schema.columns:
        assert column.help.endswith(".")
        assert bool(column.choices) is (column.kind == "choix")
