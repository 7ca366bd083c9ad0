"""A scheduled run: drafts and nothing else, told in the state, in the journal, and in a summary."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from ctgeval import config as configuration
from ctgeval.errors import CtgevalError, DossierBusy, ParameterError
from ctgeval.report import lock
from ctgeval.report.build import BuildReport, Entry, Progress, build
from ctgeval.report.schedule import freshness, log, notify, state, summary
from ctgeval.report.schedule.bilans import Board
from ctgeval.report.schedule.state import BUSY, DONE, FAILED, LATE, MISUSE, State

__all__ = ["LOCK", "WAIT", "Outcome", "run"]

LOCK = f"{configuration.PRIVATE}/planification.verrou"
WAIT = 600.0
_TERMINATED = 143
_INTERRUPTED = 130
_STOPPED = {
    _TERMINATED: "Arrêté par le système (SIGTERM).",
    _INTERRUPTED: "Interrompu au clavier.",
    129: "Arrêté à la fermeture de la session (SIGHUP).",
}
_REFRESH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a run.

    Parameters
    ----------
    code : int
        Exit code of the process.
    message : str
        What happened, in French.
    state : State or None
        As it was written; nothing when another command was at work: the state is its own.
    report : BuildReport or None
        What became of each draft; nothing when none was begun.
    error : CtgevalError or None
        Why no draft was begun.
    warning : str
        Why the summary was not sent, in French.
    """

    code: int
    message: str
    state: State | None = None
    report: BuildReport | None = None
    error: CtgevalError | None = None
    warning: str = ""


def run(
    folder: Path,
    *,
    out: str | Path = "reports",
    jobs: int = 1,
    territoire: str | None = None,
    wait: float = WAIT,
    despite_delay: bool = False,
    date: dt.date | None = None,
    progress: Progress | None = None,
    stopped: Callable[[], int | None] | None = None,
) -> Outcome:
    """Make the drafts of a dossier, as a scheduler asks.

    Parameters
    ----------
    folder : Path
        The dossier.
    out, jobs, progress
        See `build`.
    territoire : str, optional
        Only the bilans of this territory.
    wait : float
        Seconds to wait for another command that is at work in the dossier.
    despite_delay : bool
        Go on when a source is older than its declared periodicity.
    date : datetime.date, optional
        The day of the run; today by default.
    stopped : callable, optional
        Exit code of a signal that the caller listens to, once it came: what it unwinds may end in another error.

    Returns
    -------
    Outcome
        Its code and its state say the same thing, and the state stays true if the process is killed.

    Raises
    ------
    DossierError
        When there is no dossier there.
    ReportError
        When the dossier can't be written: nothing could be told of the run.
    """
    if not folder.is_dir():
        configuration.load(folder)
    deadline = time.monotonic() + wait
    try:
        with lock.hold(folder, patience=wait, file=LOCK):
            with lock.hold(folder, patience=max(deadline - time.monotonic(), 0.0)):
                pass
            day = date or dt.date.today()  # noqa: DTZ011 the day where the evaluator is
            return _Run(folder, territoire=territoire, stopped=stopped).told(
                lambda one: one.make(out=out, jobs=jobs, day=day, despite_delay=despite_delay, progress=progress)
            )
    except DossierBusy as error:
        log.append(folder, "occupe", attente=wait, message=str(error))
        return Outcome(code=BUSY, message=str(error), error=error)


