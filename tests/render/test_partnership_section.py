"""The sections of the partnership and of the workshops, reader by reader, from a release alone."""

from __future__ import annotations

import copy
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES


def summary(year: int, **more: object) -> dict[str, object]:
    base = {"year": year, "partners": 5, "linked": 4, "isolated": 1, "pairs": 4, "possible": 10, "density": 40.0,
            "reason": "", "groups": 1, "core": 1, "actions": 2, "meetings": 1, "joined": None, "left": None,
            "gained": None, "lost": None}  # fmt: skip
    return base | more


def partner(id_: str, links: int, place: str, between: float = 0.0) -> dict[str, object]:
    return {"year": 2024, "id": id_, "nom": f"Organisme {id_}", "type": "", "links": links, "strength": links,
            "actions": 1, "meetings": 1, "betweenness": between, "component": 0, "place": place}  # fmt: skip


LINKS = ("ab", "ac", "ad", "bc")
ROWS = {
    "partnership": [summary(2023, pairs=3, density=30.0), summary(2024, joined=1, left=0, gained=2, lost=1)],
    "partners": [partner("a", 3, "noyau", 0.5), partner("b", 2, "peripherie"), partner("c", 2, "peripherie"),
                 partner("d", 1, "peripherie"), partner("z", 0, "isole")],
    "partner_links": [{"year": 2024, "source": one, "target": two, "weight": 1} for one, two in LINKS],
    "partner_changes": [
        {"year": 2024, "kind": "arrive", "partner": "Organisme d", "other": ""},
        {"year": 2024, "kind": "lien_perdu", "partner": "Organisme b", "other": "Organisme d"},
    ],
    "attendance": [
        {"time_period": "2024", "type": kind, "meetings": 1, "counted": 1, "presences": came, "invitations": 4.0,
         "rate": 25.0 * came, "reason": ""} for kind, came in (("COPIL", 3.0), ("ensemble", 3.0))
    ],
    "partner_attendance": [
        {"year": 2024, "nom": "Organisme z", "invitations": 1, "presences": 0, "rate": 0.0, "invitations_total": 2,
         "presences_total": 0, "last": ""}
    ],
    "meetings": [{"date": "2024-03-01", "type": "COPIL", "subject": "Bilan", "action": "", "invited": 4.0,
                  "present": 3.0, "reason": ""}],
    "workshops": [{"periode": "2024", "jour": "2024-12-31", "date": "2024-10-01", "id": "AT1", "subject": "Le répit",
                   "method": "Carte", "organisations": 2.0, "came": "Organisme a et Organisme b", "contributions": 2,
                   "retenue": 1, "refusee": 0, "en_cours": 0, "en_attente": 1, "actions": 1}],
    "workshop_contributions": [
        {"periode": "2024", "jour": "2024-12-31", "workshop": "AT1", "subject": "Le répit", "date": "2024-10-01",
         "text": "Un lieu.", "state": "retenue", "action_label": "Ouvrir un lieu", "answered": "2024-11-01",
         "reason": "", "waiting": None},
        {"periode": "2024", "jour": "2024-12-31", "workshop": "AT1", "subject": "Le répit", "date": "2024-10-01",
         "text": "Un <b>relais</b>.", "state": "en attente", "action_label": "", "answered": "", "reason": "",
         "waiting": 91.0},
    ],
}  # fmt: skip


@pytest.fixture
def open_(full: SimpleNamespace):
    def opened(audience: str, rows: dict[str, list[dict[str, object]]] = ROWS, period: str = "2024") -> render.Page:
        made = copy.copy(full)
        frames = {name: pd.DataFrame(rows.get(name, []), columns=list(TABLES[name])) for name in ROWS}
        base = full.table
        made.table = lambda name: frames[name] if name in frames else base(name)
        made.audience = audience
        return render.Page(made, periode=period)

    return opened


