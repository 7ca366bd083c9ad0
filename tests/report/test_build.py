from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from inspect import unwrap
from pathlib import Path

import pytest

from ctgeval import errors
from ctgeval.report import build as report, plan

CIVRAISIEN, GARTEMPE = "EPCI-200070035", "EPCI-200070043"
DAY = dt.date(2026, 3, 1)
Rewrite = Callable[[Path, str, str], None]


def run(workshop, **options):
    return report.build(workshop.folder, out=workshop.out, date=DAY, **options)


def test_a_dossier_gives_its_pages_their_sheets_and_an_index_for_each_audience(workshop) -> None:
    told: list[tuple[int, int]] = []
    built = run(workshop, jobs=2, progress=lambda *step: told.append(step[:2]))

    assert [(entry.audience, entry.territoire, entry.status) for entry in built.entries] == [
        ("copil", CIVRAISIEN, "fait"),
        ("copil", GARTEMPE, "fait"),
        ("habitants", CIVRAISIEN, "fait"),
    ]
    assert built.failed == ()
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert sorted(path.relative_to(workshop.out).as_posix() for path in workshop.out.rglob("*") if path.is_file()) == [
        "copil/epci-200070035-essai-2025.html",
        "copil/epci-200070035-essai-2025.manifest.json",
        "copil/epci-200070043-essai-2025.html",
        "copil/epci-200070043-essai-2025.manifest.json",
        "copil/index.html",
        "habitants/epci-200070035-essai-2025.html",
        "habitants/epci-200070035-essai-2025.manifest.json",
        "habitants/index.html",
    ]
    for entry in built.entries:
        page = entry.path.read_text(encoding="utf-8")
        assert re.findall(r"canari-[\w-]+", page) == [f"canari-{entry.audience}-{entry.territoire}"]
        assert entry.size == len(entry.path.read_bytes())
        assert entry.cpu > 0
        assert "1er\u00a0mars\u00a02026" in page or "1er mars 2026" in page
    # The public folders say nothing of this machine nor of the other audiences.
    for path in workshop.out.rglob("*.*"):
        content = path.read_text(encoding="utf-8")
        other = "habitants" if path.parent.name == "copil" else "copil"
        assert str(workshop.folder.parent) not in content
        assert other not in content.casefold().replace("habitantes et habitants", "")
    index = (workshop.out / "copil" / "index.html").read_text(encoding="utf-8")
    assert 'href="epci-200070043-essai-2025.html"' in index


def test_nothing_is_done_again_until_an_ingredient_changes(workshop, instant, rewrite: Rewrite) -> None:
    run(workshop)
    first = workshop.page().read_bytes()
    workshop.opened.clear()

    begun = time.perf_counter()
    again = run(workshop)
    assert time.perf_counter() - begun < 2
    assert {entry.status for entry in again.entries} == {"a_jour"}
    assert workshop.opened == []
    assert {state.status for state in report.status(workshop.folder, out=workshop.out)} == {"a_jour"}

    assert {entry.status for entry in run(workshop, force=True, audience="habitants").entries} == {"fait"}
    assert workshop.page().read_bytes() == first, "the same inputs give the same bytes"

    (workshop.folder / "sources" / "population.csv").write_text("a;b\n1;3\n", encoding="utf-8")
    stale = report.status(workshop.folder, out=workshop.out)
    assert {(state.status, state.reason) for state in stale} == {
        ("a_refaire", "le fichier sources/population.csv a changé")
    }
    assert run(workshop, territoire=GARTEMPE).entries[0].status == "fait"
    assert [state.status for state in report.status(workshop.folder, out=workshop.out)] == [
        "a_refaire",
        "a_jour",
        "a_refaire",
    ]


def test_status_tells_what_was_never_made_removed_or_edited_by_hand(workshop, instant) -> None:
    assert {state.status for state in report.status(workshop.folder, out=workshop.out)} == {"jamais_fait"}
    assert not (workshop.folder / ".ctgeval").exists(), "asking changes nothing"
    run(workshop)
    workshop.page().write_bytes(workshop.page().read_bytes() + b" ")
    workshop.page(code=GARTEMPE).unlink()
    workshop.page("habitants").with_suffix(".manifest.json").unlink()
    assert [state.reason for state in report.status(workshop.folder, out=workshop.out)] == [
        "un fichier publié a été modifié ou supprimé à la main",
        "le fichier publié a été supprimé",
        "la fiche de production manque à côté du fichier publié",
    ]
    assert {entry.status for entry in run(workshop).entries} == {"fait"}


