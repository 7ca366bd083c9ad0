from __future__ import annotations

import re
from pathlib import Path

import pytest

from ctgeval import config
from ctgeval.errors import ParameterError, ReportError
from ctgeval.report import manifest, plan, site
from ctgeval.report.plan import Job

CODE = "EPCI-200070035"


def job(**changes) -> Job:
    usual = {
        "bilan": "bilan_annuel", "audience": "copil", "partner": "", "territoire": CODE, "periode": "2025",
        "etat": "brouillon", "formats": ("html",), "fictional": False,
    }  # fmt: skip
    return Job(**(usual | changes))


def test_file_names_are_built_from_code_notebook_and_period() -> None:
    assert job().slug == "epci-200070035-bilan-annuel-2025"
    assert job(fictional=True).slug == "territoire-fictif-epci-200070035-bilan-annuel-2025"
    assert job(periode="2021-S1", territoire="COM-2A004").slug == "com-2a004-bilan-annuel-2021-s1"
    assert job(audience="partenaire", partner="Crèche de Civray").folder == "partenaire-creche-de-civray"
    for name in ("../../x", "{x.__class__}", "C:\\x", "a\0b", "．．"):
        assert re.fullmatch(r"[a-z0-9-]+", job(bilan=name, periode="2025").slug)


def test_jobs_follow_the_order_of_the_dossier_and_the_filters(workshop) -> None:
    read = config.load(workshop.folder)
    every = plan.jobs(read, workshop.folder)
    assert [(one.audience, one.territoire) for one in every] == [
        ("copil", CODE),
        ("copil", "EPCI-200070043"),
        ("habitants", CODE),
    ]
    assert plan.jobs(read, workshop.folder, audience="habitants", periode="2025") == every[2:]
    with pytest.raises(ParameterError, match="Vouliez-vous dire « copil »"):
        plan.jobs(read, workshop.folder, audience="copill")


def test_two_bilans_for_the_same_file_are_refused(workshop, rewrite) -> None:
    read = config.load(workshop.folder)
    twice = read.model_copy(
        update={"bilans": (*read.bilans, read.bilans[1].model_copy(update={"carnet": "Essai", "etat": "brouillon"}))}
    )
    with pytest.raises(ReportError, match="même fichier"):
        plan.jobs(twice, workshop.folder)


def test_an_own_geography_says_whether_the_territory_is_invented(workshop) -> None:
    read = config.load(workshop.folder)
    own = read.model_copy(update={"territoire": read.territoire.model_copy(update={"reference": "geographie"})})
    with pytest.raises(ReportError, match="ne peut pas être lue"):
        plan.is_fictional(own, workshop.folder)
    (workshop.folder / "geographie").mkdir()
    described = workshop.folder / "geographie" / "geographie.toml"
    described.write_text("fictif = true\n", encoding="utf-8")
    assert plan.is_fictional(own, workshop.folder)
    assert plan.jobs(own, workshop.folder)[0].slug.startswith("territoire-fictif-")
    described.write_text("fictif = false\n", encoding="utf-8")
    assert not plan.is_fictional(own, workshop.folder)


def test_the_inputs_are_the_dossier_files_and_no_lock_nor_private_file(workshop) -> None:
    folder = workshop.folder
    for name in ("actions.csv", "suivi.xlsx", "~$suivi.xlsx", "LISEZMOI.md", "tables/cibles.csv", ".ctgeval/cle.csv",
                 "textes/essai/synthese.md", "sources/inutile.csv", "textes/.cache/x.md"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    found = [path.relative_to(folder).as_posix() for path in plan.input_files(config.load(folder), folder)]
    assert found == sorted(found, key=lambda name: Path(folder, name))
    assert set(found) >= {"ctg.toml", "actions.csv", "suivi.xlsx", "tables/cibles.csv", "textes/essai/synthese.md",
                          "sources/population.csv"}  # fmt: skip
    assert not {"~$suivi.xlsx", "LISEZMOI.md", ".ctgeval/cle.csv", "sources/inutile.csv"} & set(found)


def test_the_key_changes_with_each_ingredient_and_with_the_secret() -> None:
    base = plan.ingredients(job(), inputs={"ctg.toml": "a"}, notebook_digest="n")
    keys = {
        plan.content_key(base, b"s"),
        plan.content_key(base, b"t"),
        plan.content_key(plan.ingredients(job(), inputs={"ctg.toml": "b"}, notebook_digest="n"), b"s"),
        plan.content_key(plan.ingredients(job(), inputs={"ctg.toml": "a"}, notebook_digest="m"), b"s"),
        plan.content_key(plan.ingredients(job(etat="publie"), inputs={"ctg.toml": "a"}, notebook_digest="n"), b"s"),
    }
    assert len(keys) == 5
    assert plan.content_key(base, b"s") == plan.content_key(dict(reversed(base.items())), b"s")


def test_the_reason_tells_what_changed() -> None:
    before = {"le fichier a.csv": "1", "le fichier b.csv": "1", "le carnet x": "1"}
    assert plan.difference(before, before) == ""
    now = {"le fichier a.csv": "2", "le carnet x": "1", "le fichier c.csv": "1"}
    assert plan.difference(before, now) == (
        "le fichier a.csv a changé, le fichier c.csv est nouveau et le fichier b.csv n’est plus là"
    )
    many = plan.difference({str(n): "1" for n in range(9)}, {str(n): "2" for n in range(9)})
    assert many.endswith("(et 6 autres changements)")


def test_the_secret_is_drawn_once_and_never_by_a_mere_look(tmp_path: Path) -> None:
    assert manifest.secret(tmp_path, create=False) == b""
    drawn = manifest.secret(tmp_path)
    assert len(drawn) == 64
    assert manifest.secret(tmp_path) == drawn


def test_readers_other_than_the_bodies_are_not_told_of_them() -> None:
    for etat in ("brouillon", "valide_cotech", "presente_copil", "publie"):
        told = site.version(job(audience="habitants", etat=etat)).casefold()
        assert "comité" not in told
    assert site.reader(job(audience="partenaire", partner="caf")) == "Partenaire (caf)"
