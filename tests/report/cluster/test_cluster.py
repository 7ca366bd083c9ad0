"""Bilans made by a real cluster: all of them once, as one machine makes them, whatever dies in the middle."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import psutil
import pytest

from ctgeval.cli import main
from ctgeval.errors import ParameterError, ReportError
from ctgeval.report import program
from ctgeval.report.build import build
from ctgeval.report.cluster import connection, machine
from ctgeval.report.cluster.parcel import packed
from ctgeval.report.cluster.pool import ClusterPool
from ctgeval.report.cluster.relay import Relay
from ctgeval.report.pool import Interrupted, Task
from tests.report.cluster.conftest import Cluster, wait_for
from tests.report.conftest import CANARY

DAY = dt.date(2026, 3, 2)
LONG = "import time\ntime.sleep(600)"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[ClusterPool]:
    """The pools that a build opens."""
    found: list[ClusterPool] = []
    init = ClusterPool.__init__

    def noted(self: ClusterPool, *given: Any, **options: Any) -> None:
        init(self, *given, **options)
        found.append(self)

    monkeypatch.setattr(ClusterPool, "__init__", noted)
    return found


@pytest.fixture
def at(cluster: Cluster) -> Iterator[Callable[..., ClusterPool]]:
    """Open pools on the cluster, closed whatever happens."""
    made: list[ClusterPool] = []

    def joined() -> ClusterPool:
        made.append(ClusterPool(cluster.address))
        return made[-1]

    yield joined
    for one in made:
        one.close()


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def begun(pool: ClusterPool) -> str:
    """Where the last notebook to begin is running."""
    courses = [one for one in list(pool._courses.values()) if one.begun and not one.ended.is_set()]
    return max(courses, key=lambda one: one.begun[-1][1]).place if courses else ""


def ask_again(workshop: Any) -> None:
    """Ask for more bilans, each of which lasts long enough to be interrupted."""
    workshop.notebook("essai", workshop.code(CANARY), workshop.code("import time\ntime.sleep(1.5)"))
    asked = "".join(
        f'\n[[bilan]]\ncarnet = "essai"\naudience = "{audience}"\nperiode = "{period}"\n'
        for audience, period in (("cotech", "2024"), ("habitants", "2023"))
    )
    place = workshop.folder / "ctg.toml"
    place.write_text(place.read_text(encoding="utf-8") + asked, encoding="utf-8")


def test_all_bilans_come_out_once_though_a_machine_dies(
    workshop: Any, cluster: Cluster, opened: list[ClusterPool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_again(workshop)
    alone = build(workshop.folder, out=tmp_path / "seul", date=DAY, jobs=2)
    assert alone.failed == ()
    parcels: list[bytes] = []
    handed = ClusterPool._handed

    def noted(self: ClusterPool, parcel: Any, *given: Any, **options: Any) -> Any:
        parcels.append(pickle.dumps(parcel))
        return handed(self, parcel, *given, **options)

    monkeypatch.setattr(ClusterPool, "_handed", noted)
    told: list[Path] = []

    def kill_one(_done: int, _total: int, entry: Any) -> None:
        told.append(entry.path)
        if len(told) == 1:
            (pool,) = opened
            victim = wait_for(lambda: begun(pool))
            pids = pool._client.run(_pid)
            psutil.Process(pids[victim]).kill()

    report = build(workshop.folder, out=tmp_path / "cluster", date=DAY, cluster=cluster.address, progress=kill_one)
    assert report.failed == ()
    assert [one.status for one in report.entries] == ["fait"] * 5
    assert len(told) == len(set(told)) == 5
    # The reason is told, once.
    (reason,) = (one.message for one in report.entries if one.message)
    assert "la machine a disparu" in reason
    assert files(tmp_path / "cluster") == files(tmp_path / "seul")

    # Nothing of the dossier travelled, nor what another audience reads.
    secret = (workshop.folder / ".ctgeval" / "cle").read_bytes()
    assert len(parcels) == 5
    for parcel in parcels:
        assert not any(one in parcel for one in (str(workshop.folder).encode(), secret, b"ctg.toml", b"population.csv"))
        assert sum(f"{name}.txt".encode() in parcel for name in ("canari",)) == 1
        assert sum(name in parcel for name in (b"copil", b"cotech", b"habitants")) == 1

    # Nor does anything stay, even on the machine that was killed.
    wait_for(lambda: not cluster.left())
    wait_for(lambda: not cluster.running())


def _pid() -> int:
    import os

    return os.getpid()


def test_a_relay_holds_the_releases_during_the_build_only(
    cluster: Cluster, task: Callable[..., Task], tmp_path: Path
) -> None:
    (tmp_path / ".ctgeval").mkdir()
    pool = ClusterPool(cluster.address, relay=Relay(f"file://{tmp_path}/relais", dossier=tmp_path))
    try:
        given = task("1", name="attendu")
        parcel = pool._parcel(given)
        assert parcel.archive == b""
        assert len(files(tmp_path / "relais")) == 1
        # As a machine does.
        assert machine._archive(parcel) == packed(given.scratch / "travail")
    finally:
        pool.close()
    assert pool.remarks == ()
    assert files(tmp_path / "relais") == {}
    assert files(tmp_path / ".ctgeval") == {}


def test_an_interrupted_build_ends_what_runs_on_the_machines(
    at: Callable[[], ClusterPool], cluster: Cluster, task: Callable[..., Task]
) -> None:
    pool = at()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.run, task(LONG))
        wait_for(lambda: begun(pool) and cluster.left())
        pool.stop()
        with pytest.raises(Interrupted):
            waiting.result(timeout=60)
    pool.close()
    wait_for(lambda: not cluster.left())
    wait_for(lambda: not cluster.running())


def test_a_coordinator_that_dies_leaves_nothing_running(cluster: Cluster, task: Callable[..., Task]) -> None:
    """Its connection is cut as the system does for a process that was killed."""
    pool = ClusterPool(cluster.address)
    threading.Thread(target=lambda: _silently(pool, task(LONG)), daemon=True).start()
    wait_for(lambda: begun(pool) and cluster.left())
    pool._client.close(timeout=5)
    wait_for(lambda: not cluster.running())
    wait_for(lambda: not cluster.left())
    pool.close()


def _silently(pool: ClusterPool, given: Task) -> None:
    with pytest.raises((ReportError, Interrupted)):
        pool.run(given)


def test_a_machine_without_ctgeval_is_refused_and_never_used(
    at: Callable[[], ClusterPool], cluster: Cluster, tmp_path: Path
) -> None:
    from tests.report.cluster.conftest import WITHOUT

    pool = at()
    before = pool._members()
    (tmp_path / "sitecustomize.py").write_text(WITHOUT, encoding="utf-8")
    other = cluster.add(PYTHONPATH=str(tmp_path))
    wait_for(lambda: len(connection.workers(pool._client)) == len(before) + 1)
    # Its address is not that of the cluster.
    with pytest.raises(ReportError, match="n’est pas l’ordonnanceur"):
        ClusterPool(before[0])
    # It came after the beginning: the build goes on without it.
    assert pool._members() == before
    # It was there before: nothing is begun.
    with pytest.raises(ReportError, match="ctgeval y manque") as caught:
        ClusterPool(cluster.address)
    assert (set(connection.workers(pool._client)) - set(before)).pop() in str(caught.value)
    other.kill()
    other.wait()


def test_another_version_is_refused_with_both_named(
    workshop: Any, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = program.versions()
    monkeypatch.setattr(program, "versions", lambda: here | {"pandas": "0.25.3"})
    with pytest.raises(ReportError, match=f"pandas {here['pandas']} au lieu de 0.25.3") as caught:
        build(workshop.folder, out=workshop.out, cluster=cluster.address)
    assert "l’ordonnanceur" in str(caught.value)
    assert workshop.opened == []
    assert not workshop.out.exists()


@pytest.mark.parametrize(
    "address",
    ["", "tcp://", "10.0.0.5", "tcp://10.0.0.5", "http://10.0.0.5:8786", "tcp://a:99999", "a:b", "inproc://1"],
)
def test_what_is_not_an_address_is_a_misuse(address: str) -> None:
    with pytest.raises(ParameterError, match="n’a pas la forme attendue"):
        connection.checked(address)


def test_an_address_may_be_short() -> None:
    assert connection.checked("10.0.0.5:8786") == "tcp://10.0.0.5:8786"
    assert connection.checked("tls://[::1]:8786") == "tls://[::1]:8786"


def test_a_wrong_address_is_told_with_its_remedy_and_nothing_is_made(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    command = ["construire", str(workshop.folder), "--out", str(workshop.out)]
    for address, code in (("tcp://127.0.0.1:9", 1), ("nulle-part", 2)):
        with pytest.raises(SystemExit) as ended:
            main([*command, "--cluster", address])
        assert ended.value.code == code
        said = capsys.readouterr().err
        assert address in said
        assert "→" in said
        assert "Traceback" not in said
    assert workshop.opened == []
    assert not workshop.out.exists()
    with pytest.raises(SystemExit) as ended:
        main([*command, "--relais", "memory://a"])
    assert ended.value.code == 2


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ReportError, match=r"ctgeval\[cluster\]"):
        connection.connected("tcp://127.0.0.1:9")


def test_a_scheduler_that_dies_fails_what_is_left_and_no_more(
    at: Callable[[], ClusterPool], cluster: Cluster, task: Callable[..., Task]
) -> None:
    """The last test of the cluster."""
    pool = at()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(pool.run, task(LONG))
        wait_for(lambda: begun(pool))
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        with pytest.raises(ReportError, match="ne répond plus"):
            waiting.result(timeout=60)
    with pytest.raises(ReportError, match="ne répond plus"):
        pool.run(task("1", name="suivant"))
    pool.close()
    # Its workers leave, and what they had started with them.
    wait_for(lambda: not cluster.running())
    wait_for(lambda: not cluster.left())


@pytest.mark.skipif(
    shutil.which("openssl") is None and not os.environ.get("CI"), reason="needs openssl, to make a certificate"
)
def test_an_encrypted_address_needs_certificates_and_works_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 2.0)
    with pytest.raises(ReportError, match="demande des certificats"):
        ClusterPool("tls://127.0.0.1:9")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=essai", "-keyout", "cle.pem", "-out", "certificat.pem"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    certificate, key = str(tmp_path / "certificat.pem"), str(tmp_path / "cle.pem")
    options = ["--protocol", "tls", "--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
    cluster = Cluster(tmp_path, *options)
    settings = {"ca-file": certificate, "client.cert": certificate, "client.key": key}
    try:
        assert cluster.address.startswith("tls://")
        # Joined: all that is missing is a machine.
        with (
            dask.config.set({f"distributed.comm.tls.{name}": value for name, value in settings.items()}),
            pytest.raises(ReportError, match="aucune machine au travail"),
        ):
            ClusterPool(cluster.address)
        # Read in clear, an encrypted scheduler does not answer.
        with pytest.raises(ReportError, match="Aucun ordonnanceur"):
            ClusterPool(cluster.address.replace("tls", "tcp"))
    finally:
        cluster.close()