def test_a_failing_cell_keeps_the_earlier_page_and_a_partial_one_for_the_author(workshop, capfd) -> None:
    run(workshop, audience="copil", jobs=2)
    before = {path: path.read_bytes() for path in workshop.out.rglob("*.*")}
    workshop.notebook(
        "essai",
        workshop.text("# Bilan"),
        workshop.code(f"print('début')\nif territoire == '{GARTEMPE}':\n    raise KeyError('PE01')"),
        workshop.code("print('jamais')"),
    )
    built = run(workshop, audience="copil")

    assert [entry.status for entry in built.entries] == ["fait", "echec"]
    (failed,) = built.failed
    assert "KeyError" in failed.message
    assert "cellule de code n°\u00a02" in failed.message
    assert failed.path.read_bytes() == before[failed.path]
    assert failed.partial == workshop.folder / ".ctgeval" / "partiels" / "copil" / failed.path.name
    partial = failed.partial.read_text(encoding="utf-8")
    assert "Bilan partiel, à ne pas diffuser" in partial
    assert "début" in partial
    assert "jamais" not in partial
    assert "raise KeyError(&#39;PE01&#39;)" in partial
    assert "Traceback" not in partial
    states = {state.job.territoire: state for state in report.status(workshop.folder, out=workshop.out)}
    assert states[GARTEMPE].status == "en_echec"
    assert "KeyError" in states[GARTEMPE].reason
    assert capfd.readouterr() == ("", "")

    workshop.notebook("essai", workshop.code("print('réparé')"))
    assert run(workshop, audience="copil", territoire=GARTEMPE).failed == ()
    assert not failed.partial.exists()


ENDINGS = {
    "tue": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "noyau Python s’est arrêté"),
    "sort": ("import os\nos._exit(0)", "noyau Python s’est arrêté"),
    "quitte": ("raise SystemExit(0)", "SystemExit"),
    "refuse": ("from ctgeval.errors import SourceError\nraise SourceError('Fichier vide.')", "Fichier vide."),
    "illisible": ("def f(:", "SyntaxError"),
}


@pytest.mark.skipif(os.name == "nt", reason="needs the signal that kills")
def test_no_way_of_ending_early_passes_for_success(workshop) -> None:
    for name, (source, _) in ENDINGS.items():
        workshop.notebook(name, workshop.code(source), workshop.code("print('jamais')"))
    bilans = "".join(f'[[bilan]]\ncarnet = "{name}"\naudience = "copil"\nperiode = "2025"\n' for name in ENDINGS)
    place = workshop.folder / "ctg.toml"
    place.write_text(place.read_text(encoding="utf-8").split("[[bilan]]")[0] + bilans, encoding="utf-8")
    built = run(workshop)
    assert len(built.failed) == len(ENDINGS)
    for entry in built.entries:
        assert ENDINGS[entry.bilan][1] in entry.message
        assert not entry.path.exists()
        assert entry.partial is not None
        assert "jamais" not in entry.partial.read_text(encoding="utf-8")


def test_a_notebook_that_lasts_too_long_is_stopped(workshop) -> None:
    workshop.notebook("essai", workshop.code("import time\ntime.sleep(90)"))
    (entry,) = run(workshop, audience="habitants", time_limit=2.0).entries
    assert entry.status == "echec"
    assert "durée accordée au carnet (2\u00a0secondes) est dépassée" in entry.message
    assert entry.seconds < 60


def test_the_notebook_finds_the_release_and_no_trace_of_the_dossier(workshop, monkeypatch) -> None:
    monkeypatch.setenv("CTGEVAL_REAL_DATA", "/quelque/part")
    monkeypatch.setenv("MON_DOSSIER", f"{workshop.folder}/sources")
    # A page that writes a path of the computer is refused: here they are told with other signs.
    looked = """\
import os, sys
from pathlib import Path
told = [f"fichiers {sorted(path.as_posix() for path in Path('.').rglob('*'))}"]
told += [f"variables {sorted(f'{name}={value}' for name, value in os.environ.items())}"]
told += [f"arguments {sys.argv} {sys.path}"]
print("\\n".join(told).replace("/", "|"))
"""
    workshop.notebook("essai", workshop.code(looked))
    (entry,) = run(workshop, audience="habitants").entries
    page = entry.path.read_text(encoding="utf-8")
    assert "fichiers [&#x27;release&#x27;, &#x27;release|canari.txt&#x27;]" in page.replace("'", "&#x27;").replace(
        "&#39;", "&#x27;"
    )
    assert str(workshop.folder).replace("/", "|") not in page
    assert "CTGEVAL_REAL_DATA" not in page
    assert "OPENBLAS_NUM_THREADS=1" in page


