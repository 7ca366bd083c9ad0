"""Build the bilans of a dossier: only what changed, several at a time, each whole or not at all."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ctgeval import config as configuration
from ctgeval.config import drafts
from ctgeval.errors import CtgevalError, NotebookFailed, ParameterError, ReportError
from ctgeval.report import (
    attempts,
    execute,
    files,
    formats as forms,
    limits,
    lock,
    manifest,
    plan,
    register,
    signals,
    site,
    versions,
)
from ctgeval.report.cases import Case, State, cases, changed_since, state, withdrawn_because
from ctgeval.report.cluster import depot
from ctgeval.report.kernels import Kernels, best
from ctgeval.report.kernels.fork import ForkPool
from ctgeval.report.plan import Job
from ctgeval.report.pool import Pool, Task
from ctgeval.report.register import Register
from ctgeval.report.withdraw import INTERNAL

if TYPE_CHECKING:
    from ctgeval.config import Config
    from ctgeval.dossier import Dossier
    from ctgeval.report.cluster.pool import ClusterPool
    from ctgeval.report.shelf import Shelf

Status = Literal["fait", "a_jour", "echec", "retire", "fige"]
Progress = Callable[[int, int, "Entry"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of one bilan.

    Parameters
    ----------
    bilan, audience, territoire, periode : str
        Which one; ``audience`` is the folder of its readers.
    path : Path
        Where it is published; after a failure, the earlier version if there was one.
    status : {"fait", "a_jour", "echec", "retire", "fige"}
        Built, left as it was because nothing changed, failed, left alone because it was withdrawn, or because it is a
        frozen version and nobody gives the reason of another one.
    message : str
        Why it failed, when and why it was withdrawn, what changed since it was frozen, or why it took another try, in
        French; otherwise empty.
    seconds, cpu : float
        Wall-clock and processor seconds spent on it.
    size : int
        Bytes of the published file; 0 when there is none.
    partial : Path or None
        After a failure, what was produced before it, kept for the author.
    tries : int
        How many times its notebook was run: again when it could not start or was killed from outside.
    """

    bilan: str
    audience: str
    territoire: str
    periode: str
    path: Path
    status: Status
    message: str = ""
    seconds: float = 0.0
    cpu: float = 0.0
    size: int = 0
    partial: Path | None = None
    tries: int = 1


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of every bilan asked for, in the order of ``ctg.toml``, and the index of each audience.

    ``set_aside`` counts, file by file, the rows that the bilans built now had to leave out; ``remarks`` are French
    sentences about the places, other than this machine's folders, that were written.
    """

    entries: tuple[Entry, ...]
    indexes: Mapping[str, Path]
    set_aside: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Entry, ...]:
        """The bilans that could not be built."""
        return tuple(entry for entry in self.entries if entry.status == "echec")


def _deposited(report: BuildReport, place: depot.Depot, failed: Mapping[str, str]) -> BuildReport:
    """Tell which bilans are made and could not be copied to their address."""
    entries = tuple(replace(one, **place.missed(one.path, failed)) for one in report.entries)
    return replace(report, entries=entries, remarks=(*report.remarks, place.told(failed)))


@depot.followed(told=_deposited)
def build(
    dossier_path: str | Path,
    *,
    out: str | Path = "reports",
    bilan: str | None = None,
    audience: str | None = None,
    territoire: str | None = None,
    periode: str | None = None,
    formats: Sequence[str] | None = None,
    jobs: int | None = None,
    force: bool = False,
    new_version: bool = False,
    drafts_only: bool = False,
    date: dt.date | None = None,
    progress: Progress | None = None,
    time_limit: float | None = None,
    cell_limit: float | None = None,
    memory: str | None = None,
    kernels: Kernels | None = None,
    cluster: str | None = None,
    relay: str | None = None,
) -> BuildReport:
    """Build the bilans that ``ctg.toml`` asks for.

    Parameters
    ----------
    dossier_path : str or Path
        The dossier: its folder, or its ``ctg.toml``.
    out : str or Path
        Folder of the reports; each audience has its own folder in it. Or an address (see `cluster.depot`), which
        receives a copy of a folder of the dossier.
    bilan, audience, territoire, periode : str, optional
        Build only those.
    formats : sequence of str, optional
        Formats of `ctgeval.config.BILAN_FORMATS`, in place of those of ``ctg.toml``; the page is always made.
    jobs : int, optional
        How many bilans at the same time; by default 1, or as many as a cluster has threads.
    force : bool
        Build again what has not changed.
    new_version : bool
        Build also what was withdrawn: a new version, whose index keeps the trace of the withdrawal. A frozen version
        (see `versions`) that would change without a reason is then a failure.
    drafts_only : bool
        Leave alone every bilan that somebody has validated, shown or published.
    date : datetime.date, optional
        Date printed in the bilans; today by default. It does not make a bilan out of date.
    progress : callable, optional
        Called after each bilan with how many are done, how many there are, and its `Entry`.
    time_limit, cell_limit : float, optional
        Seconds that one notebook, and each of its cells, may take; by default what the notebook declares, else 900.
    memory : str, optional
        Memory that one notebook may occupy, as in ``"2 Go"``; by default what it declares, else 4 Go.
    kernels : {"fork", "process"}, optional
        Whether notebooks are run by the children of one warm process, or by processes that each load everything; by
        default the first where the system allows it. The pages are the same.
    cluster : str, optional
        Address of a Dask scheduler, whose workers run the notebooks. They are given protected releases, and nothing
        else of the dossier; the bilans of the team are made here.
    relay : str, optional
        Address where releases wait for those workers; by default each travels with its notebook.

    Returns
    -------
    BuildReport
        The failure of one bilan is told in its entry and stops no other.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used, when an input has a blocking problem, or when the territories of comparison
        must be chosen and can't be written in it: no bilan is touched.
    ParameterError
        For a filter that matches nothing, a format that can't be made, a number of jobs below 1, a limit that is not
        one, an address that is not one.
    ReportError
        When nothing can be written where the reports go, when another builder is at work in the dossier, when a cluster
        does not answer or would make other pages.
    ConfidentialityError
        When the ledger of what was published is not as ctgeval left it: nothing is published.
    """
    forms.refuse(formats or ())
    if relay is not None and cluster is None:
        raise ParameterError("Un relais ne sert qu’à un cluster.", value=relay, remedy="Donnez aussi son adresse.")
    if jobs is not None and jobs < 1:
        raise ParameterError("Le nombre de bilans produits en même temps doit être au moins 1.", value=str(jobs))
    asked_limits = limits.asked(whole=time_limit, cell=cell_limit, memory=memory)
    folder, config = _opened(dossier_path)
    if config.comparaison.unfrozen:
        config = _frozen(folder, date)
    asked = plan.jobs(config, folder, bilan=bilan, audience=audience, territoire=territoire, periode=periode)
    every = plan.jobs(config, folder)
    if formats is not None:
        asked = tuple(replace(job, formats=tuple(formats)) for job in asked)
    if drafts_only:
        asked = tuple(job for job in asked if job.etat == "brouillon")
    planned = cases(asked, config, folder, Path(out), create=True)
    done: dict[Path, Entry] = {}

    def tell(entry: Entry) -> None:
        done[entry.path] = entry
        if progress is not None:
            progress(len(done), len(planned), entry)

    idle = partial(_idle, force=force, new_version=new_version)

    set_aside: Mapping[str, int] = {}
    remarks: list[str] = []
    with ExitStack() as stack:
        book = None
        # The lock that a killed builder left says that there may be something of it to put in order.
        if lock.left_behind(folder) or not all(idle(case, case.withdrawal) for case in planned):
            public = any(case.job.audience != INTERNAL for case in planned)
            book = stack.enter_context(register.opened(folder, Path(out), config, public=public))
        todo = []
        day = (date or dt.date.today()).isoformat()  # noqa: DTZ011 the day where the evaluator is
        for case in planned:
            entry = idle(case, book.withdrawal(case) if book else case.withdrawal) or _kept(case, book, day=day)
            if entry is None:
                todo.append(case)
            else:
                tell(entry)
        if todo and book:
            # Before anything is computed or written in the ledger: an address may be wrong.
            with _machines(cluster, relay, folder, remarks) as machines:
                set_aside = _build_all(
                    todo,
                    folder,
                    book,
                    every=every,
                    jobs=jobs,
                    day=day,
                    bounds=asked_limits,
                    kernels=kernels or best(),
                    machines=machines,
                    tell=tell,
                )
        indexes = _indexes(every, {case.job.folder for case in planned}, Path(out), config)
    entries = tuple(done[case.page] for case in planned)
    return BuildReport(entries=entries, indexes=indexes, set_aside=set_aside, remarks=tuple(remarks))


@contextmanager
def _machines(cluster: str | None, relay: str | None, folder: Path, remarks: list[str]) -> Iterator[ClusterPool | None]:
    """Give the machines of a cluster, and note what could not be taken back from them."""
    if cluster is None:
        yield None
        return
    from ctgeval.report.cluster.pool import ClusterPool
    from ctgeval.report.cluster.relay import Relay

    found = ClusterPool(cluster, relay=None if relay is None else Relay(relay, dossier=folder))
    try:
        yield found
    finally:
        found.close()
        remarks += found.remarks


def status(dossier_path: str | Path, *, out: str | Path = "reports") -> tuple[State, ...]:
    """Tell where each bilan of a dossier stands, without building anything.

    Parameters
    ----------
    dossier_path : str or Path
        The dossier: its folder, or its ``ctg.toml``.
    out : str or Path
        Folder of the reports, or the address that receives a copy of it.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used.
    """
    folder, config = _opened(dossier_path)
    place = depot.looked_up(out, folder)
    return tuple(state(case) for case in cases(plan.jobs(config, folder), config, folder, place, create=False))


def _opened(dossier_path: str | Path) -> tuple[Path, Config]:
    folder = configuration.folder_of(dossier_path).resolve()
    return folder, configuration.load(folder)


def _frozen(folder: Path, date: dt.date | None) -> Config:
    """Write the chosen comparators before anything is computed: no bilan is made with a list that may change."""
    from ctgeval.dossier import Dossier

    return Dossier.open(folder).freeze_comparators(date=date).config


def _idle(case: Case, withdrawal: Mapping[str, str], *, force: bool, new_version: bool) -> Entry | None:
    """Return what is told of a bilan that there is no need to build, or no right to."""
    if withdrawal and not new_version:
        return replace(_entry(case, "retire"), message=f"Retiré {withdrawn_because(withdrawal)}")
    version = versions.held(case)
    if version is not None:
        return _stays(case, version, refuse=new_version) if versions.intact(case, version) else None
    current = case.up_to_date and not versions.pending(case)
    return _entry(case, "a_jour") if current and not force and not withdrawal else None


def _stays(case: Case, version: versions.Version, *, refuse: bool) -> Entry:
    """Tell that a bilan stays at its frozen version, whatever changed since."""
    changed = changed_since(case, version)
    if not changed:
        return _entry(case, "a_jour")
    if refuse:
        return replace(_entry(case, "echec"), message=str(versions.unexplained(case, version, changed)))
    return replace(_entry(case, "fige"), message=f"Figé : {versions.told_of(version, changed)}.")


def _kept(case: Case, book: Register | None, *, day: str) -> Entry | None:
    """Freeze a page that a killed build had made, or put back what is missing of a frozen version."""
    if book is None or not (versions.held(case) or versions.pending(case)):
        return None
    try:
        book.keep(case, day=day)
    except CtgevalError as error:
        return replace(_entry(case, "echec"), message=str(error))
    return _entry(case, "a_jour")


def _build_all(
    todo: Sequence[Case],
    folder: Path,
    book: Register,
    *,
    every: Sequence[Job],
    jobs: int | None,
    day: str,
    bounds: limits.Asked,
    kernels: Kernels,
    machines: ClusterPool | None,
    tell: Callable[[Entry], None],
) -> Mapping[str, int]:
    """Build the bilans, and return how many rows of each file they had to leave out."""
    from ctgeval.dossier import Dossier

    dossier = Dossier.open(folder)
    dossier.require_sound()
    ready: list[tuple[Case, Shelf]] = []
    shelves: dict[str, Shelf | CtgevalError] = {}
    for case in todo:
        if case.job.folder not in shelves:
            shelves[case.job.folder] = _shelf(dossier, case, book, jobs=every, day=day)
        shelf = shelves[case.job.folder]
        try:
            forms.refuse(case.job.formats)
            plan.notebook(case.job.bilan, case.folder)
        except CtgevalError as error:
            tell(_failed(case, error))
            continue
        if isinstance(shelf, CtgevalError):
            tell(_failed(case, shelf))
        else:
            ready.append((case, shelf))
    prefix = f"{files.SCRATCH}{drafts.mark()}."
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as temporary:
        root = Path(temporary).resolve()
        with (
            closing(opened_pool(kernels, root, hidden=folder)) as here,
            ThreadPoolExecutor(1 if machines else jobs or 1, initializer=signals.listening_as_now()) as threads,
            ThreadPoolExecutor(
                jobs or machines.width if machines else 1, initializer=signals.listening_as_now()
            ) as others,
        ):
            running: dict[Future[Entry], Case] = {}
            try:
                with signals.kept_for_later():
                    for rank, (case, shelf) in enumerate(ready):
                        # What the team alone reads is not protected: it never leaves this machine.
                        away = machines if case.job.audience != INTERNAL else None
                        begin = partial(_build_one, case, shelf, away or here, book, scratch=root / f"bilan-{rank}")
                        running[(others if away else threads).submit(begin, day=day, bounds=bounds)] = case
                for finished in as_completed(running):
                    tell(_confirmed(running[finished], finished.result(), book, day=day))
            except BaseException:
                # What runs is stopped: nobody waits for the end of a notebook to interrupt a build.
                here.stop()
                if machines:
                    machines.stop()
                raise
            finally:
                # After an interruption, what has not begun must not begin.
                threads.shutdown(wait=False, cancel_futures=True)
                others.shutdown(wait=False, cancel_futures=True)
    return dossier.set_aside


def opened_pool(kernels: Kernels, root: Path, *, hidden: Path) -> Pool | ForkPool:
    """Return what runs notebooks, see `build`.

    Parameters
    ----------
    kernels : {"fork", "process"}
        In what kind of process.
    root, hidden : Path
        See `Pool`.

    Raises
    ------
    ReportError
        See `Pool`.
    """
    return ForkPool(root, hidden=hidden) if kernels == "fork" else Pool(root, hidden=hidden)


def _shelf(dossier: Dossier, case: Case, book: Register, *, jobs: Sequence[Job], day: str) -> Shelf | CtgevalError:
    """Return what an audience may know, and what its pages must not say, once the ledger knows it."""
    # Heavy, and of no use when nothing is to be built.
    from ctgeval.report import scan
    from ctgeval.report.shelf import Shelf

    try:
        release, forms = dossier.published(case.job.audience, case.job.partner or None, earlier=book.before)
        private = scan.private(dossier, release)
        book.prepare(case.job, release, forms, day=day)
    except CtgevalError as error:
        return error
    audience = case.job.folder
    return Shelf(
        release,
        private,
        dossier=case.folder,
        folder=case.page.parent,
        audience=audience,
        jobs=(job for job in jobs if job.folder == audience),
    )


def _confirmed(case: Case, entry: Entry, book: Register, *, day: str) -> Entry:
    """Write in the ledger that a page is published; the coordinating process alone writes there."""
    if entry.status == "fait":
        try:
            book.confirm(case, day=day)
            book.keep(case, day=day)
        except CtgevalError as error:
            return _failed(case, error, seconds=entry.seconds, cpu=entry.cpu)
    return entry


def _build_one(
    case: Case,
    shelf: Shelf,
    pool: Pool | ForkPool | ClusterPool,
    book: Register,
    *,
    scratch: Path,
    day: str,
    bounds: limits.Asked,
) -> Entry:
    from ctgeval.report.publish import publish

    begun = time.perf_counter()
    cpu, tries = 0.0, 1
    marks = book.marks(case)
    try:
        if case.job.etat != versions.DRAFT:
            versions.reason(case)
        notebook = plan.notebook(case.job.bilan, case.folder)
        given = limits.of(notebook, bounds)
        task = Task(notebook, scratch, case.job.parameters, given.whole, given.cell, given.memory)
        reply = attempts.run(pool, task, partial(_handed, shelf, case, scratch))
        cpu, tries = reply.get("cpu", 0.0), reply["essais"]
        book.check()
        publish(case, shelf, reply, day=day, marks=marks)
    except CtgevalError as error:
        return _failed(case, error, seconds=time.perf_counter() - begun, cpu=cpu, tries=tries)
    except OSError as error:
        return _failed(case, _unwritten(error), seconds=time.perf_counter() - begun, cpu=cpu, tries=tries)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    made = _entry(case, "fait", seconds=time.perf_counter() - begun, cpu=cpu)
    return replace(made, tries=tries, message=attempts.told(reply))


def _handed(shelf: Shelf, case: Case, scratch: Path) -> None:
    """Make the folder of a notebook as it must be at the beginning of a try."""
    shutil.rmtree(scratch, ignore_errors=True)
    shelf.handed.give(case.job.territoire, scratch / execute.WORK / "release")


def _unwritten(error: OSError) -> ReportError:
    """Tell what the system refused, without the path of a temporary folder."""
    return ReportError(
        f"Le bilan n’a pas pu être préparé : {drafts.refusal(error)}.",
        file=Path(str(error.filename)).name if error.filename else "",
        remedy="Vérifiez la place et les droits du dossier temporaire et du dossier de sortie, puis relancez.",
    )


def _failed(case: Case, error: CtgevalError, *, seconds: float = 0.0, cpu: float = 0.0, tries: int = 1) -> Entry:
    manifest.remember(case.folder, case.job, made_from=case.made_from, key=case.key, failure=str(error), tries=tries)
    partial = manifest.partial_path(case.folder, case.job)
    kept = partial if isinstance(error, NotebookFailed) and partial.is_file() else None
    return replace(_entry(case, "echec", seconds=seconds, cpu=cpu), message=str(error), partial=kept, tries=tries)


def _entry(case: Case, status: Status, *, seconds: float = 0.0, cpu: float = 0.0) -> Entry:
    return Entry(
        bilan=case.job.bilan,
        audience=case.job.folder,
        territoire=case.job.territoire,
        periode=case.job.periode,
        path=case.page,
        status=status,
        seconds=seconds,
        cpu=cpu,
        size=case.page.stat().st_size if case.page.is_file() else 0,
    )


def _indexes(jobs: Iterable[Job], folders: set[str], out: Path, config: Config) -> dict[str, Path]:
    by_folder: dict[str, list[Job]] = {}
    for job in jobs:
        by_folder.setdefault(job.folder, []).append(job)
    name = config.territoire.nom or config.territoire.code
    return {folder: site.write_index(out, by_folder[folder], name=name) for folder in sorted(folders)}
