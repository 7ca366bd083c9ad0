"""The scheduler and the workers of a Dask cluster: reached, listened to, and compared with this machine."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import util
from typing import TYPE_CHECKING, Any, TypeVar

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.cluster import likeness

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["checked", "connected", "quiet", "refuse", "unlike", "within", "workers"]

PATIENCE = 30.0
"""Seconds that a scheduler has to answer, and a first worker to come."""
SCHEDULER = "l’ordonnanceur"
_SCHEMES = ("tcp", "tls")
_SHOWN = 5
_LOOK = 0.5
_NO_CTGEVAL = "ctgeval y manque, ou ne sait pas y travailler en cluster"
_EXAMPLE = "Donnez celle que « dask scheduler » affiche, par exemple tcp://10.0.0.5:8786 ou tls://10.0.0.5:8786."
_Found = TypeVar("_Found")


def checked(address: str) -> str:
    """Return the address of a scheduler, whole.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, ``tls://host:port`` or ``host:port``.

    Raises
    ------
    ParameterError
        When it is none of these.
    """
    scheme, separator, place = address.strip().partition("://")
    if not separator:
        scheme, place = "tcp", scheme
    host, _, port = place.rpartition(":")
    if scheme not in _SCHEMES or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ParameterError("Cette adresse de cluster n’a pas la forme attendue.", value=address, remedy=_EXAMPLE)
    return f"{scheme}://{place}"


def connected(address: str) -> Client:
    """Return a client of a scheduler.

    Parameters
    ----------
    address : str
        See `checked`.

    Raises
    ------
    ParameterError
        When the address has not the form of one.
    ReportError
        When Dask is not installed, or when nothing answers there.
    """
    place = checked(address)
    try:
        from distributed import Client
    except ImportError as error:
        raise ReportError(
            "Produire des bilans sur plusieurs machines demande la bibliothèque Dask, qui manque ici.",
            remedy="Installez-la : pip install 'ctgeval[cluster]'",
        ) from error
    try:
        # What Dask has to say of versions is said in French by `unlike`, and refused.
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            # A client that fails to connect is never closed, and later stops the program when it is collected.
            found = within(2 * PATIENCE, lambda: asyncio.run(_kind(place)))
            if found != "Scheduler":
                raise _not_a_scheduler(place)
            return Client(place, timeout=PATIENCE, set_as_default=False, direct_to_workers=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, TypeError, ValueError, RuntimeError) as error:
        raise _unreachable(place, error) from error


async def _kind(place: str) -> str:
    """Return what answers at an address, in Dask's words."""
    from distributed import Security
    from distributed.core import rpc

    arguments = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    async with rpc(place, timeout=PATIENCE, connection_args=arguments) as there:  # type: ignore[no-untyped-call]
        return str((await asyncio.wait_for(there.identity(), PATIENCE)).get("type", ""))


def _not_a_scheduler(place: str) -> ReportError:
    return ReportError(
        "Ce qui répond à cette adresse n’est pas l’ordonnanceur du cluster, mais l’une de ses machines.",
        value=place,
        remedy=_EXAMPLE,
    )


