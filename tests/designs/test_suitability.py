"""May a before/after be made of an indicator? Asked of a small dossier made for each question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ctgeval
from ctgeval.designs import Suitability
from ctgeval.errors import DesignError, DossierError

HEADER = """
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024
[convention]
signature = {debut}
debut = {debut}
fin = {fin}
[comparaison]
territoires = ["EPCI-200070043"]
"""
CENSUS = """
[[source]]
cle = "communes"
fichier = "sources/population.csv"
format = "insee.population"
producteur = "Insee"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2025-12-31
diffusion = "ouverte"
"""
COUNTS = """
[[source]]
cle = "{key}"
producteur = "{key}"
licence = "sans"
mise_a_jour = 2025-01-31
diffusion = "interne"
"""
Write = Callable[..., ctgeval.Dossier]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Make a dossier of two EPCI from counts typed as ``(measure, geo, period, value, source)``."""

    def make(
        rows: list[tuple[str, str, str, float, str]],
        *,
        debut: str = "2021-01-01",
        fin: str = "2025-12-31",
        more: str = "",
        files: dict[str, str] | None = None,
    ) -> ctgeval.Dossier:
        (tmp_path / "sources").mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (tmp_path / "sources" / name).write_text(text, encoding="utf-8")
        declared = "".join(COUNTS.format(key=key) for key in sorted({row[4] for row in rows}))
        toml = HEADER.format(debut=debut, fin=fin) + more + declared
        (tmp_path / "ctg.toml").write_text(toml, encoding="utf-8")
        lines = ["mesure;territoire;periode;valeur;source", *(";".join(map(str, row)) for row in rows)]
        (tmp_path / "observations.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ctgeval.open(tmp_path)

    return make


def both(measure: str, values: dict[str, float], source: str = "rpe") -> list[tuple[str, str, str, float, str]]:
    return [
        (measure, geo, period, value + more, source)
        for geo, more in (("EPCI-200070035", 0), ("EPCI-200070043", 7))
        for period, value in values.items()
    ]


def said(found: Suitability, name: str) -> tuple[bool | None, str]:
    row = found.table().set_index("criterion").loc[name]
    return row["passed"], str(row["text"])


def test_counts_before_and_after_are_evaluable(write: Write) -> None:
    found = write(both("familles_rpe", {"2019": 80, "2020": 82, "2022": 120})).evaluability("PE07")
    assert found.status == "evaluable"
    assert said(found, "reference") == (True, "Référence antérieure : 2020.")
    assert said(found, "final") == (True, "Dernier chiffre postérieur : 2022.")
    assert said(found, "definition")[0] is True
    assert "(périmètre 2024)" in said(found, "perimetre")[1]


def test_nothing_before_or_nothing_after_is_not_evaluable(write: Write) -> None:
    late = write(both("familles_rpe", {"2021": 80, "2022": 82})).evaluability("PE07")
    assert late.status == "non_evaluable"
    assert "Aucun chiffre n’est antérieur au début (1er janvier 2021)" in late.text()
    early = write(both("familles_rpe", {"2019": 80, "2020": 82})).evaluability("PE07")
    assert early.status == "non_evaluable"
    assert said(early, "final") == (
        False,
        "Aucun chiffre ne commence après le début. Dernier chiffre connu : 2020.",
    )


def test_two_sources_may_not_have_one_definition(write: Write) -> None:
    rows = [*both("familles_rpe", {"2020": 80}, "ancien-rpe"), *both("familles_rpe", {"2022": 90}, "nouveau-rpe")]
    passed, text = said(write(rows).evaluability("PE07"), "definition")
    assert passed is None
    assert "ancien-rpe puis nouveau-rpe" in text


def test_a_delay_is_waited_for(write: Write) -> None:
    rows = both("familles_rpe", {"2020": 80, "2022": 90})
    impact = (
        '[[impact]]\nnom = "rpe"\nindicateur = "PE07"\nterritoires_concernes = {{ "EPCI-200070035" = 2021-07-01 }}\n'
        "delai_effet_mois = {}\n"
    )
    assert write(rows, more=impact.format(6)).evaluability("PE07").status == "evaluable"
    waiting = write(rows, more=impact.format(7)).evaluability("PE07")
    assert waiting.status == "non_evaluable"
    assert said(waiting, "final")[0] is False


def population(years: dict[int, int]) -> dict[str, str]:
    lines = ["CODGEO,LIBGEO,millesime_rp,annee_geo,POP,source"]
    for rank, code in enumerate((*CIVRAISIEN, *VIENNE)):
        lines += [f"{code},Commune,{year},2024,{base + rank},Insee" for year, base in years.items()]
    return {"population.csv": "\n".join(lines) + "\n"}


CIVRAISIEN, VIENNE = (
    tuple(geo.removeprefix("COM-") for geo in ctgeval.territory.members(epci, year=2024))
    for epci in ("EPCI-200070035", "EPCI-200070043")
)


def test_the_first_clean_census_comes_after_the_convention(write: Write) -> None:
    dossier = write([], more=CENSUS, files=population({2016: 500, 2017: 502, 2018: 505, 2021: 507}))
    found = dossier.evaluability("PO01")
    assert found.status == "non_evaluable"
    assert said(found, "reference") == (True, "Référence antérieure : 2018 (enquêtes de 2016 à 2020).")
    passed, text = said(found, "final")
    assert passed is False
    assert "Dernier chiffre connu : 2021 (enquêtes de 2019 à 2023)." in text
    # domain.md §7.3: for a convention of 2021, RP 2018 against RP 2023, published in 2026, is the first clean pair.
    assert "Premier millésime utilisable : 2023, publié vers 2026, après la fin de la convention." in text


def test_near_census_vintages_are_context_for_a_panel_and_no_target(write: Write) -> None:
    dossier = write([], more=CENSUS, files=population({2013: 480, 2016: 500, 2018: 505}))
    panel = dossier.panel("PO01", treated={"EPCI-200070035": "2018"})
    assert any("élément de contexte" in problem.message for problem in panel.problems)
    (dossier.path / "cibles.csv").write_text(
        "indicateur;territoire;periode_reference;valeur_reference;periode_cible;valeur_cible\n"
        "PO01;EPCI-200070035;2016;;2018;20000\nPO01;EPCI-200070035;2013;;2018;20000\n",
        encoding="utf-8",
    )
    table = ctgeval.open(dossier.path).progress()
    assert "millésime" in table.loc[0, "sentence"]
    assert "2013" not in table["period_reference"].iloc[0] or table["verdict"].iloc[0] != "non_evaluable"


def test_a_source_may_name_the_rules_of_its_vintages(write: Write) -> None:
    rows = both("familles_rpe", {"2018": 80, "2022": 90})
    named = write(rows)
    text = (named.path / "ctg.toml").read_text(encoding="utf-8")
    (named.path / "ctg.toml").write_text(text + 'millesimes = "bpe"\n', encoding="utf-8")
    found = ctgeval.open(named.path).evaluability("PE07")
    assert found.status == "non_evaluable"
    assert "BPE en évolution" in found.text()
    with pytest.raises(DesignError, match="BPE en évolution"):
        ctgeval.open(named.path).panel("PE07", treated={"EPCI-200070035": "2022"})
    (named.path / "ctg.toml").write_text(text + 'millesimes = "recencement"\n', encoding="utf-8")
    with pytest.raises(DossierError) as caught:
        ctgeval.open(named.path)
    assert any("recensement" in problem.remedy for problem in caught.value.problems)


def test_what_is_not_evaluable_is_not_estimated(write: Write) -> None:
    impact = (
        '[[impact]]\nnom = "rpe"\nindicateur = "PE07"\ndelai_effet_mois = 36\n'
        'territoires_concernes = { "EPCI-200070035" = 2020-01-01 }\n'
    )
    (estimated,) = write(both("familles_rpe", {"2018": 80, "2019": 81, "2020": 80, "2021": 82}), more=impact).impacts
    assert estimated.panel is not None
    assert estimated.result is None
    assert estimated.problem is not None
    assert "Aucun chiffre ne commence après le début" in estimated.problem.message
    assert "CC du Civraisien en Poitou" in estimated.problem.message


IMPACT = """
[[impact]]
nom = "{name}"
action = "{action}"
indicateur = "PE07"
territoires_concernes = {{ "EPCI-200070035" = 2022-03-01 }}
delai_effet_mois = {months}
"""
ACTIONS = "id;axe;objectif;intitule;debut;etat;etat_date;motif"
YEARS: dict[str, float] = {"2018": 80, "2019": 82, "2020": 83, "2021": 90, "2022": 100, "2023": 130}


def named(write: Write, rules: str, values: dict[str, float]) -> ctgeval.Dossier:
    folder = write(both("familles_rpe", values)).path
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    (folder / "ctg.toml").write_text(f'{text}millesimes = "{rules}"\n', encoding="utf-8")
    return ctgeval.open(folder)


def test_the_pair_that_the_producer_makes_is_found(write: Write) -> None:
    found = named(write, "bpe_evolution", YEARS).evaluability("PE07")
    assert found.status == "evaluable"
    assert said(found, "reference") == (True, "Référence antérieure : 2018 (situation de janvier 2018).")
    assert said(found, "final") == (True, "Dernier chiffre postérieur : 2023 (situation de janvier 2023).")


def test_figures_of_another_convention_are_named(write: Write) -> None:
    rows = both("familles_rpe", {"2018-2019": 80, "2019-2020": 85, "2022": 100})
    passed, text = said(write(rows).evaluability("PE07"), "final")
    assert passed is False
    assert "Dernier chiffre connu : année scolaire 2019-2020. Le chiffre de 2022 n’est pas retenu" in text
    assert "(année civile, année scolaire, semestre…) ne se comparent pas" in text


def test_a_nil_change_is_not_said_to_exceed_anything(write: Write) -> None:
    found = write(both("familles_rpe", {"2020": 80, "2022": 80})).evaluability("PE07")
    assert said(found, "precision") == (True, "Les deux chiffres sont égaux, et la source les donne exacts.")


def test_the_delay_is_told_with_its_day(write: Write) -> None:
    text = said(
        write(both("familles_rpe", YEARS), more=IMPACT.format(name="x", action="", months=22)).evaluability("PE07"),
        "final",
    )[1]
    assert "après le début de l’action et son délai d’effet (1er janvier 2024)" in text


def test_an_action_given_up_does_not_bar_the_estimate_of_another(write: Write) -> None:
    more = IMPACT.format(name="x", action="A01", months=0) + IMPACT.format(name="y", action="A02", months=0)
    folder = write(both("familles_rpe", YEARS), more=more).path
    lines = [
        ACTIONS,
        "A01;Petite enfance;Accueillir;Ouvrir un relais;2022-03-01;en_cours;2022-03-15;",
        "A02;Petite enfance;Accueillir;Ouvrir un lieu;2022-03-01;abandonnee;2022-05-15;Sans porteur",
    ]
    (folder / "actions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done, given_up = ctgeval.open(folder).impacts
    assert done.problem is None
    assert done.result is not None
    assert given_up.problem is not None
    assert "A02 (Abandonnée)" in given_up.problem.message


def test_the_postponed_survey_is_told_between_vintages_five_years_apart(write: Write) -> None:
    dossier = write([], more=CENSUS, files=population({2017: 500, 2018: 505, 2023: 507}))
    passed, text = said(dossier.evaluability("PO01"), "chevauchement")
    assert passed is True
    assert "L’enquête de 2021 a été reportée d’un an" in text
    older = write([], more=CENSUS, files=population({2017: 500, 2023: 507})).evaluability("PO01")
    assert "reportée" not in said(older, "chevauchement")[1]


def test_a_source_without_geography_is_not_said_to_keep_its_perimeter(write: Write) -> None:
    rows = ["CODGEO;LIBGEO;Q2{0}", "200070035;Civraisien;19{0}0", "200070043;Vienne;20{0}0"]
    files = {f"FILO20{y}_DISP_EPCI.csv": "\n".join(rows).format(y) + "\n" for y in ("17", "19")}
    more = "".join(
        CENSUS.replace('"communes"', f'"f{rank}"')
        .replace("population.csv", name)
        .replace("insee.population", "insee.filosofi")
        for rank, name in enumerate(files)
    )
    found = write([], debut="2018-01-01", fin="2022-12-31", more=more, files=files).evaluability("CO02")
    passed, text = said(found, "perimetre")
    assert passed is None
    assert "clé « geographie »" in text


def test_the_end_of_filosofi_is_told_with_what_to_turn_to(write: Write) -> None:
    files = {"FILO2018_DISP_EPCI.csv": "CODGEO;LIBGEO;Q218\n200070035;Civraisien;19560\n"}
    more = CENSUS.replace("population.csv", "FILO2018_DISP_EPCI.csv").replace("insee.population", "insee.filosofi")
    last = said(write([], more=more, files=files).evaluability("CO02"), "final")[1]
    assert "Premier millésime utilisable : 2021, publié vers 2023. C’est le dernier de la série." in last
    never = said(write([], debut="2022-01-01", more=more, files=files).evaluability("CO02"), "final")[1]
    assert "La série s’arrête au millésime 2021" in never
    assert "Cafdata" in never


def test_a_caf_figure_published_too_early_is_provisional(write: Write) -> None:
    values = {"2020": 300.0, "2021": 310.0, "2022": 350.0}
    folder = named(write, "caf", values).path
    text = (folder / "ctg.toml").read_text(encoding="utf-8")

    def published(day: str) -> Suitability:
        (folder / "ctg.toml").write_text(text.replace("2025-01-31", day), encoding="utf-8")
        return ctgeval.open(folder).evaluability("PE07")

    late = published("2023-07-01")
    assert said(late, "final")[1] == "Dernier chiffre postérieur : 2022 (situation de décembre 2022)."
    early = published("2023-03-30")
    assert said(early, "final")[1] == "Dernier chiffre postérieur : 2021 (situation de décembre 2021)."
    assert said(early, "statut")[0] is True
    passed, told = said(published("2022-03-30"), "statut")
    assert passed is False
    assert "provisoire" in told
