from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace

import pandas as pd
import pytest

from ctgeval import render
from ctgeval.errors import PeriodError, UnknownIndicator, UnknownTerritory
from ctgeval.render import wording
from tests.render.conftest import FakeRelease

Open = Callable[..., render.Page]
NNBSP, NBSP = "\u202f", "\u00a0"
BILAN = (
    "title", "key_figures", "convention", "context", "notices", "progress", "results", "actions", "budget",
    "journal", "limits", "sources", "confidentiality", "glossary",
)  # fmt: skip
VOID = {"br", "hr"}


def plain(fragment: object) -> str:
    text = re.sub(r"<[^>]+>", " ", str(fragment))
    return " ".join(text.replace(NNBSP, " ").replace(NBSP, " ").split())


def whole(page: render.Page) -> str:
    parts = [str(getattr(page, name)()) for name in BILAN]
    return "\n".join([*parts, *(str(page.text(one)) for one in ("synthese", "enseignements", "perspectives"))])


class Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.attributes: set[str] = set()
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.opened.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "aria-labelledby":
                self.references.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "path"
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


@pytest.fixture(scope="module")
def everything(full: SimpleNamespace) -> str:
    return whole(render.Page(full, periode="2024"))


@pytest.fixture(scope="module")
def parsed(everything: str) -> Balance:
    found = Balance()
    found.feed(everything)
    found.close()
    return found


def test_html_is_balanced_and_its_identifiers_are_unique(parsed: Balance) -> None:
    assert parsed.opened == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.references) <= set(parsed.ids)


def test_nothing_needs_a_style_or_a_script(parsed: Balance, everything: str) -> None:
    assert "style" not in parsed.attributes
    assert not any(name.startswith("on") for name in parsed.attributes)
    assert not re.search(r"<(script|style|iframe|object|link|img)\b", everything)
    assert "javascript:" not in everything


def test_headings_skip_no_level_and_h1_is_alone(parsed: Balance) -> None:
    assert parsed.headings[0] == 1
    assert parsed.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(parsed.headings, parsed.headings[1:], strict=False))


def test_bilan_stays_light(everything: str) -> None:
    assert len(everything.encode()) < 130_000


def test_same_release_gives_the_same_bytes(full: SimpleNamespace, everything: str) -> None:
    assert whole(render.Page(full, periode="2024")) == everything


def test_hostile_names_stay_text(everything: str) -> None:
    assert "<b>Loire" not in everything
    assert "&lt;script&gt;" in everything


def test_title_says_bilan_period_territory_and_fiction(page: Open) -> None:
    title = plain(page(periode="2024").title())
    assert title.startswith("Bilan annuel 2024 de la CC des Trois Vallées d’Aubrelle (territoire fictif)")


def test_key_figures_put_reste_a_charge_first(page: Open) -> None:
    html = str(page(periode="2024").key_figures())
    assert 5 <= html.count('<li class="chiffre') <= 8
    said = plain(html)
    assert said.index("Reste à charge") < said.index("Taux de couverture")
    assert "114 924 €" in said
    assert "en hausse de 13 324 € depuis 2023" in said
    assert "54,7 places pour 100 enfants de moins de 3 ans 6,5 places de plus qu’en 2019" in said
    assert "↗ en progrès (cible 2026 : 60,0)" in said
    assert "2024 · Cnaf · provisoire" in said


def test_planned_year_is_not_compared_with_a_carried_out_one(page: Open) -> None:
    said = plain(page(periode="2025").key_figures())
    assert "2025 · budget de la convention (prévisionnel)" in said
    assert "depuis 2024" not in said.partition("Actions engagées")[0]


def test_masked_key_figure_shows_no_earlier_number_in_its_place(page: Open) -> None:
    card = plain(page(periode="2024").key_figures()).partition("Demandes d’accueil")[2]
    assert "non diffusable" in card
    assert "24" not in card.partition("2024")[0].replace("2026", "")


def test_period_hides_what_comes_after(page: Open) -> None:
    said = plain(page(periode="2022").indicator("PE01"))
    assert "2022" in said
    assert "2023" not in said


def test_context_shows_every_comparator_and_the_base(page: Open) -> None:
    said = plain(page().context())
    for name in ("CC du Plateau", "CA d’Orbec", "Val-Fictif"):
        assert name in said
    assert "base 100 en 2006" in said
    assert "Une médiane ne s’additionne pas." in said
    assert "La population vieillit." in said


