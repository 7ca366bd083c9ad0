"""The coordinator's side of a cluster: it hands releases over, and takes back pages that it alone publishes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from ctgeval.errors import ReportError
from ctgeval.report import execute
from ctgeval.report.cluster import connection, likeness, machine
from ctgeval.report.cluster.parcel import Parcel, options, packed
from ctgeval.report.cluster.relay import Relay
from ctgeval.report.pool import GRACE, Interrupted, Task

if TYPE_CHECKING:
    from distributed import Future

__all__ = ["ClusterPool"]

ATTEMPTS = 3
_LOOK = 1.0
_FAREWELL = 20.0
_ELSEWHERE = "ailleurs"
_GONE = "la machine a disparu"


class _Course:
    """One notebook that was handed over: where it began, and when."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.begun: list[tuple[str, float]] = []

    @property
    def place(self) -> str:
        return self.begun[-1][0] if self.begun else ""


class ClusterPool:
    """Runs notebooks in the workers of a Dask cluster, as `Pool` does in processes of this machine.

    Parameters
    ----------
    address : str
        Of the scheduler.
    relay : Relay, optional
        Where releases wait for the workers; by default each travels with its notebook.

    Raises
    ------
    ParameterError
        When the address has not the form of one.
    ReportError
        When nothing answers there, when it has no worker, or when one of its machines would make other pages.
    """

    def __init__(self, address: str, *, relay: Relay | None = None) -> None:
        self.remarks: tuple[str, ...] = ()
        """What could not be taken back, once closed."""
        self._closed = False
        self._relay = relay
        self._visit = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        self._stopped = threading.Event()
        self._courses: dict[str, _Course] = {}
        self._futures: dict[str, Future[bytes]] = {}
        self._apart: set[str] = set()
        self._quiet = contextlib.ExitStack()
        self._client = connection.connected(address)
        self._address = connection.checked(address)
        self._quiet.enter_context(connection.quiet())
        self._quiet.enter_context(_settled())
        try:
            self._accepted = self._checked()
            self._client.subscribe_topic(machine.topic(self._visit), self._heard)  # type: ignore[no-untyped-call]
        except BaseException:
            self.close()
            raise
        self.width = sum(self._accepted.values())
        """Threads of the cluster: how many notebooks it can run at the same time."""

    def _checked(self) -> dict[str, int]:
        """Return the workers of the cluster, once all of its machines are known to be like this one."""
        try:
            end = time.monotonic() + connection.PATIENCE
            while not (found := connection.workers(self._client)):
                if time.monotonic() > end:
                    raise ReportError(
                        "L’ordonnanceur répond, mais le cluster n’a aucune machine au travail. Rien n’a été produit.",
                        value=self._address,
                        remedy="Démarrez-en, par exemple avec « dask worker "
                        f"{self._address} --nworkers 2 --nthreads 1 --no-dashboard ».",
                    )
                time.sleep(0.2)
            apart = connection.unlike(self._client)
        except OSError as error:
            raise self._lost(error) from error
        if apart:
            raise connection.refuse(apart)
        return found

    def _lost(self, error: OSError | None = None) -> ReportError:
        told = f" ({error})" if error is not None and str(error) else ""
        return ReportError(
            f"L’ordonnanceur du cluster ne répond plus{told}.",
            value=self._address,
            remedy="Redémarrez-le, puis relancez la même commande : ce qui est déjà produit ne sera pas refait.",
        )

    def run(self, task: Task) -> dict[str, Any]:
        """Run a notebook on a machine of the cluster, on another one when that fails, and return its reply.

        Parameters
        ----------
        task : Task
            What to run.

        Returns
        -------
        dict
            See `Pool.run`; and ``reprises``, why it was run again, when it was.

        Raises
        ------
        ReportError
            When no machine could run it, or when the scheduler is lost.
        Interrupted
            When the build is.
        """
        parcel = self._parcel(task)
        try:
            return self._run(parcel, limit=task.limit)
        finally:
            if self._relay is not None:
                self._relay.drop(parcel.sha256)

    def _run(self, parcel: Parcel, *, limit: float) -> dict[str, Any]:
        avoided: set[str] = set()
        reasons: list[str] = []
        for _ in range(ATTEMPTS):
            course, reply = self._handed(parcel, avoided, limit=limit)
            reasons += [f"{place} : {_GONE}" for place, _ in course.begun[:-1]]
            if _ELSEWHERE not in reply:
                return reply | ({"reprises": reasons} if reasons else {})
            avoided.add(course.place)
            reasons.append(f"{course.place or 'cluster'} : {reply[_ELSEWHERE]}")
        raise ReportError(
            f"Aucune machine du cluster n’a pu produire ce bilan ({' ; '.join(reasons)}).",
            remedy="Regardez le journal de ces machines, puis relancez la commande.",
        )

    def _parcel(self, task: Task) -> Parcel:
        archive = packed(task.scratch / execute.WORK)
        sha256 = hashlib.sha256(archive).hexdigest()
        address = self._relay.put(archive, sha256) if self._relay is not None else ""
        return Parcel(
            visit=self._visit,
            name=task.notebook.name,
            notebook=task.notebook.read_bytes(),
            archive=b"" if address else archive,
            address=address,
            sha256=sha256,
            options=options(task),
            likeness=likeness.mark(),
        )

    def _handed(self, parcel: Parcel, avoided: set[str], *, limit: float) -> tuple[_Course, dict[str, Any]]:
        """Hand a notebook to the scheduler, wait for its end, and return what became of it."""
        while True:
            members = self._members()
            chosen = [name for name in members if name not in avoided] or members
            # The name of a task is seen by whoever looks at the cluster.
            key, course = f"ctgeval-{secrets.token_hex(8)}", _Course()
            with self._lock:
                self._courses[key] = course
                future = self._client.submit(machine.run, parcel, key, key=key, workers=chosen, pure=False)
                self._futures[key] = future
            future.add_done_callback(lambda _, course=course: course.ended.set())  # type: ignore[no-untyped-call]
            try:
                reply = self._awaited(future, course, chosen, limit=limit)
            except OSError as error:
                raise self._lost(error) from error
            finally:
                with self._lock:
                    del self._courses[key], self._futures[key]
                future.release()  # type: ignore[no-untyped-call]
            # Never begun, and the machines that might have are gone: it is asked of those that came since.
            if reply:
                return course, reply

    def _awaited(self, future: Future[bytes], course: _Course, chosen: list[str], *, limit: float) -> dict[str, Any]:
        while not course.ended.wait(_LOOK):
            self._refuse_end()
            if not self._accepted.keys() & set(chosen) & connection.workers(self._client).keys():
                future.cancel()  # type: ignore[no-untyped-call]
                return {_ELSEWHERE: _GONE} if course.begun else {}
            # The machine watches over the limit itself, twice when it has to run the notebook in another way.
            if course.begun and time.monotonic() - course.begun[-1][1] > 2 * (limit + GRACE):
                future.cancel()  # type: ignore[no-untyped-call]
                return {_ELSEWHERE: "la machine n’a pas répondu dans le temps accordé"}
        self._refuse_end()
        return self._outcome(future)

    def _refuse_end(self) -> None:
        if self._stopped.is_set():
            raise Interrupted
        if self._client.status != "running":
            raise self._lost()

    def _outcome(self, future: Future[bytes]) -> dict[str, Any]:
        from distributed import KilledWorker

        try:
            told: dict[str, Any] = json.loads(future.result(timeout=GRACE))
        except KilledWorker as error:
            raise ReportError(
                f"Toutes les machines à qui ce bilan a été confié ont disparu ({error.last_worker.address} à la fin).",
                remedy="Regardez leur journal : la mémoire manque peut-être. Relancez ensuite la commande.",
            ) from error
        except (CancelledError, TimeoutError) as error:
            self._refuse_end()
            return {_ELSEWHERE: f"la page n’a pas pu être reprise ({type(error).__name__})"}
        except Exception as error:  # noqa: BLE001 whatever a worker could not do, it may have been another's fault
            return {_ELSEWHERE: f"{type(error).__name__} : {error}"}
        return told

    def _members(self) -> list[str]:
        """Return the workers that a notebook may be handed to; a new one is compared with this machine first."""
        end = time.monotonic() + connection.PATIENCE
        while True:
            self._refuse_end()
            try:
                found = self._welcomed()
            except OSError as error:
                raise self._lost(error) from error
            if found:
                return found
            if time.monotonic() > end:
                raise ReportError(
                    "Le cluster n’a plus de machine qui puisse produire ce bilan.",
                    value=self._address,
                    remedy="Démarrez-en d’autres, puis relancez la commande : ce qui est produit ne sera pas refait.",
                )
            self._stopped.wait(_LOOK)

    def _welcomed(self) -> list[str]:
        with self._checking:
            known = connection.workers(self._client)
            new = [name for name in known if name not in self._accepted and name not in self._apart]
            if new:
                apart = connection.unlike(self._client, new)
                self._apart |= apart.keys()
                self._accepted |= {name: known[name] for name in new if name not in apart}
            return sorted(self._accepted.keys() & known.keys())

    def _heard(self, event: tuple[float, Mapping[str, str]]) -> None:
        """Note that a notebook began, and where; more than once when a machine died under it."""
        _, told = event
        course = self._courses.get(told["cle"])
        if course is not None:
            course.begun.append((told["machine"], time.monotonic()))

    def stop(self) -> None:
        """Give up what is running: those who wait for it are told, and the machines end their notebooks."""
        self._stopped.set()
        with self._lock:
            running = list(self._futures.values())
        with contextlib.suppress(OSError, RuntimeError, CancelledError):
            connection.within(_FAREWELL, lambda: self._client.cancel(running, force=True))  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Have each machine forget this build, take back what waits at the relay, and leave; once."""
        if self._closed:
            return
        self._closed = True
        self._stopped.set()
        try:
            with contextlib.suppress(OSError, RuntimeError, CancelledError):
                if self._client.status == "running":
                    connection.within(
                        _FAREWELL,
                        lambda: self._client.run(machine.leave, self._visit, on_error="ignore"),
                    )
            with contextlib.suppress(OSError, RuntimeError, CancelledError):
                connection.within(_FAREWELL, lambda: self._client.close(timeout=5))  # type: ignore[no-untyped-call]
            if self._relay is not None:
                self._relay.close()
        except ReportError as error:
            self.remarks = (str(error),)
        finally:
            self._quiet.close()


def _settled() -> contextlib.AbstractContextManager[object]:
    """Have Dask send no line of the caller's code, and accept a release whose size it would remark on."""
    import dask

    return dask.config.set(
        {"distributed.diagnostics.computations.nframes": 0, "distributed.admin.large-graph-warning-threshold": "1GiB"}
    )