def test_stored_outputs_and_metadata_of_a_notebook_are_never_shown(workshop, rewrite: Rewrite) -> None:
    path = workshop.notebook("essai", workshop.code("pass"))
    told = json.loads(path.read_text(encoding="utf-8"))
    told["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "sortie périmée"}]
    told["metadata"]["kernelspec"] = {"name": "un-autre-noyau", "display_name": "x"}
    path.write_text(json.dumps(told), encoding="utf-8")
    (entry,) = run(workshop, audience="habitants").entries
    assert entry.status == "fait"
    assert "périmée" not in entry.path.read_text(encoding="utf-8")


def test_one_refused_release_fails_its_own_bilans_only(workshop, instant, monkeypatch) -> None:
    dossier = sys.modules["ctgeval.dossier"].Dossier
    release = dossier.release

    def refusing(self, audience, partner=None):
        if audience == "copil":
            raise errors.ConfidentialityError("Une cellule pourrait être retrouvée.")
        return release(self, audience, partner)

    monkeypatch.setattr(dossier, "release", refusing)
    built = run(workshop)
    assert [entry.status for entry in built.entries] == ["echec", "echec", "fait"]
    assert "Une cellule pourrait être retrouvée." in built.entries[0].message
    assert "Aucun bilan n’est encore disponible" in built.indexes["copil"].read_text(encoding="utf-8")


def test_the_sheet_tells_the_origin_without_confirming_guesses(workshop, instant) -> None:
    run(workshop, audience="copil", territoire=CIVRAISIEN)
    sheet = workshop.sheet()
    assert sheet["html"]["sha256"] == hashlib.sha256(workshop.page().read_bytes()).hexdigest()
    assert sheet["date"] == "2026-03-01"
    assert sheet["parametres"] == {"territoire": CIVRAISIEN, "periode": "2025"}
    opened, private = sheet["sources"]
    assert (opened["fichier"], opened["empreinte"]) == ("population.csv", "ab" * 32)
    assert private["fichier"] == "suivi.xlsx"
    assert private["empreinte"] not in {"cd" * 32, ""}
    page = workshop.page().read_text(encoding="utf-8")
    assert sheet["cle"] in page
    assert "cd" * 32 not in page
    assert "Document de travail" in page


def test_what_can_not_be_made_is_refused_in_french(workshop, instant, rewrite: Rewrite) -> None:
    with pytest.raises(errors.ParameterError, match="format n’est pas disponible"):
        run(workshop, formats=["epub"])
    with pytest.raises(errors.ParameterError, match="au moins 1"):
        run(workshop, jobs=0)
    with pytest.raises(errors.ParameterError, match="Vouliez-vous dire « essai »"):
        run(workshop, bilan="essais")
    with pytest.raises(errors.ParameterError, match="à la fois"):
        run(workshop, audience="habitants", territoire=GARTEMPE)
    rewrite(workshop.folder / "ctg.toml", 'carnet = "essai"\naudience = "copil"', 'carnet = "esai"\naudience = "copil"')
    built = run(workshop)
    assert [entry.status for entry in built.entries] == ["echec", "echec", "fait"]
    assert "Vouliez-vous dire « essai »" in built.entries[0].message


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_a_symbolic_link_in_the_reports_is_refused(workshop, tmp_path: Path) -> None:
    elsewhere = tmp_path / "ailleurs"
    elsewhere.mkdir()
    workshop.out.mkdir()
    (workshop.out / "copil").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(errors.ReportError, match="lien symbolique"):
        run(workshop)
    assert list(elsewhere.iterdir()) == []


def test_a_partner_has_a_folder_of_its_own(workshop, rewrite: Rewrite) -> None:
    rewrite(
        workshop.folder / "ctg.toml", 'audience = "habitants"', 'audience = "partenaire"\npartenaire = "creche-civray"'
    )
    jobs = plan.jobs(unwrap(report.build).__globals__["configuration"].load(workshop.folder), workshop.folder)
    assert [job.folder for job in jobs] == ["copil", "copil", "partenaire-creche-civray"]