class _Run:
    """One run, from the moment that nobody else is at work."""

    def __init__(self, folder: Path, *, territoire: str | None, stopped: Callable[[], int | None] | None) -> None:
        self._folder = folder
        self._asked_to_stop = stopped
        self._territoire = territoire
        earlier = state.read(folder)
        self._interrupted = earlier is not None and earlier.etat == "interrompu"
        self._former = tuple(earlier.bilans) if earlier is not None else ()
        me = lock.myself()
        self._state = State(etat="en_cours", processus=me, debut=me.since, bilans=self._former)
        self._name = ""
        self._late: tuple[freshness.Late, ...] = ()
        self._board: Board | None = None
        self._told_at = 0.0

    def told(self, work: Callable[[_Run], Outcome]) -> Outcome:
        """Do the work between a first and a last state that are true, whatever happens between them."""
        state.write(self._folder, self._state)
        log.append(self._folder, "debut", apres_interruption=self._interrupted)
        try:
            with _terminable():
                outcome = work(self)
        except BaseException as error:
            self._stopped(error)
            raise
        return self._ended(outcome)

    def make(
        self, *, out: str | Path, jobs: int, day: dt.date, despite_delay: bool, progress: Progress | None
    ) -> Outcome:
        """Make the drafts, unless a source is too old."""
        try:
            config = configuration.load(self._folder)
            self._name = config.territoire.nom or config.territoire.code
            self._board = Board.of(config, self._folder, territoire=self._territoire, former=self._former)
            late = self._late = freshness.late(config.sources, day)
            sentences = tuple(one.sentence for one in late)
            self._state = replace(self._state, bilans=self._board.rows, sources_en_retard=sentences)
            state.write(self._folder, self._state)
            if late and not despite_delay:
                return Outcome(code=LATE, message=summary.refused(late))
            report = build(
                self._folder,
                out=out,
                jobs=jobs,
                territoire=self._territoire,
                drafts_only=True,
                date=day,
                progress=self._progress(progress),
            )
        except DossierBusy as error:
            return Outcome(code=BUSY, message=str(error), error=error)
        except CtgevalError as error:
            code = MISUSE if isinstance(error, ParameterError) else FAILED
            return Outcome(code=code, message=str(error), error=error)
        return Outcome(code=FAILED if report.failed else DONE, message=summary.counts(report), report=report)

    def _progress(self, shown: Progress | None) -> Progress:
        def told(done: int, total: int, entry: Entry) -> None:
            if self._board is not None:
                self._board.put(entry)
            if entry.status != "a_jour":
                log.append(
                    self._folder, "bilan", bilan=entry.bilan, audience=entry.audience, territoire=entry.territoire,
                    periode=entry.periode, etat=entry.status, secondes=round(entry.seconds, 3), message=entry.message,
                )  # fmt: skip
            # A thousand bilans up to date are told in a second: the state need not be written for each.
            if time.monotonic() - self._told_at >= _REFRESH:
                self._write()
            if shown is not None:
                shown(done, total, entry)

        return told

    def _write(self) -> None:
        if self._board is not None:
            self._state = replace(self._state, bilans=self._board.rows)
        state.write(self._folder, self._state)
        self._told_at = time.monotonic()

    def _ended(self, outcome: Outcome) -> Outcome:
        phases: dict[int, state.Phase] = {DONE: "reussi", BUSY: "refuse", LATE: "refuse"}
        self._finish(phases.get(outcome.code, "echec"), outcome.code, outcome.message)
        told, warning = self._summary(outcome)
        self._state = replace(self._state, avis=told)
        state.write(self._folder, self._state)
        log.append(
            self._folder, "fin", etat=self._state.etat, code=outcome.code, message=outcome.message, avis=told
        )  # fmt: skip
        return replace(outcome, state=self._state, warning=warning)

    def _summary(self, outcome: Outcome) -> tuple[str, str]:
        """Send the summary when something was made or failed; return what became of it, and why it was not sent."""
        if not summary.worth(outcome.code, outcome.report, interrupted=self._interrupted):
            return "sans_objet", ""
        try:
            addresses = notify.addresses(self._folder)
            if not addresses:
                return "sans_adresse", ""
            title, body = summary.letter(
                self._name, outcome.code, self._late, outcome.report, interrupted=self._interrupted
            )
            notify.send(addresses, title, body)
        except CtgevalError as error:
            return str(error), str(error)
        return "envoye", ""

    def _stopped(self, error: BaseException) -> None:
        told: tuple[state.Phase, int, str] = (
            "echec",
            FAILED,
            f"Erreur imprévue dans ctgeval : {type(error).__name__}.",
        )
        code = self._asked_to_stop() if self._asked_to_stop is not None else None
        if isinstance(error, KeyboardInterrupt):
            code = code or _INTERRUPTED
        elif isinstance(error, SystemExit) and isinstance(error.code, int):
            code = code or error.code
        if code is not None:
            told = ("interrompu", code, _STOPPED.get(code, _STOPPED[_TERMINATED]))
        # The first error is the one to tell, even if the dossier can't be written any more.
        with suppress(CtgevalError):
            self._finish(*told)
            log.append(self._folder, "fin", etat=told[0], code=told[1], message=told[2])

    def _finish(self, phase: state.Phase, code: int, message: str) -> None:
        end = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        self._state = replace(self._state, etat=phase, fin=end, code_de_sortie=code, message=message)
        self._write()


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite stop unwind, so that the state can tell it; the default action would end the process on the spot."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(_TERMINATED)

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        # The command line listens already.
        yield
        return
    former = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