def plain(fragment: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", str(fragment)).replace("\u202f", " ").replace("\u00a0", " ").split())


def test_the_team_reads_everything(open_) -> None:
    page = open_("interne")
    said = plain(page.partnership())
    assert "En 2024, 4 organismes sur 5 ont travaillé avec d’autres : 4 paires sur 10 possibles, soit 40,0 %, " in said
    assert "contre 30,0 % en 2023" in said
    assert "Sans travail commun en 2024 : Organisme z" in said
    assert "passe dans 50 % des cas par un seul : Organisme a" in said
    assert "2 liens nouveaux, 1 lien de moins" in said
    assert "Ne travaillent plus ensemble : Organisme b et Organisme d" in said
    assert "3 présences pour 4 invitations (1 réunion), soit une assiduité de 75,0 %" in said
    assert "Organisme z (2 invitations)" in said
    assert "Réunion" in said
    alternative = re.search(r'aria-label="([^"]*)"', str(page.partnership()))
    assert alternative is not None
    assert "5 organismes et 4 liens en 2024" in alternative[1].replace("\u00a0", " ")
    workshops = plain(page.workshops())
    assert "1 atelier a recueilli 2 contributions : 1 retenue et 1 sans suite connue" in workshops
    assert "sans suite connue, 91 jours après l’atelier" in workshops
    assert "<b>relais" not in str(page.workshops())


def test_a_year_whose_guests_are_not_named_shows_no_partner_at_zero(open_) -> None:
    unnamed = {"invitations": 0, "presences": 0, "rate": None, "last": "2024-03-01"}
    rows = ROWS | {"partner_attendance": [ROWS["partner_attendance"][0] | unnamed]}
    said = plain(open_("interne", rows).partnership())
    assert "La présence de chaque organisme invité en 2024" not in said
    assert "Dernière présence" in plain(open_("interne").partnership())


def test_the_copil_is_not_told_who_came(open_) -> None:
    page = open_("copil")
    said = plain(page.partnership())
    assert "COPIL : 1 réunion, assiduité de 75,0 % (3 sur 4)" in said
    assert "invitations )" not in said
    assert "Dernière présence" not in said
    assert "Groupes et ateliers" not in said
    assert "Organisme a et Organisme b" not in plain(page.workshops())


def test_inhabitants_read_sentences(open_) -> None:
    page = open_("habitants")
    said = plain(page.partnership())
    assert (
        "En 2024, 4 organismes ont travaillé ensemble, sur 2 actions de la convention. Ils étaient 4 en 2023." in said
    )
    assert "<table" not in str(page.partnership())
    assert "Organisme a" not in said
    assert "Un lieu : c’est dans l’action « Ouvrir un lieu »" in plain(page.workshops())


@pytest.mark.parametrize("audience", ["interne", "copil", "habitants"])
def test_nothing_is_told_in_one_line(open_, audience: str) -> None:
    page = open_(audience, {})
    for fragment in (page.partnership(), page.workshops()):
        assert "Non renseigné" in plain(fragment)
        assert ("À fournir" in plain(fragment)) == (audience == "interne")


@pytest.mark.parametrize("audience", ["interne", "copil", "habitants"])
def test_meetings_alone_and_network_alone_are_told(open_, audience: str) -> None:
    meetings = {name: ROWS[name] for name in ("attendance", "meetings")}
    network = {name: ROWS[name] for name in ("partnership", "partners", "partner_links")}
    reason = {"partnership": [summary(2024, linked=1, possible=0, density=float("nan"), reason="Une densité demande…")]}
    for rows in (meetings, network, reason):
        assert "<h2" in str(open_(audience, rows).partnership())


def test_a_page_of_an_earlier_year_tells_nothing_of_a_later_one(open_) -> None:
    said = plain(open_("interne", period="2023").partnership())
    assert "En 2023" in said
    assert "2024" not in said
    assert "Non renseigné" in plain(open_("interne", period="2023").workshops())