def test_members_show_both_marks_and_their_legend(page: Open) -> None:
    html = str(page().members("PE07"))
    assert html.count('scope="row"') == 35
    assert "marque-masque" in html
    assert "marque-absent" in html
    assert "Retour du partenaire non reçu." in html


def test_progress_shows_each_target_with_its_verdict(page: Open) -> None:
    said = plain(page().progress())
    assert "1 dépasse sa cible, 1 progresse vers sa cible, 1 recule et 1 n’est pas évaluable" in said
    assert "entre 200 et 220 (2026)" in said
    assert "sans objet" in said
    assert "131 %" in said


def test_actions_tell_states_delays_and_reasons(page: Open) -> None:
    said = plain(page(periode="2024").actions())
    assert said.count("faute de local disponible") == 3
    assert "ont dépassé leur date de fin" in said
    assert "sont abandonnées" in said


def test_budget_gives_reste_a_charge_by_year_and_receipts_by_funder(page: Open) -> None:
    said = plain(page(periode="2024").budget())
    assert "En 2024, le reste à charge de la collectivité est de 114 924 €" in said
    assert "Caf de Fiction" in said
    assert "2025" not in said


def test_journal_keeps_to_its_period(page: Open) -> None:
    assert "LAEP" in plain(page(periode="2024").journal())
    assert "LAEP" not in plain(page(periode="2023").journal())


def test_author_text_is_cleaned_and_set_under_the_section(page: Open) -> None:
    html = str(page().text("synthese"))
    assert "<h3>Une année <em>charnière</em></h3>" in html
    assert "<script" not in html
    assert 'href="https://example.org"' in html
    assert "javascript" not in html


def test_empty_section_says_so_and_tells_what_to_provide_only_inside(page: Open, full: SimpleNamespace) -> None:
    for audience, told in (("copil", False), ("interne", True)):
        opened = page(audience=audience, actions=full.actions.iloc[:0], budget=full.budget.iloc[:0])
        for fragment in (opened.actions(), opened.budget(), opened.text("perspectives")):
            assert "Non renseigné cette année" in str(fragment)
            assert ("À fournir" in str(fragment)) is told


def test_bare_release_makes_a_whole_page(page: Open, full: SimpleNamespace) -> None:
    tables = (
        "results",
        "indicators",
        "progress",
        "actions",
        "budget",
        "journal",
        "sources",
        "limits",
        "texts",
        "notices",
    )
    empty = {name: getattr(full, name).iloc[:0] for name in tables}
    opened = page(**empty, meta={**full.meta, "convention": None}, audit={})
    html = whole(opened) + str(opened.members()) + str(opened.comparison())
    assert html.count("Non renseigné cette année") >= 10


def test_a_convention_without_an_end_yet_is_told_from_its_start(page: Open, full: SimpleNamespace) -> None:
    young = {"signature": None, "debut": "2026-01-01", "fin": None, "signataires": [], "avenant": []}
    assert "Période depuis le 1er janvier 2026" in plain(page(meta={**full.meta, "convention": young}).convention())
    bare = {**young, "debut": None}
    assert "Non renseigné" in plain(page(meta={**full.meta, "convention": bare}).convention())


def test_tables_without_columns_types_are_read_too(page: Open, full: SimpleNamespace) -> None:
    assert "rien" not in plain(page(notices=pd.DataFrame(columns=full.notices.columns)).notices())


def test_notices_are_those_of_the_territory(page: Open, full: SimpleNamespace) -> None:
    assert "absente du fichier de la Caf" in plain(page().notices())
    assert str(page(notices=full.notices.assign(territoire="EPCI-1")).notices()) == ""


def test_confidentiality_is_one_rule_and_its_public_audit(page: Open) -> None:
    said = plain(page().confidentiality())
    assert "compris entre 1 et 4 ne sont pas diffusés" in said
    assert "812 valeurs examinées, dont 14 non diffusables. Méthode : suppression des petits effectifs." in said
    assert "Version interne" not in said
    assert "Version interne" in plain(page(audience="interne", audit={}).confidentiality())


