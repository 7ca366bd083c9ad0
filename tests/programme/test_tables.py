"""The columns of the coordinator's tables are the contract of the dossiers that exist."""

from __future__ import annotations

import pytest

from ctgeval.programme import SCHEMAS

CONTRACT = {
    "cibles": "indicateur* territoire* periode_reference valeur_reference periode_cible* valeur_cible cible_min "
    "cible_max tolerance revisee_le motif",
    "actions": "id* axe* objectif intitule* pilote partenaires public_cible debut fin etat* etat_date* avancement_pct "
    "dispositifs motif lien_preuve",
    "jalons": "action* intitule* prevu_le* realise_le",
    "budget": "action* exercice* nature* poste financeur statut* montant*",
    "partenaires": "id* nom* type territoire",
    "instances": "id* type* date* invites presents partenaires_presents sujet",
    "participation": "id* action date* type* niveau presences personnes_distinctes tranche_age sexe secteur",
    "propositions": "id* origine* date* texte* suite reponse_le motif",
    "communication": "canal* periode* mesure* valeur*",
    "observations": "mesure* territoire* periode* valeur* source* structure sexe age remarque",
    "journal": "date* action type* texte* a_refaire a_eviter",
    "recommandations": "id* date* origine* texte* etat* instance decidee_le",
}
"""Tables and columns of the contract; the house adds tables, and columns after these."""
ADDED = {"fiches", "liens", "contributions", "evenements", "jugements"}


def test_the_tables_are_those_of_the_contract_and_a_few_more() -> None:
    assert set(SCHEMAS) == set(CONTRACT) | ADDED


@pytest.mark.parametrize("name", CONTRACT)
def test_columns_and_what_is_required_begin_as_the_contract_says(name: str) -> None:
    columns = [f"{column.name}{'*' if column.required else ''}" for column in SCHEMAS[name].columns]
    expected = CONTRACT[name].split()
    assert columns[: len(expected)] == expected
    assert not any(column.endswith("*") for column in columns[len(expected) :])


@pytest.mark.parametrize("name", SCHEMAS)
def test_keys_are_columns_and_every_column_is_explained(name: str) -> None:
    schema = SCHEMAS[name]
    assert set(schema.key) <= {column.name for column in schema.columns}
    for column in schema.columns:
        assert column.help.endswith(".")
        assert bool(column.choices) is (column.kind == "choix")
