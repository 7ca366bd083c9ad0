"""What each audience is given beside its results: sources, targets, texts, notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ctgeval import diffusion
from ctgeval.confidentiality import ProtectedTable
from ctgeval.confidentiality.forms import Form
from ctgeval.dossier import Dossier

CTG = """\
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024
[publication]
seuil = { personnes = 5, sensible = 11 }
[[source]]
cle = "ouvert"
diffusion = "ouverte"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
[[source]]
cle = "bureau"
diffusion = "interne"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
[[bilan]]
carnet = "bilan_annuel"
audience = "habitants"
periode = "2024"
[[bilan]]
carnet = "diagnostic"
audience = "interne"
periode = "2024"
"""
OBSERVATIONS = """\
mesure;territoire;periode;valeur;source
naissances;EPCI-200070035;2021;7919;bureau
naissances;EPCI-200070035;2024;300;ouvert
naissances;EPCI-200070043;2024;7907;bureau
naissances;EPCI-200070035;2023;3;ouvert
structures_avs;EPCI-200070035;2024;2;ouvert
"""
TARGETS = """\
indicateur;territoire;periode_reference;valeur_reference;periode_cible;valeur_cible;tolerance
PO02;EPCI-200070035;2021;7919;2026;7919;0
PO02;EPCI-200070035;2023;3;2027;40;
PO02;EPCI-200070035;2019;280;2028;310;
"""


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    (tmp_path / "ctg.toml").write_text(CTG, "utf-8")
    (tmp_path / "observations.csv").write_text(OBSERVATIONS, "utf-8")
    (tmp_path / "cibles.csv").write_text(TARGETS, "utf-8")
    for name in ("bilan_annuel", "diagnostic"):
        (tmp_path / "textes" / name).mkdir(parents=True)
        text = f"{name} {{{{PO02:reference}}}} {{{{PO02@EPCI-200070043:valeur}}}}"
        (tmp_path / "textes" / name / "synthese.md").write_text(text, "utf-8")
    return Dossier.open(tmp_path)


@pytest.mark.parametrize("audience", ["cotech", "copil", "habitants"])
def test_what_only_the_office_knows_is_in_no_table(dossier: Dossier, audience: str) -> None:
    release = dossier.release(audience)
    told = "".join(release.table(name).to_csv() for name in ("results", "progress", "texts", "sources", "territories"))
    assert "7919" not in told
    assert "7907" not in told
    assert "bureau" not in told
    assert "EPCI-200070043" not in set(release.results["geo"])


def test_typed_baselines_of_hidden_results_are_hidden_and_the_others_stay(dossier: Dossier) -> None:
    progress = dossier.release("habitants").progress.set_index("period_target")
    assert progress["baseline"].isna().to_dict() == {"2026": True, "2027": True, "2028": False}
    assert progress["target"].isna().to_dict() == {"2026": True, "2027": False, "2028": False}


def test_texts_of_bilans_that_an_audience_does_not_get_stay_inside(dossier: Dossier) -> None:
    assert set(dossier.release("habitants").texts["bilan"]) == {"bilan_annuel"}
    assert set(dossier.release("interne").texts["bilan"]) == {"diagnostic"}


def test_structures_are_told_however_few(dossier: Dossier) -> None:
    rows = dossier.release("habitants").results.query("geo == 'EPCI-200070035' and time_period == '2024'")
    assert 2.0 in set(rows["value"])


def test_link_out_of_the_dossier_publishes_nothing(dossier: Dossier, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("ailleurs") / "secret.md"
    elsewhere.write_text("mot de passe", "utf-8")
    link = dossier.path / "textes" / "bilan_annuel" / "contexte.md"
    try:
        link.symlink_to(elsewhere)
    except OSError:
        pytest.skip("no symbolic links here")
    assert set(dossier.release("habitants").texts["section"]) == {"synthese"}


RETURNS = """\
[[source]]
cle = "maternite"
diffusion = "convention"
convention = "essai"
finalite = "essai"
conservation_jusqu_au = 2030-01-01
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01
[[bilan]]
carnet = "bilan_annuel"
audience = "partenaire"
partenaire = "maternite"
periode = "2024"
"""


def test_partner_is_shown_its_own_small_figures_and_the_ledger_is_not_told(dossier: Dossier) -> None:
    path = dossier.path
    (path / "ctg.toml").write_text(CTG + RETURNS, "utf-8")
    (path / "observations.csv").write_text(
        OBSERVATIONS + "naissances;EPCI-200070035;2020;4;maternite\nnaissances;EPCI-200070035;2019;40;maternite\n",
        "utf-8",
    )
    told = {
        (audience, partner): Dossier.open(path).published(audience, partner or None)
        for audience, partner in (("partenaire", "maternite"), ("partenaire", "autre"), ("copil", ""))
    }

    def values(audience: str, partner: str) -> dict[str, float]:
        rows = told[audience, partner][0].results.query("indicator == 'PO02' and geo == 'EPCI-200070035'")
        return dict(rows.dropna(subset=["value"]).set_index("time_period")["value"])

    assert values("partenaire", "maternite") == {"2019": 40, "2020": 4, "2024": 300}
    assert values("partenaire", "autre") == {"2024": 300}
    assert values("copil", "") == {"2019": 40, "2024": 300}
    forms = told["partenaire", "maternite"][1]
    assert {form.time_period for form in forms if form.masked} >= {"2020"}
    assert not any(form.low <= 4 <= form.high for form in forms if not form.masked and form.indicator == "PO02")


def test_version_asked_for_later_remembers_those_that_were_handed(
    dossier: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = dossier.path
    (path / "ctg.toml").write_text(CTG + RETURNS.partition("[[bilan]]")[0], "utf-8")
    (path / "observations.csv").write_text(OBSERVATIONS + "naissances;EPCI-200070035;2019;40;maternite\n", "utf-8")
    remembered: list[tuple[Form, ...]] = []
    protect = diffusion.protect_versions

    def spied(*versions: Any, earlier: Any, **others: Any) -> tuple[ProtectedTable, ...]:
        remembered.append(tuple(earlier))
        return protect(*versions, earlier=earlier, **others)

    monkeypatch.setattr(diffusion, "protect_versions", spied)
    opened = Dossier.open(path)
    copil, forms = opened.published("copil")
    opened.published("partenaire", "maternite")
    again, same = opened.published("copil")
    assert [bool(earlier) for earlier in remembered] == [False, True]
    assert {form for form in forms if form.indicator == "PO02"} <= set(remembered[1])
    assert (again.path, same) == (copil.path, forms)


def test_private_audit_is_written_beside_the_dossier_and_public_one_tells_no_place(dossier: Dossier) -> None:
    release = dossier.release("habitants")
    kept = list((dossier.path / ".ctgeval" / "audits").glob("habitants-*.csv"))
    assert len(kept) == 1
    assert "EPCI-200070035" in kept[0].read_text("utf-8-sig")
    assert "EPCI-" not in repr(release.audit)
    assert release.audit["masquees"] == 1


def test_release_is_protected_with_what_was_published_before(dossier: Dossier) -> None:
    _, forms = dossier.published("habitants")
    told = [form for form in forms if form.indicator == "PO02" and form.time_period == "2024"]
    assert {(form.low, form.masked) for form in told} == {(300.0, False)}
    again, same = Dossier.open(dossier.path).published("habitants", earlier=forms)  # type: ignore[arg-type]
    assert same == forms
    assert again.audit["revisees"] == 0