@pytest.mark.parametrize("audience", ["cotech", "copil", "partenaire", "habitants"])
def test_the_public_audit_tells_what_was_tried_and_how_near_it_came(
    page: Open, full: SimpleNamespace, audience: str
) -> None:
    tried = {**full.audit, "niveaux": ["L0", "L1", "L3"], "intervalle_le_plus_etroit": 1.2999, "empreinte": "ab" * 32}
    said = plain(page(audience=audience, audit=tried).confidentiality())
    assert "en connaissant les totaux publiés, la règle et les bilans déjà parus." in said
    # Rounded down: never wider than it is.
    assert "un intervalle large de 1,2 fois le seuil." in said
    assert ("Fondement" in said) == (audience == "cotech")
    assert "abab" not in said
    for audit in ({**tried, "intervalle_le_plus_etroit": None}, {**tried, "intervalle_le_plus_etroit": float("nan")}):
        assert "fois le seuil" not in plain(page(audience=audience, audit=audit).confidentiality())
    nothing = plain(page(audience=audience, audit={**tried, "masquees": 0}).confidentiality())
    assert "812 valeurs examinées, dont aucune non diffusable." in nothing
    assert "tenté" not in nothing


def test_unknown_territory_lists_near_ones(page: Open) -> None:
    with pytest.raises(UnknownTerritory, match="EPCI-900000001"):
        page(territoire="EPCI-90000000")


def test_unknown_indicator_and_period_are_refused(page: Open) -> None:
    with pytest.raises(UnknownIndicator, match="PE01"):
        page().indicator("PE1")
    with pytest.raises(PeriodError):
        page(periode="2017-2021")


def test_every_section_of_the_author_has_a_title() -> None:
    for section in ("synthese", "contexte", "actions", "budget", "enseignements", "perspectives"):
        assert wording.word("titres", section) != section


# -- a commune among many: what the Vienne's dossier gives -------------------------------------------------------------


@pytest.fixture(scope="module")
def poitiers(commune: SimpleNamespace) -> render.Page:
    return render.Page(commune, territoire="COM-86194", carnet="diagnostic")


def test_commune_page_tells_its_fall(poitiers: render.Page) -> None:
    said = plain(poitiers.context())
    expected = "53,1 places pour 100 enfants de moins de 3 ans en 2021, contre 60,6 en 2017, soit 7,5 places de moins."
    assert expected in said
    assert "Médiane de 1 001 communes" in said
    assert "Châtellerault" in said


def test_commune_is_placed_among_the_others(poitiers: render.Page) -> None:
    said = plain(poitiers.comparison())
    assert re.search(r"Poitiers : \d+e rang sur 1 002 communes en 2021", said)
    assert "La moitié centrale des communes" in said
    assert "Médiane des 1 002 communes" in said


def opened(release: SimpleNamespace, audience: str, geo: str = "") -> render.Page:
    return render.Page(FakeRelease(**{**vars(release), "audience": audience}), territoire=geo, carnet="diagnostic")


def named_in(fragment: object) -> set[str]:
    """Return the territories that a comparison names: in a row, or in the words that stand for its figure."""
    rows = set(re.findall(r'<th scope="row">(?:<strong>)?([^<]*)', str(fragment)))
    return {name for name in rows if not name.startswith(("Seuil", "Médiane"))}


def test_neighbours_of_a_ranking_are_named_for_the_team_only(commune: SimpleNamespace) -> None:
    for audience in ("interne", "cotech", "copil", "partenaire", "habitants"):
        found = opened(commune, audience, "COM-86194").comparison()
        assert (named_in(found) == {"Poitiers"}) == (audience != "interne")
        assert audience == "interne" or "Châtellerault" not in str(found)


def test_a_ranking_of_few_names_nobody_else_outside_the_team(full: SimpleNamespace) -> None:
    own = full.meta["nom"]
    for audience in ("interne", "cotech", "copil", "partenaire", "habitants"):
        said = plain(opened(full, audience).comparison())
        assert "rang sur" in said
        assert own in said.replace("’", "'")
        assert ("CC du Plateau" in said) == (audience == "interne")
        assert ("Médiane des 3" in said) == (audience != "interne")


def test_commune_has_no_table_by_commune_and_no_mean_of_rates(poitiers: render.Page) -> None:
    assert str(poitiers.members()) == ""
    assert "moyenne" not in whole(poitiers).casefold().replace("ne se moyenne pas", "")


def test_page_of_another_commune_holds_its_own_figures(commune: SimpleNamespace) -> None:
    said = plain(render.Page(commune, territoire="COM-86041").key_figures())
    assert "62,6" in said
    assert "53,1" not in said