def _unreachable(place: str, error: Exception) -> ReportError:
    if place.startswith("tls://") and isinstance(error, TypeError):
        return ReportError(
            "Une adresse tls:// demande des certificats, que la configuration de Dask ne donne pas.",
            value=place,
            remedy="Nommez-les dans la configuration de Dask : distributed.comm.tls.ca-file, "
            "distributed.comm.tls.client.cert et distributed.comm.tls.client.key.",
        )
    return ReportError(
        f"Aucun ordonnanceur Dask ne répond à cette adresse ({_reason(error)}).",
        value=place,
        remedy="Vérifiez l’adresse, que « dask scheduler » tourne, et que le réseau laisse passer son port ; un "
        "ordonnanceur chiffré s’écrit tls://. Rien n’a été produit.",
    )


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Keep from the terminal what Dask writes in its logs: what matters to a person is told in French."""
    handlers = logging.getLogger("distributed").handlers[:]
    for handler in handlers:
        handler.addFilter(_nothing)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(_nothing)


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def workers(client: Client) -> dict[str, int]:
    """Return the threads of each worker that is at work.

    Parameters
    ----------
    client : Client
        Of the scheduler.

    Raises
    ------
    OSError
        When the scheduler is lost.
    """
    try:
        told = within(PATIENCE, client.scheduler_info, lost=lambda: client.status != "running")
    except (RuntimeError, ValueError) as error:
        raise OSError(str(error)) from error
    found = told["workers"]
    return {name: int(one["nthreads"]) for name, one in found.items() if one.get("status", "running") == "running"}


def unlike(client: Client, names: list[str] | None = None) -> dict[str, str]:
    """Return, for each machine that would not make the same pages as this one, what differs there, in French.

    Parameters
    ----------
    client : Client
        Of the scheduler.
    names : list of str, optional
        Addresses of workers; by default all of them, and the scheduler, which reads what it hands over.

    Raises
    ------
    OSError
        When they don't answer.
    """
    ours, apart = likeness.here(), {}
    for name, told in _everywhere(client, names, util.find_spec, likeness.__name__).items():
        if told is None or isinstance(told, Exception):
            apart[name] = _NO_CTGEVAL
    there = None if names is None and not apart else [one for one in names or workers(client) if one not in apart]
    answers = _everywhere(client, there, likeness.here) if there != [] else {}
    for name, told in answers.items():
        found = _NO_CTGEVAL if isinstance(told, Exception) else likeness.difference(ours, told)
        if found:
            apart[name] = found
    return apart


def _everywhere(client: Client, names: list[str] | None, function: Callable[..., Any], *given: str) -> dict[str, Any]:
    told = dict(within(PATIENCE, lambda: client.run(function, *given, workers=names, on_error="return")))
    if names is None:
        try:
            told[SCHEDULER] = within(PATIENCE, lambda: client.run_on_scheduler(function, *given))  # type: ignore[no-untyped-call]
        except (ImportError, AttributeError) as error:
            told[SCHEDULER] = error
    return told


def refuse(apart: Mapping[str, str]) -> ReportError:
    """Return the refusal of a cluster whose machines are not all alike.

    Parameters
    ----------
    apart : mapping
        See `unlike`.
    """
    shown = [f"{name} : {found}" for name, found in sorted(apart.items())]
    more = f" ; et {len(shown) - _SHOWN} autres machines" if len(shown) > _SHOWN else ""
    return ReportError(
        "Les machines du cluster ne feraient pas les mêmes bilans que celle-ci : "
        f"{' ; '.join(shown[:_SHOWN])}{more}. Rien n’a été produit.",
        remedy="Installez partout, ordonnanceur compris, la même version de ctgeval et de ses bibliothèques "
        "(pip install -c requirements.lock 'ctgeval[cluster]'), puis redémarrez le cluster.",
    )


def within(seconds: float, function: Callable[[], _Found], *, lost: Callable[[], bool] = lambda: False) -> _Found:
    """Return what a function gives, or stop waiting for it.

    Parameters
    ----------
    seconds : float
        How long it may take.
    function : callable
        What to wait for; it goes on alone when it takes longer.
    lost : callable, optional
        Whether it is known that nothing will come.

    Raises
    ------
    OSError
        When it takes longer, or when nothing will come.
    """
    given: list[_Found] = []
    failed: list[BaseException] = []

    def call() -> None:
        try:
            given.append(function())
        except BaseException as error:  # noqa: BLE001 raised below, in the thread that waits
            failed.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    end = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < end and not lost():
        thread.join(min(_LOOK, max(end - time.monotonic(), 0.0)))
    if failed:
        raise failed[0]
    if not given:
        raise OSError("connexion perdue" if lost() else f"aucune réponse en {seconds:.0f} secondes")
    return given[0]
