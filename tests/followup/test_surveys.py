"""The surveys of a dossier: what each audience is told of them, and the indicators that they feed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctgeval
from ctgeval.dossier import Dossier
from ctgeval.errors import DossierError
from ctgeval.followup import surveys
from ctgeval.followup.topic import Reader

CTG = """\
[territoire]
code = "EPCI-249900001"
nom = "CC du Val d'Arvelle"
perimetre = 2025
reference = "geographie"
[[source]]
cle = "reponses"
fichier = "sources/reponses.csv"
format = "limesurvey"
diffusion = "{diffusion}"
donnees_personnelles = {{ "LIBRE" = "réponses libres, relues" }}
"""
DECLARED = """\
[[enquete]]
id = "e"
titre = "Essai"
recrutement = "aleatoire"
source = "reponses"
debut = 2025-03-01
{keys}
[[enquete.question]]
code = "MO"
texte = "Renoncé ?"
type = "unique"
modalites = {{ O = "Oui", N = "Non" }}
indicateur = "MO03"
favorable = ["O"]
croiser = ["SECT"]
[[enquete.question]]
code = "SECT"
texte = "Où ?"
type = "unique"
modalites = {{ A = "Nord", B = "Sud", C = "Est" }}
[[enquete.question]]
code = "LIBRE"
texte = "Quoi ?"
type = "ouverte"
"""
Make = Callable[..., Dossier]


@pytest.fixture
def make(tmp_path: Path, checkout: Path) -> Make:
    """A dossier of one survey: ``yes`` of ``n`` persons gave something up, ``east`` of them live in the east."""

    def build(
        *, yes: int = 20, n: int = 60, east: int = 12, silent: int = 0, diffusion: str = "ouverte", keys: str = ""
    ) -> Dossier:
        folder = tmp_path / "dossier"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(checkout / "data" / "demo" / "geographie", folder / "geographie")
        (folder / "sources").mkdir()
        (folder / "ctg.toml").write_text(CTG.format(diffusion=diffusion), encoding="utf-8")
        (folder / "enquetes.toml").write_text(DECLARED.format(keys=keys), encoding="utf-8")
        lines = ["id;submitdate;lastpage;startlanguage;MO;SECT;LIBRE"]
        for rank in range(1, n + 1):
            sector = "C" if rank <= east else "AB"[rank % 2]
            said = f"Un bus pour Mme Durand, ligne {rank}, s’il vous plaît." if rank <= 15 else ""
            answer = "" if n - silent < rank else "O" if rank % n < yes else "N"
            lines.append(f"{rank};2025-03-02 10:00:00;1;fr;{answer};{sector};{said}")
        (folder / "sources" / "reponses.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return ctgeval.open(folder)

    return build


def tables(dossier: Dossier, audience: str) -> dict[str, pd.DataFrame]:
    nothing = pd.DataFrame()
    assert surveys.TOPIC.tables is not None
    return dict(surveys.TOPIC.tables(dossier, Reader(audience=audience, partner="", results=nothing, progress=nothing)))


def test_an_indicator_is_fed_by_the_favourable_answers(make: Make) -> None:
    observed = surveys.TOPIC.observations(make())  # type: ignore[misc]
    assert dict(zip(observed["measure"], observed["value"], strict=True)) == {
        "repondants_renoncement_transport": 20,
        "repondants_mobilite": 60,
    }
    assert set(observed["time_period"]) == {"2025"}
    assert set(observed["geo"]) == {"EPCI-249900001"}
    row = make().indicators("MO03", geo="EPCI-249900001").iloc[-1]
    assert row["value"] == pytest.approx(100 * 20 / 60)


def test_no_indicator_under_eleven_answers(make: Make) -> None:
    dossier = make(n=10, yes=5, east=3)
    assert surveys.TOPIC.observations(dossier).empty  # type: ignore[misc]
    assert any("Moins de 11" in problem.message for problem in dossier.surveys.problems)


def test_small_counts_are_out_with_what_gives_them_back(make: Make) -> None:
    # 3 in the east of 60: hidden with the least of the two others; the indicator's 20 and 40 stay.
    dossier = make(east=3)
    for audience in ("cotech", "copil", "habitants"):
        answers = tables(dossier, audience)["survey_answers"].set_index(["question", "option"])
        assert answers.loc["SECT", "conf_status"].tolist().count("C") == 2
        assert answers.loc[("SECT", "C"), ["n", "share", "low", "high"]].isna().all()
        assert answers.loc["MO", "n"].tolist() == [20, 40]
        assert tables(dossier, audience)["survey_crosses"].empty
    internal = tables(dossier, "interne")
    assert internal["survey_answers"].set_index(["question", "option"]).loc[("SECT", "C"), "n"] == 3
    assert len(internal["survey_crosses"]) == 6


def test_a_table_by_group_is_told_when_every_cell_passes(make: Make) -> None:
    told = tables(make(), "habitants")["survey_crosses"]
    if len(told):
        assert told["n"].ge(5).all()
    counts = tables(make(), "interne")["survey_crosses"]
    passes = counts["n"].ge(5).all() and (counts["base"] - counts["n"]).ge(5).all() and counts["base"].ge(11).all()
    assert bool(len(told)) == bool(passes)


@pytest.mark.parametrize(("silent", "told"), [(0, True), (1, False), (4, False), (5, False), (9, False), (10, True)])
def test_few_who_left_a_question_blank_are_not_what_is_left(make: Make, silent: int, told: bool) -> None:
    dossier = make(silent=silent, keys="effectif_invite = 200")
    inside, outside = tables(dossier, "interne"), tables(dossier, "copil")
    question = outside["survey_answers"].query("question == 'MO'")
    assert inside["survey_answers"].query("question == 'MO'")["asked"].tolist() == [60, 60]
    assert question["base"].tolist() == [60 - silent] * 2
    assert question["asked"].isna().all() != told
    (row,) = outside["surveys"].to_dict("records")
    assert np.isfinite(row["received"]) == told
    # Where it is not told, the number of persons is the least that the questions tell, whoever they are.
    assert row["n"] == outside["survey_answers"]["base"].max()
    assert row["response_rate"] == 100 * row["n"] / 200


@pytest.mark.parametrize(("invited", "told"), [(60, True), (63, False), (64, False), (69, False), (70, True)])
def test_few_who_did_not_answer_at_all_are_not_what_is_left(make: Make, invited: int, told: bool) -> None:
    (row,) = tables(make(keys=f"effectif_invite = {invited}"), "habitants")["surveys"].to_dict("records")
    assert np.isfinite(row["invited"]) == told
    assert np.isfinite(row["response_rate"]) == told
    assert row["n"] == 60


def test_few_of_those_who_were_asked_because_of_an_answer_hide_the_question(make: Make) -> None:
    dossier = make(silent=3)
    path = dossier.path / "enquetes.toml"
    after = '[[enquete.question]]\ncode = "MO"\ntexte = "Renoncé ?"\n'
    text = path.read_text(encoding="utf-8")
    assert after in text
    path.write_text(text.replace(after, f"{after}si = {{ SECT = ['A', 'B'] }}\n"), encoding="utf-8")
    again = ctgeval.open(dossier.path)
    inside, outside = (tables(again, one)["survey_answers"].query("question == 'MO'") for one in ("interne", "copil"))
    assert (inside["asked"] - inside["base"]).tolist() == [3, 3]
    assert outside[["n", "base", "asked", "share"]].isna().all().all()
    assert outside["conf_status"].eq("C").all()
    assert surveys.withheld(again) == {"enquetes.toml!e!MO"}


def test_a_question_asked_after_a_hidden_answer_is_hidden_with_its_base(make: Make) -> None:
    # The north (29) and the east (3) are asked: 32 less what is known of the north would tell the east.
    dossier = make(east=3)
    path = dossier.path / "enquetes.toml"
    more = '[[enquete.question]]\ncode = "AGE"\ntexte = "?"\ntype = "numerique"\nsi = { SECT = ["A", "C"] }\n'
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    export = dossier.path / "sources" / "reponses.csv"
    lines = export.read_text(encoding="utf-8").splitlines()
    export.write_text("\n".join(f"{line};{'AGE' if not at else 40}" for at, line in enumerate(lines)), encoding="utf-8")
    again = ctgeval.open(dossier.path)
    internal = tables(again, "interne")["survey_answers"].set_index("question").loc["AGE"]
    assert internal["asked"].tolist() == [32, 32]
    told = tables(again, "copil")["survey_answers"].set_index("question").loc["AGE"]
    assert told[["asked", "base", "mean"]].isna().all().all()
    assert set(told["conf_status"]) == {"C"}


def edited(dossier: Dossier, old: str, new: str) -> Dossier:
    path = dossier.path / "enquetes.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return ctgeval.open(dossier.path)


def test_an_indicator_tells_no_more_than_its_question(make: Make) -> None:
    # 8 of 60 who gave something up: more than 5, but less than the 11 of a question about health.
    dossier = make(yes=8)
    assert surveys.withheld(dossier) == frozenset()
    health = edited(dossier, 'favorable = ["O"]', 'favorable = ["O"]\nsensible = true')
    assert surveys.withheld(health) == {"enquetes.toml!e!MO"}
    assert tables(health, "habitants")["survey_answers"].query("question == 'MO'")["n"].isna().all()
    known = health.release("habitants").results
    assert known[known["indicator"].eq("MO03") & known["geo"].eq("EPCI-249900001")]["value"].isna().all()
    assert health.indicators("MO03", geo="EPCI-249900001")["value"].notna().any()


def test_an_indicator_of_a_question_asked_after_a_hidden_answer_stays_inside(make: Make) -> None:
    dossier = edited(make(east=3), 'favorable = ["O"]', 'favorable = ["O"]\nsi = { SECT = ["A", "C"] }')
    inside = tables(dossier, "interne")["survey_answers"].set_index("question")
    assert inside.loc["MO", "asked"].tolist() == [32, 32]
    assert surveys.withheld(dossier) == {"enquetes.toml!e!MO"}


def test_a_question_two_steps_after_a_hidden_answer_is_hidden(make: Make) -> None:
    more = "".join(
        f'[[enquete.question]]\ncode = "{code}"\ntexte = "?"\ntype = "unique"\nmodalites = {{ O = "Oui", N = "Non" }}\n'
        f"si = {{ {after} = [{of}] }}\n"
        for code, after, of in (("UN", "SECT", '"A", "C"'), ("DEUX", "UN", '"O"'))
    )
    dossier = make(east=3)
    export = dossier.path / "sources" / "reponses.csv"
    lines = export.read_text(encoding="utf-8").splitlines()
    asked = [";UN;DEUX", *(";;" if ";B;" in line else f";O;{'ON'[at % 2]}" for at, line in enumerate(lines[1:]))]
    export.write_text("\n".join(line + more_ for line, more_ in zip(lines, asked, strict=True)), encoding="utf-8")
    again = edited(dossier, 'code = "LIBRE"', 'code = "LIBRE"\nsensible = false')
    (again.path / "enquetes.toml").write_text(
        (again.path / "enquetes.toml").read_text(encoding="utf-8") + more, encoding="utf-8"
    )
    last = ctgeval.open(again.path)
    assert tables(last, "interne")["survey_answers"].set_index("question").loc["DEUX", "asked"].tolist() == [32, 32]
    told = tables(last, "copil")["survey_answers"].set_index("question")
    assert told.loc[["UN", "DEUX"], ["n", "base", "asked", "share"]].isna().all().all()


@pytest.mark.parametrize(("silent", "rows"), [(0, 6), (1, 0)])
def test_no_group_is_read_by_subtraction(make: Make, silent: int, rows: int) -> None:
    # Half of each sector gave something up. One person gives no sector: the table of all, less the sectors, would tell
    # what that person answered.
    export = make().path / "sources" / "reponses.csv"
    head, *lines = export.read_text(encoding="utf-8").splitlines()
    cells = [line.split(";") for line in lines]
    told = [
        ";".join([*one[:4], "OONN"[at % 4], "" if at < silent else one[5], *one[6:]]) for at, one in enumerate(cells)
    ]
    export.write_text("\n".join([head, *told]), encoding="utf-8")
    again = ctgeval.open(export.parent.parent)
    assert len(tables(again, "interne")["survey_crosses"]) == 6
    assert len(tables(again, "copil")["survey_crosses"]) == rows


def test_a_verbatim_does_not_count_a_theme_that_is_hidden(make: Make) -> None:
    dossier = make()
    (dossier.path / "enquetes").mkdir()
    rows = [f"{at};LIBRE;;{'transport|handicap' if at <= 2 else 'transport'};oui" for at in range(1, 13)]
    rows += [f"{at};LIBRE;;horaires;non" for at in range(13, 16)]
    (dossier.path / "enquetes" / "e_themes.csv").write_text(
        "\n".join(["reponse_id;question;texte;themes;valide", *rows]), encoding="utf-8"
    )
    again = ctgeval.open(dossier.path)
    assert tables(again, "interne")["verbatims"]["themes"].str.contains("handicap").sum() == 2
    told = tables(again, "habitants")
    assert not told["verbatims"]["themes"].str.contains("handicap").any()
    assert told["survey_themes"].set_index("theme").loc["handicap", "n"] != 2


def test_the_file_of_a_survey_does_not_count_who_answered(make: Make) -> None:
    dossier = make(n=3, yes=1, east=1)
    assert tables(dossier, "habitants")["surveys"][["n", "received"]].isna().all().all()
    (inside,) = dossier.release("interne").sources.to_dict("records")
    assert inside["n_rows"] == 3
    (told,) = dossier.release("habitants").sources.to_dict("records")
    assert (told["empreinte"], told["notes"]) == ("", "")
    assert np.isnan([told["n_rows"], told["n_rejected"]]).all(), "kept from them is not the same as none"


def test_a_sensitive_survey_does_not_count_its_few_respondents(make: Make) -> None:
    # 8 families of a survey on disability: more than 5, less than the 11 of what touches health.
    plain = make(n=8, yes=4, east=0)
    assert tables(plain, "habitants")["surveys"]["n"].tolist() == [8]
    health = edited(plain, 'recrutement = "aleatoire"', 'recrutement = "aleatoire"\nsensible = true')
    told = tables(health, "habitants")
    assert told["surveys"][["n", "received", "response_rate"]].isna().all().all()
    assert told["survey_answers"][["n", "base", "asked", "share"]].isna().all().all()


def test_a_source_that_stays_inside_tells_nobody(make: Make) -> None:
    dossier = make(diffusion="interne")
    assert all(frame.empty for frame in tables(dossier, "copil").values())
    assert len(tables(dossier, "interne")["surveys"]) == 1


def test_a_verbatim_leaves_only_when_somebody_let_it_through(make: Make) -> None:
    dossier = make()
    assert tables(dossier, "habitants")["verbatims"].empty
    inside = tables(dossier, "interne")["verbatims"]
    assert len(inside) == 15
    assert not inside["verbatim"].str.contains("Durand").any()
    folder = dossier.path / "enquetes"
    folder.mkdir()
    text = "reponse_id;question;texte;themes;valide\n1;LIBRE;;transport;oui\n2;LIBRE;;transport;non\n999;LIBRE;;x;oui\n"
    (folder / "e_themes.csv").write_text(text, encoding="utf-8")
    again = ctgeval.open(dossier.path)
    assert tables(again, "habitants")["verbatims"]["verbatim"].tolist() == [
        "Un bus pour Mme [nom], ligne 1, s’il vous plaît."
    ]
    (problem,) = again.surveys.problems
    assert (problem.row, problem.value, problem.severity) == (4, "999", "avertissement")


def test_broken_surveys_are_told_and_the_dossier_stands(make: Make) -> None:
    dossier = make()
    path = dossier.path / "enquetes.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('source = "reponses"', 'source = "repose"'), encoding="utf-8")
    broken = ctgeval.open(dossier.path)
    (problem,) = broken.surveys.problems
    assert "« reponses »" in problem.remedy
    assert all(frame.empty for frame in tables(broken, "interne").values())
    with pytest.raises(DossierError, match="Aucune enquête"):
        broken.survey("e")
    path.write_text(text.replace('"MO03"', '"MO99"'), encoding="utf-8")
    assert "catalogue" in ctgeval.open(dossier.path).surveys.problems[0].message


def test_codes_that_changed_between_waves_are_named(make: Make) -> None:
    dossier = make()
    path = dossier.path / "enquetes.toml"
    text = path.read_text(encoding="utf-8")
    later = text.replace('id = "e"', 'id = "f"\nvague_precedente = "e"').replace('N = "Non"', 'X = "Non"')
    path.write_text(text + later, encoding="utf-8")
    again = ctgeval.open(dossier.path)
    told = [problem for problem in again.surveys.problems if "ont changé" in problem.message]
    assert [problem.value for problem in told] == ["N, X"]
    compared = tables(again, "interne")["survey_changes"]
    assert set(compared["question"]) == {"SECT"}
    # The same answers twice: nothing changed, and that is not told as a change.
    assert set(compared["verdict"]) == {"non_concluant"}


def test_volunteers_are_compared_without_any_test(make: Make) -> None:
    dossier = make()
    path = dossier.path / "enquetes.toml"
    text = path.read_text(encoding="utf-8").replace('"aleatoire"', '"volontaire"')
    path.write_text(text + text.replace('id = "e"', 'id = "f"\nvague_precedente = "e"'), encoding="utf-8")
    compared = tables(ctgeval.open(dossier.path), "interne")["survey_changes"]
    assert set(compared["verdict"]) == {"non_evaluable"}
    assert compared["low"].isna().all()


# -- the demo ---------------------------------------------------------------------------------------------------------


def test_the_answers_of_the_demo_are_made_again_at_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    script = checkout / "scripts" / "make_demo_surveys.py"
    subprocess.run([sys.executable, "-B", str(script), "--out", str(tmp_path)], check=True)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert len(made) == 4
    for name in made:
        assert (tmp_path / name).read_bytes() == (checkout / "data" / "demo" / name).read_bytes(), name


@pytest.mark.parametrize("year", [2023, 2025])
def test_planted_shares_are_found_within_their_intervals(demo: Dossier, year: int) -> None:
    # scripts/demo/answers.py plants 34 then 22 % who gave up, 42 then 52 % who took part; MIEUX 55 then 68 %.
    planted = {2023: {"RENONCE": 34, "PARTICIPE": 42, "MIEUX": 55}, 2025: {"RENONCE": 22, "PARTICIPE": 52, "MIEUX": 68}}
    taken = demo.survey(f"familles-{year}")
    told = taken.results.set_index(["question", "option"])
    for question in ("RENONCE", "PARTICIPE"):
        row = told.loc[(question, "O")]
        assert row["low"] <= planted[year][question] <= row["high"]
    count, base, share = taken.favourable("MIEUX")
    assert abs(100 * share - planted[year]["MIEUX"]) < 196 * np.sqrt(0.25 / base)
    assert 0 < count < base


def test_the_demo_has_no_problem_with_its_surveys(demo: Dossier) -> None:
    assert demo.surveys.problems == ()
    assert list(demo.surveys.taken) == ["familles-2023", "familles-2025", "numerique-2025"]


def test_inhabitants_are_told_no_small_count(demo: Dossier) -> None:
    told = tables(demo, "habitants")
    answers = told["survey_answers"]
    shown = answers[answers["conf_status"].eq("F") & answers["type"].ne("numerique")]
    assert len(shown) > 50
    assert not shown["n"].between(1, 4).any()
    hidden = answers[answers["conf_status"].ne("F")]
    assert set(hidden["question"]) == {"MIEUX"}
    assert hidden[["n", "share", "low", "high"]].isna().all().all()
    assert told["verbatims"]["approved"].all()
    assert not told["survey_themes"]["n"].between(1, 4).any()


def test_themes_to_code_are_those_of_the_file(demo: Dossier) -> None:
    taken = demo.survey("familles-2025")
    coded = taken.themes_to_code()
    assert coded["valide"].eq("oui").sum() == 5
    assert list(coded.columns) == ["reponse_id", "question", "texte", "themes", "valide"]
