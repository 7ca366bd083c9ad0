"""Releases that wait for the workers: once each, and none stays."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ctgeval.errors import ReportError
from ctgeval.report.cluster import places
from ctgeval.report.cluster.relay import Relay

ARCHIVES = {hashlib.sha256(data).hexdigest(): data for data in (b"un", b"deux")}


def test_an_archive_is_left_once_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / ".ctgeval").mkdir()
    url = f"memory://{uuid4().hex}"
    relay = Relay(url, dossier=tmp_path)
    first = {sha256: relay.put(data, sha256) for sha256, data in ARCHIVES.items()}
    assert {sha256: relay.put(data, sha256) for sha256, data in ARCHIVES.items()} == first
    place = places.opened(url)
    assert {place.read(address.removeprefix(f"{url}/")) for address in first.values()} == {b"un", b"deux"}
    assert len(place.files()) == 2
    # Each was asked for twice.
    one, other = ARCHIVES
    for sha256 in (one, other, one):
        relay.drop(sha256)
    assert [name.rpartition("/")[2] for name in place.files()] == [f"{other}.zip"]
    assert place.read(relay.put(ARCHIVES[one], one).removeprefix(f"{url}/")) == ARCHIVES[one]
    relay.close()
    relay.close()
    assert place.files() == {}
    assert not (tmp_path / ".ctgeval" / "relais.json").exists()


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path: Path) -> None:
    url = f"memory://{uuid4().hex}"
    Relay(url, dossier=tmp_path).put(b"un", hashlib.sha256(b"un").hexdigest())
    assert len(places.opened(url).files()) == 1
    Relay(f"memory://{uuid4().hex}", dossier=tmp_path).close()
    assert places.opened(url).files() == {}
    assert not (tmp_path / ".ctgeval" / "relais.json").exists()


def test_a_relay_that_fails_is_told(tmp_path: Path, faulty: Any) -> None:
    relay = Relay(f"fautif://{tmp_path}/relais", dossier=tmp_path)
    faulty.refused = ".zip"
    with pytest.raises(ReportError, match="n’a pas pu être déposée au relais"):
        relay.put(b"un", hashlib.sha256(b"un").hexdigest())


def test_what_can_not_be_removed_is_told_and_noted(
    tmp_path: Path, faulty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay(f"fautif://{tmp_path}/relais", dossier=tmp_path)
    relay.put(b"un", hashlib.sha256(b"un").hexdigest())

    def refused(*_: Any, **__: Any) -> None:
        raise OSError("le réseau est tombé")

    with monkeypatch.context() as broken:
        broken.setattr(faulty, "rm", refused)
        with pytest.raises(ReportError, match="n’ont pas pu en être retirées"):
            relay.close()
    assert (tmp_path / ".ctgeval" / "relais.json").exists()
    relay.close()
    assert not list((tmp_path / "relais").rglob("*.zip"))
