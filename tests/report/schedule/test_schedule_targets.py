"""Which files are written for which scheduler, and where."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree

from ctgeval.errors import ParameterError
from ctgeval.report.schedule import targets
from ctgeval.report.schedule.kubernetes import Cluster
from ctgeval.report.schedule.when import When

WHEN = When("semaine", 5, 30)
CLUSTER = Cluster(image="exemple.fr/ctgeval:1", claim="ctg")


@pytest.mark.parametrize(
    ("platform", "names"), [("linux", ("cron", "systemd")), ("win32", ("windows",)), ("darwin", ("cron",))]
)
def test_each_system_has_its_schedulers(monkeypatch: pytest.MonkeyPatch, platform: str, names: tuple[str, ...]) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert targets.usual() == names


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="systemd"):
        targets.checked(["sytemd"])
    assert targets.checked(["cron", "argo", "cron"]) == ("cron", "argo")


def test_the_task_of_this_machine_has_absolute_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    task = targets.local_task(Path("d’été"), WHEN, out=Path("reports"), options=("--jobs", "2"))
    assert task.words == (
        sys.executable, "-m", "ctgeval", "planifier", str(tmp_path / "d’été"), "--executer",
        "--out", str(tmp_path / "reports"), "--jobs", "2",
    )  # fmt: skip


def test_every_file_is_written_in_the_dossier_and_is_what_its_reader_takes(tmp_path: Path) -> None:
    folder = tmp_path / "l'été 100 %"
    folder.mkdir()
    task = targets.local_task(folder, WHEN, out=tmp_path / "r", options=("--malgre-retard",))
    texts = targets.files(targets.TARGETS, task, options=("--malgre-retard",), cluster=CLUSTER)
    saved = targets.save(folder, texts)
    every = [path for paths in saved.values() for path in paths]
    assert sorted(path.name for path in (folder / "planification").iterdir()) == sorted(path.name for path in every)
    assert {path.name.partition(".")[0] for path in every} == {task.name}
    assert saved["windows"][0].read_bytes()[:2] in {b"\xff\xfe", b"\xfe\xff"}
    assert ElementTree.parse(saved["windows"][0]).getroot().tag.endswith("}Task")
    for target in targets.CLUSTER:
        text = saved[target][0].read_text(encoding="ascii")
        assert json.loads(text)
        assert "/ctg/l'\\u00e9t\\u00e9 100 %" in text
        assert "--malgre-retard" in text
        assert str(tmp_path) not in text, "a place of this machine means nothing on a cluster"


@pytest.mark.parametrize("target", targets.CLUSTER)
def test_a_cluster_asks_for_an_image(tmp_path: Path, target: str) -> None:
    task = targets.local_task(tmp_path, WHEN, out=tmp_path / "r")
    with pytest.raises(ParameterError, match="--image"):
        targets.files([target], task)


def test_an_address_that_receives_the_reports_is_given_as_it_is(tmp_path: Path) -> None:
    url = "s3://seau/bilans du mois"
    task = targets.local_task(tmp_path, WHEN, out=url)
    assert task.words[task.words.index("--out") + 1] == url
    found = targets.files(("cron", "kubernetes"), task, cluster=Cluster(image="a:1", claim="ctg"))
    assert f"--out '{url}'" in next(iter(found["cron"].values()))
    assert f'"{url}"' in next(iter(found["kubernetes"].values()))
