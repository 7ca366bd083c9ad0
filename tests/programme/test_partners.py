"""Organisations are recognised however they are written; what they do together is counted year after year."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.programme import partners

Table = Callable[[str, str], pd.DataFrame]

PARTNERS = """\
id;nom;type;territoire;autres_noms
cc;CC du Val;collectivité;;
caf;Caf de l’Ombrenne;Caf;;
msa;MSA de l’Ombrenne;MSA;;
departement;Département de l’Ombrenne;collectivité;;"PMI; service social"
loup;Association « Les P’tits Loups »;association;;
"""
PLAN = """\
id;axe;intitule;pilote;partenaires;etat;etat_date;motif
A01;PE;Micro-crèche;CC, service petite enfance;"caf d'Ombrenne ; MSA";En cours;2022-03-01;
A01;PE;Micro-crèche;;;Réalisée;2023-09-04;
A02;PE;Relais;CC;Caf de l'Ombrenne;En cours;2022-06-01;
A02;PE;Relais;;"Caf de l’Ombrenne; PMI";En cours;2024-02-01;
A03;PE;Maison;CC;Les P'tits Loups;Non engagée;2022-01-01;
A04;PE;Bourse;CC;MSA;En cours;2022-01-01;
A04;PE;Bourse;CC;MSA;Abandonnée;2023-05-01;Local
"""
MEETINGS = """\
id;type;date;invites;presents;partenaires_presents;partenaires_invites
G1;groupe;2024-03-01;3;2;"caf; departement";"caf; departement; msa"
C1;COPIL;2024-06-01;3;3;"cc; caf; msa";"cc; caf; msa"
"""


@pytest.fixture
def known(table: Table) -> partners.Directory:
    return partners.directory(table("partenaires", PARTNERS), signatories=["CC du Val", "MSA de l'Ombrenne"])


@pytest.fixture
def tables(table: Table) -> dict[str, pd.DataFrame]:
    return {
        name: table(name, text)
        for name, text in (("partenaires", PARTNERS), ("actions", PLAN), ("instances", MEETINGS))
    }


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("CC, service petite enfance", ["cc"]),
        ("CAF DE L'OMBRENNE;  msa ", ["caf", "msa"]),
        ("la Caf de l’Ombrenne (conseillère technique)", ["caf"]),
        ("PMI ; Département de l’Ombrenne, service social", ["departement"]),
        ("Association Les P'tits Loups", ["loup"]),
        ("Relais petite enfance – CC", ["cc"]),
        ("Tous les signataires", ["cc", "msa"]),
        ("Mission locale ; mission-locale", ["mission-locale"]),
        ("Mme Durand, Caf", ["caf"]),
        ("Mme Durand", []),
        (" ; — ;", []),
        (float("nan"), []),
    ],
)
def test_a_cell_names_its_organisations(known: partners.Directory, text: object, ids: list[str]) -> None:
    assert [mention.partner.id for mention in known.read(text) if mention.partner] == ids


def test_an_unknown_name_is_an_organisation_of_its_own(known: partners.Directory) -> None:
    (mention,) = known.read("Mission locale, antenne")
    assert mention.partner is not None
    assert (mention.partner.name, mention.partner.listed) == ("Mission locale", False)


def test_an_action_counts_while_it_goes_on_and_the_year_when_it_is_done(tables: dict[str, pd.DataFrame]) -> None:
    # A01 is under way in 2022 and done in 2023; A04 still under way in 2023, when it is given up; A03 never begins.
    assert partners.active(tables["actions"], until=2025) == {
        2022: {"A01", "A02", "A04"},
        2023: {"A01", "A02", "A04"},
        2024: {"A02"},
        2025: {"A02"},
    }
    assert partners.active(tables["actions"].iloc[:0]) == {}


def test_who_took_part_in_what(tables: dict[str, pd.DataFrame], known: partners.Directory) -> None:
    found = partners.affiliations(tables["actions"], tables["instances"], known=known)
    by_event = {key: sorted(group["partner"]) for key, group in found.groupby(["year", "event"])}
    # « caf d'Ombrenne » is not a way of writing « Caf de l’Ombrenne »: it stands apart, and is told.
    assert by_event[2022, "A01"] == ["caf-d-ombrenne", "cc", "msa"]
    assert by_event[2023, "A02"] == ["caf", "cc"]
    assert by_event[2024, "A02"] == ["caf", "cc", "departement"]
    assert by_event[2024, "G1"] == ["caf", "departement"]
    assert (2024, "C1") not in by_event, "a COPIL is no common work"
    everything = partners.affiliations(tables["actions"], tables["instances"], known=known, kinds=("groupe", "COPIL"))
    assert set(everything.loc[everything["kind"].eq("COPIL"), "partner"]) == {"cc", "caf", "msa"}


def test_copilots_of_the_fiche_take_part(tables: dict[str, pd.DataFrame], known, table: Table) -> None:
    fiches = table("fiches", "action;copilotes\nA02;Les P'tits Loups, présidence\n")
    found = partners.affiliations(tables["actions"], tables["instances"], known=known, fiches=fiches)
    # The table says « Association « Les P’tits Loups » »: without its first word it is another name.
    assert "les-p-tits-loups" not in set(found["partner"])
    assert {"cc", "caf", "p-tits-loups"} <= set(found.loc[found["event"].eq("A02"), "partner"])


def test_the_network_of_a_year_holds_those_who_are_isolated(tables: dict[str, pd.DataFrame], known) -> None:
    met = partners.affiliations(tables["actions"], tables["instances"], known=known)
    names = {id_: other.name for id_, other in partners.others(tables, known).items()}
    last = partners.network(met, known, year=2024, names=names)
    # 2024: A02 links cc, caf and departement (3 pairs), G1 links caf and departement again; 5 partners, 10 pairs.
    assert last.links == {("caf", "cc"): 1, ("caf", "departement"): 2, ("cc", "departement"): 1}
    assert last.density == pytest.approx(0.3)
    assert last.isolated == ("loup", "msa")
    whole = partners.network(met, known, names=names)
    assert whole.links["caf", "cc"] == 1, "an action that lasted three years is one occasion"
    assert whole.names["caf-d-ombrenne"] == "caf d'Ombrenne"


def test_what_is_not_recognised_is_told_once_with_its_place_and_the_near_names(tables, known) -> None:
    found = partners.problems(tables, known)
    told = {problem.value: problem for problem in found}
    near = told["caf d'Ombrenne"]
    assert (near.file, near.row, near.column) == ("actions.csv", 2, "partenaires")
    assert "Caf de l’Ombrenne" in near.remedy
    assert "Association « Les P’tits Loups »" in told["Les P'tits Loups"].remedy
    assert {problem.severity for problem in found} == {"avertissement"}
    assert len(found) == 2


def test_names_of_persons_are_told_and_shown_nowhere(table: Table) -> None:
    with pytest.raises(AssertionError, match="nom de personne"):
        # A column of names is refused whole, before it is read.
        table("partenaires", "id;nom\ncc;CC\ndupont;M. Dupont\n")
    listed = table("partenaires", "id;nom\ncc;CC\ndupont;M. Dupont\nmarie;École Marie Curie\nmsa;MSA\n")
    known = partners.directory(listed)
    plan = "id;axe;intitule;pilote;partenaires;etat;etat_date\n" + "".join(
        f"A{rank};PE;Action {rank};{pilot};;En cours;2022-03-01\n"
        for rank, pilot in enumerate(["CC, service enfance", "CC", "CC, Claire Martin", "École Marie Curie", "CC"])
    )
    tables = {"partenaires": listed, "actions": table("actions", plan)}
    found = {(problem.file, problem.row, problem.column) for problem in partners.problems(tables, known)}
    assert found == {("partenaires.csv", 3, "nom"), ("actions.csv", 4, "pilote")}
    met = partners.affiliations(tables["actions"], pd.DataFrame(columns=["id", "type", "date"]), known=known)
    shown = partners.network(met, known, names={}).table()
    assert not shown["nom"].str.contains("Dupont|Martin").any()
    assert partners.NAMELESS in set(shown["nom"])
    messages = " ".join(str(problem) for problem in partners.problems(tables, known))
    assert "Dupont" not in messages.replace("Marie Curie", "")
    assert "Martin" not in messages


def test_two_partners_of_one_name_are_told(table: Table) -> None:
    listed = table("partenaires", "id;nom;autres_noms\ncaf;Caf;\ncaf2;CAF;\nx;Relais;caf\n")
    found = partners.problems({"partenaires": listed}, partners.directory(listed))
    assert [(problem.row, problem.column) for problem in found] == [(3, "nom"), (4, "autres_noms")]


def test_an_empty_table_of_partners_is_told_once(tables: dict[str, pd.DataFrame]) -> None:
    bare = tables | {"partenaires": tables["partenaires"].iloc[:0]}
    found = partners.problems(bare, partners.directory(bare["partenaires"]))
    assert len(found) == 1
    assert "est vide" in found[0].message
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    assert partners.problems(empty, partners.directory(empty["partenaires"])) == []
    met = partners.affiliations(empty["actions"], empty["instances"], known=partners.directory(empty["partenaires"]))
    assert met.empty
    assert partners.network(met, partners.directory(empty["partenaires"]), names={}).nodes == ()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=30), max_size=6))
def test_no_cell_breaks_the_reading(texts: list[str]) -> None:
    frame = pd.DataFrame({"id": ["cc", "caf"], "nom": ["CC", "Caf"], "type": None, "territoire": None})
    known = partners.directory(frame)
    cell = ";".join(texts)
    found = known.read(cell)
    assert len({mention.partner.id for mention in found if mention.partner}) == len(
        [mention for mention in found if mention.partner]
    )
    plan = pd.DataFrame({"pilote": [cell], "partenaires": [None], "origin": ["actions.csv!!2"]})
    assert all(
        problem.severity == "avertissement"
        for problem in partners.problems({"partenaires": frame, "actions": plan}, known)
    )
