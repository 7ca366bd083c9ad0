"""The index of an audience: the bilans of every convention that shares the folder, and nobody else's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ctgeval.report import manifest, site
from ctgeval.report.plan import Job


def _job(territoire: str, *, audience: str = "habitants", fictional: bool = False) -> Job:
    return Job(
        bilan="diagnostic",
        audience=audience,
        partner="",
        territoire=territoire,
        periode="2023",
        etat="brouillon",
        formats=("html",),
        fictional=fictional,
    )


def _publish(out: Path, job: Job, name: str) -> None:
    folder = out / job.folder
    folder.mkdir(parents=True, exist_ok=True)
    page = f"<html>{name}</html>".encode()
    (folder / f"{job.slug}.html").write_bytes(page)
    told = manifest.describe(
        job,
        key="k",
        page=page,
        date="2026-01-15",
        title=f"Diagnostic de {name}",
        name=name,
        convention=site.convention(name),
        version=site.version(job),
        told_sources=[],
    )
    manifest.write(folder / f"{job.slug}.manifest.json", told)


def _titles(path: Path) -> list[str]:
    return re.findall(r"<h3><a [^>]*>([^<]*)</a>", path.read_text(encoding="utf-8"))


def test_two_conventions_share_a_folder_and_its_index(tmp_path: Path) -> None:
    first, second = _job("EPCI-200070035"), _job("EPCI-249900001", fictional=True)
    _publish(tmp_path, first, "Civray")
    site.write_index(tmp_path, [first], name="Civray")
    _publish(tmp_path, second, "Arvelle")
    path = site.write_index(tmp_path, [second], name="Arvelle")
    assert sorted(_titles(path)) == ["Diagnostic de Arvelle", "Diagnostic de Civray"]
    content = path.read_text(encoding="utf-8")
    assert content.count("<h2>") == 2
    assert content.index("Civray") > 0
    again = path.read_bytes()
    assert site.write_index(tmp_path, [first], name="Civray").read_bytes() == again


def test_a_bilan_that_left_the_dossier_or_was_edited_by_hand_is_not_listed(tmp_path: Path) -> None:
    kept, gone, edited = _job("COM-86194"), _job("COM-86066"), _job("COM-86041")
    for job in (kept, gone, edited):
        _publish(tmp_path, job, "Vienne")
    (tmp_path / "habitants" / f"{edited.slug}.html").write_bytes(b"autre chose")
    path = site.write_index(tmp_path, [kept, edited], name="Vienne")
    assert _titles(path) == ["Diagnostic de Vienne"]
    assert kept.slug in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("audience", ["copil", "habitants"])
def test_an_index_names_no_other_audience(tmp_path: Path, audience: str) -> None:
    for name in ("interne", "copil", "habitants"):
        _publish(tmp_path, _job("COM-86194", audience=name), "Poitiers")
    text = site.write_index(tmp_path, [_job("COM-86194", audience=audience)], name="Poitiers").read_text(
        encoding="utf-8"
    )
    body = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    others = {"interne": "version interne", "copil": "Comité de pilotage", "habitants": "Habitantes"}
    del others[audience]
    assert not [words for words in others.values() if words in body]


def test_an_index_without_a_bilan_says_so(tmp_path: Path) -> None:
    path = site.write_index(tmp_path, [_job("COM-86194")], name="Poitiers")
    assert "Aucun bilan" in path.read_text(encoding="utf-8")
