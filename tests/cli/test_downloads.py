from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

import ctgeval
from ctgeval.cli import downloads
from ctgeval.config import check
from ctgeval.errors import DossierError, SourceError

Run = Callable[..., Result]
BODY = b"CODGEO,LIBGEO,millesime_rp,annee_geo,POP\n86194,Poitiers,2018,2020,88665\n"
DOSSIER = """\
[territoire]
code = "EPCI-200070035"
perimetre = 2024
[[source]]
cle = "pop"
format = "insee.population"
url = "{url}"
mise_a_jour = 2026-01-01
diffusion = "ouverte"
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder on the web, which holds one table."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "populations.csv").write_bytes(BODY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def dossier(tmp_path: Path, site: str) -> Path:
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "ctg.toml").write_text(DOSSIER.format(url=f"{site}/populations.csv"), encoding="utf-8")
    return folder


def test_a_dossier_reads_offline_what_was_downloaded(dossier: Path, site: str) -> None:
    before = ctgeval.open(dossier).read_sources["pop"]
    assert isinstance(before, SourceError)
    assert "ctgeval sources telecharger" in before.problem.remedy
    begun: list[str] = []
    first = downloads.run(dossier, begin=begun.append)
    assert [(one.key, one.status) for one in first] == [("pop", "telecharge")]
    assert begun == ["pop"]
    assert [one.status for one in downloads.run(dossier, key="pop")] == ["inchange"]
    text = (dossier / "ctg.toml").read_text(encoding="utf-8")
    table = ctgeval.open(dossier).source_tables["pop"]
    assert table.file == "populations.csv"
    assert table.observations["value"].tolist() == [88_665]
    assert table.sha256 == hashlib.sha256(BODY).hexdigest()
    (dossier / "ctg.toml").write_text(text.replace("populations.csv", "autres.csv"), encoding="utf-8")
    moved = ctgeval.open(dossier).read_sources["pop"]
    assert isinstance(moved, SourceError)
    assert "a changé" in moved.problem.message


def test_a_failure_does_not_stop_the_others(dossier: Path, site: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = '\n[[source]]\ncle = "absent"\nformat = "insee.population"\nurl = "{site}/rien.csv"\n'.replace(
        "{site}", site
    )
    text = (dossier / "ctg.toml").read_text(encoding="utf-8")
    (dossier / "ctg.toml").write_text(text.replace("[[source]]", more + "[[source]]", 1), encoding="utf-8")
    found = downloads.run(dossier)
    assert [(one.key, one.status) for one in found] == [("absent", "echec"), ("pop", "telecharge")]
    downloads.tell(found)
    shown = capsys.readouterr()
    assert "populations.csv téléchargé" in shown.out
    assert "erreur 404" in shown.err


def test_a_key_that_is_not_to_be_downloaded(dossier: Path) -> None:
    with pytest.raises(DossierError, match="popu") as caught:
        downloads.run(dossier, key="popu")
    assert "« pop »" in caught.value.problem.remedy


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('url = "http://moi:secret@serveur/x.csv"', "mot de passe"),
        ('url = "ftp://serveur/x.csv"', "http ou https"),
        ('sha256 = "abc"', "64 chiffres"),
    ],
)
def test_what_ctg_toml_may_not_say(dossier: Path, line: str, said: str) -> None:
    text = (dossier / "ctg.toml").read_text(encoding="utf-8")
    kept = [old for old in text.splitlines() if old.split(" ")[0] != line.split(" ", maxsplit=1)[0]]
    (dossier / "ctg.toml").write_text("\n".join([*kept, line, ""]), encoding="utf-8")
    config, problems = check(dossier)
    assert config is None
    told = [problem for problem in problems if said in problem.message]
    assert len(told) == 1
    assert "secret" not in str(told[0])


def test_a_source_without_a_file_still_needs_an_address(dossier: Path) -> None:
    text = (dossier / "ctg.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("url")]
    (dossier / "ctg.toml").write_text("\n".join([*kept, ""]), encoding="utf-8")
    config, problems = check(dossier)
    assert config is None
    assert any("« format » sans « fichier »" in problem.message for problem in problems)


def test_the_command(dossier: Path, site: str, run: Run) -> None:
    done = run("sources", "telecharger", dossier)
    assert done.exit_code == 0
    assert "pop : populations.csv téléchargé" in done.stdout
    again = run("sources", "telecharger", dossier, "--cle", "pop", "--json")
    told = json.loads(again.stdout)
    assert (told["ok"], told["sources"][0]["etat"]) == (True, "inchange")
    assert told["sources"][0]["fiche"]["fichier"] == "populations.csv"
    wrong = run("sources", "fetch", dossier, "--cle", "popu")
    assert wrong.exit_code == 1
    assert "« pop »" in wrong.output
    text = (dossier / "ctg.toml").read_text(encoding="utf-8")
    (dossier / "ctg.toml").write_text(text.replace("populations.csv", "rien.csv"), encoding="utf-8")
    failed = run("sources", "telecharger", dossier)
    assert failed.exit_code == 1
    assert "erreur 404" in failed.output
    (dossier / "ctg.toml").write_text(text.split("[[source]]")[0], encoding="utf-8")
    assert "Aucune source à télécharger" in run("sources", "telecharger", dossier).stdout
