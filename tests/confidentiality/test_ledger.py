"""The ledger: what is written is read back, a changed row is seen, a kill loses nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.confidentiality.secret import secret
from ctgeval.errors import ConfidentialityError, CtgevalError, ReportError
from tests.ordinary import CAN_BE_ORDINARY, ordinary_user

DAY = "2026-03-01"
CIVRAY, GENCAY = frozenset({"COM-86078"}), frozenset({"COM-86103"})
YEAR = (dt.date(2025, 1, 1), dt.date(2025, 12, 31))


def count(value: float, *, geo: str = "COM-86078", indicator: str = "PE01", high: float | None = None) -> Form:
    cell = Cell("enfants_0_2", geo, frozenset({geo}), *YEAR)
    return Form(
        terms=((cell, 1.0),), low=value, high=value if high is None else high, indicator=indicator, geo=geo,
        time_period="2025",
    )  # fmt: skip


def mark(low: float = 1.0) -> Form:
    cell = Cell("enfants_0_2", "COM-86103", GENCAY, *YEAR)
    return Form(
        terms=((cell, 1.0),), low=low, high=math.inf, masked=True, indicator="PE01", geo="COM-86103", time_period="2025"
    )


RATE = Form(
    terms=(
        (Cell("places", "EPCI-1", CIVRAY | GENCAY, dt.date.min, YEAR[1], ("psu", "")), 1.0),
        (Cell("enfants_0_2", "EPCI-1", CIVRAY | GENCAY, *YEAR), -0.4165),
    ),
    low=-math.inf, high=0.0, indicator="PE02", geo="EPCI-1", time_period="2025-S1",
)  # fmt: skip
FORMS = (count(12), mark(), RATE, count(7, indicator="AV04"), count(10, geo="COM-86103", high=14))


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    folder = tmp_path / "dossier été" / "civraisien"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def filled(dossier: Path) -> Path:
    """A ledger of two releases: a page of the first is published, one of the second is withdrawn."""
    with Ledger.open(dossier) as ledger:
        first = ledger.prepare("aaaa", FORMS, audience="habitants", day=DAY, sha256="a" * 64)
        ledger.confirm(first, "habitants/a.html", sha256="1" * 64, day=DAY)
        second = ledger.prepare("bbbb", [count(13)], audience="copil", day=DAY, sha256="b" * 64)
        ledger.confirm(second, "copil/b.html", sha256="2" * 64, day=DAY)
        ledger.withdraw("copil/b.html", "Erreur de saisie", day="2026-03-02")
    return dossier


def _verify(folder: Path, *, write: bool = True) -> None:
    with Ledger.open(folder, write=write) as ledger:
        ledger.verify()


def file_of(folder: Path) -> Path:
    return folder / ".ctgeval" / "registre.sqlite"


def meddle(folder: Path, script: str) -> None:
    """Change the ledger as a tool for SQLite would, its guards taken off."""
    with contextlib.closing(sqlite3.connect(file_of(folder))) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(script)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


# -- what is written is read back ---------------------------------------------------------------------------------


def test_what_was_prepared_is_known_with_the_release_it_comes_from(filled: Path) -> None:
    with Ledger.open(filled) as ledger:
        assert set(ledger.published()) == {*FORMS, count(13)}
        assert ledger.published(indicator="AV04") == (count(7, indicator="AV04"),)
        assert set(ledger.published(exclude={"aaaa"})) == {count(13)}
        origins = {record.form: record.release for record in ledger.records()}
        assert (origins[RATE].release, origins[RATE].audience, origins[RATE].state) == (
            "aaaa",
            "habitants",
            "published",
        )
        assert (origins[RATE].day, origins[RATE].sha256, origins[RATE].forms) == (DAY, "a" * 64, 5)
        # Withdrawn, and still known to whoever read it.
        assert (origins[count(13)].state, origins[count(13)].reason) == ("withdrawn", "Erreur de saisie")
        assert [(page.page, page.state) for page in ledger.pages] == [
            ("copil/b.html", "withdrawn"),
            ("habitants/a.html", "published"),
        ]
        assert ledger.verify() == 6


def test_what_is_told_twice_is_written_once(filled: Path) -> None:
    before = file_of(filled).read_bytes()
    with Ledger.open(filled) as ledger:
        first = ledger.prepare("aaaa", FORMS, audience="habitants", day="2027-01-01")
        ledger.confirm(first, "habitants/a.html", sha256="1" * 64, day="2027-01-01")
        ledger.withdraw("copil/b.html", "Erreur de saisie", day="2027-01-01")
        assert first.day == DAY
    assert file_of(filled).read_bytes() == before
    with Ledger.open(filled) as ledger:
        # The same release, of which a later version of the program says more.
        again = ledger.prepare("aaaa", [*FORMS, count(3, indicator="AV05")], audience="habitants", day=DAY)
        assert again.seal != first.seal
        assert again.state == "prepared"
        assert len(ledger.releases) == 3
        assert len(ledger.published()) == 7


def test_a_page_made_again_after_a_withdrawal_stands_and_what_replaced_it_remains_known(filled: Path) -> None:
    with Ledger.open(filled) as ledger:
        third = ledger.prepare("cccc", [count(14)], audience="copil", day="2026-04-01")
        ledger.confirm(third, "copil/b.html", sha256="3" * 64, day="2026-04-01")
        assert {one.release: one.state for one in ledger.releases} == {
            "aaaa": "published",
            "bbbb": "withdrawn",
            "cccc": "published",
        }
        assert {count(13), count(14)} <= set(ledger.published())
        ledger.confirm(third, "habitants/a.html", sha256="4" * 64, day="2026-04-01")
        assert ledger.releases[0].state == "published", "replaced, and read by somebody"


@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e6), st.text(max_size=8), st.booleans()
        ),
        max_size=12,
    )
)
def test_any_form_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, drawn: list[Any]) -> None:
    forms = [
        mark(low=1.0)
        if masked
        else Form(
            terms=((Cell(text.encode("ascii", "ignore").decode(), text.encode("ascii", "ignore").decode(), CIVRAY,
                         *YEAR, (text.encode("utf-8", "ignore").decode(),)), factor),),
            low=-value, high=value, indicator="PE01", geo="COM-86078", time_period="2025",
        )
        for factor, value, text, masked in drawn
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("loi")
    with Ledger.open(folder) as ledger:
        ledger.prepare("r", forms, audience="habitants", day=DAY)
    with Ledger.open(folder) as ledger:
        assert [record.form for record in ledger.records()] == forms
        assert ledger.published() == tuple(dict.fromkeys(forms))


def test_no_masked_value_ever_enters(dossier: Path) -> None:
    with Ledger.open(dossier) as ledger:
        for said in (0.0, 1.0, -math.inf):
            ledger.prepare(f"r{said}", [mark(said)], audience="habitants", day=DAY)
        before = len(ledger.releases)
        with pytest.raises(ConfidentialityError, match="case masquée") as caught:
            ledger.prepare("fuite", [count(12), mark(3.0)], audience="habitants", day=DAY)
        assert "3" not in str(caught.value).replace("COM-86103", "")
        assert len(ledger.releases) == before
        with pytest.raises(ConfidentialityError, match="interne"):
            ledger.prepare("r", FORMS, audience="interne", day=DAY)
    # The file refuses it too, whatever the program that writes in it.
    with contextlib.closing(sqlite3.connect(file_of(dossier))) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO forms VALUES ('PE01', 1, 9, 'g', 't', '[]', 3, 9e999, 1)")


def test_a_dossier_without_a_ledger_has_an_empty_one_to_read(dossier: Path) -> None:
    with Ledger.open(dossier, write=False) as ledger:
        assert ledger.published() == ()
        assert ledger.verify() == 0
    assert list(dossier.iterdir()) == []


def test_reading_writes_nothing(filled: Path) -> None:
    with Ledger.open(filled, write=False) as ledger, pytest.raises(ReportError, match="ne peut pas être écrit"):
        ledger.prepare("cccc", [count(1)], audience="copil", day=DAY)


# -- a ledger that was changed is refused -------------------------------------------------------------------------

EVENT = "kind, release, page, sha256, day, reason, seal FROM events WHERE rank = 5"
FORM = "geo, time_period, terms, low, high, masked FROM forms WHERE indicator = 'AV04'"
MEDDLING = {
    "a value": "UPDATE forms SET low = 13, high = 13 WHERE low = 12",
    "a figure less": "DELETE FROM forms WHERE indicator = 'AV04'",
    "a figure more": f"INSERT INTO forms SELECT indicator, 2, 9, {FORM}",
    "a commune": "UPDATE grounds SET communes = replace(communes, '86078', '86079')",
    "a ground less": "DELETE FROM grounds",
    "a release less": "DELETE FROM releases WHERE rank = 2",
    "a release and all that tells of it": (
        "DELETE FROM forms WHERE release = 2; DELETE FROM parts WHERE release = 2;"
        "DELETE FROM events WHERE rank > 2; DELETE FROM releases WHERE rank = 2"
    ),
    "an audience": "UPDATE releases SET audience = 'cotech' WHERE rank = 1",
    "a reason": "UPDATE events SET reason = 'Rien' WHERE kind = 'withdrawn'",
    "a withdrawal less": "DELETE FROM events WHERE kind = 'withdrawn'",
    "an event in the middle": "DELETE FROM events WHERE rank = 2",
    "two events swapped": (
        "UPDATE events SET rank = rank + 100; UPDATE events SET rank = 104 - rank + 0 WHERE rank IN (101, 103);"
        "UPDATE events SET rank = rank - 100 WHERE rank > 100"
    ),
    "an event more": f"INSERT INTO events SELECT 6, {EVENT}",
    "a part": "UPDATE parts SET digest = 'x' WHERE indicator = 'AV04'",
    "a part less": "DELETE FROM parts WHERE indicator = 'AV04'; DELETE FROM forms WHERE indicator = 'AV04'",
    "bytes in place of a text": "UPDATE releases SET day = x'00ff' WHERE rank = 1",
    "a table more": "CREATE TABLE autre (a)",
    "a trap": "CREATE TRIGGER piege AFTER INSERT ON events BEGIN SELECT 1; END",
    "an earlier version": "PRAGMA user_version = 0",
    "another journal": "PRAGMA journal_mode = WAL",
}


@pytest.mark.parametrize("how", MEDDLING)
def test_a_row_that_was_changed_added_or_removed_is_seen(filled: Path, how: str) -> None:
    meddle(filled, MEDDLING[how])
    with pytest.raises(ConfidentialityError, match="n’est plus tel que ctgeval l’a écrit") as caught:
        _verify(filled)
    assert caught.value.problem.file == ".ctgeval/registre.sqlite"
    assert "sauvegarde" in caught.value.problem.remedy


def _lost(folder: Path) -> None:
    file_of(folder).unlink()


def _emptied(folder: Path) -> None:
    file_of(folder).write_bytes(b"")


def _folder_instead(folder: Path) -> None:
    file_of(folder).unlink()
    file_of(folder).mkdir()


def _other_text(folder: Path) -> None:
    file_of(folder).write_text("Ceci n’est pas un registre.\n" * 300, encoding="utf-8")


def _cut(folder: Path) -> None:
    file_of(folder).write_bytes(file_of(folder).read_bytes()[:7000])


def _foreign(folder: Path) -> None:
    file_of(folder).unlink()
    with contextlib.closing(sqlite3.connect(file_of(folder))) as connection:
        connection.execute("CREATE TABLE releases (rank INTEGER)")
        connection.commit()


def _of_another_dossier(folder: Path) -> None:
    other = folder.parent / "autre"
    with Ledger.open(other.resolve()) as ledger:
        for rank in range(9):
            ledger.prepare(f"r{rank}", FORMS, audience="habitants", day=DAY)
    shutil.copy(file_of(other), file_of(folder))


def _key_lost(folder: Path) -> None:
    (folder / ".ctgeval" / "cle").unlink()


def _key_changed(folder: Path) -> None:
    (folder / ".ctgeval" / "cle").write_text("0" * 64)


def _note_lost(folder: Path) -> None:
    (folder / ".ctgeval" / "registre.sceau").unlink()


def _note_unreadable(folder: Path) -> None:
    (folder / ".ctgeval" / "registre.sceau").write_text("été", encoding="utf-8")


@pytest.mark.parametrize(
    "how",
    [_lost, _emptied, _folder_instead, _other_text, _cut, _foreign, _of_another_dossier, _key_lost, _key_changed,
     _note_lost, _note_unreadable],
)  # fmt: skip
def test_a_file_lost_damaged_or_replaced_is_seen(filled: Path, how: Callable[[Path], None]) -> None:
    (filled.parent / "autre").mkdir()
    how(filled)
    for write in (False, True):
        with pytest.raises(ConfidentialityError, match="n’est plus tel que ctgeval l’a écrit"):
            _verify(filled, write=write)


def test_a_copy_put_back_from_before_is_seen(filled: Path) -> None:
    old = file_of(filled).read_bytes()
    with Ledger.open(filled) as ledger:
        ledger.prepare("cccc", [count(15)], audience="copil", day=DAY)
    file_of(filled).write_bytes(old)
    with pytest.raises(ConfidentialityError, match="une copie ancienne"):
        Ledger.open(filled)


def test_any_byte_that_changes_is_seen_or_changes_nothing(filled: Path) -> None:
    """Whatever is damaged, no traceback: an error in French, or exactly the forms that were written."""
    sound = file_of(filled).read_bytes()
    with Ledger.open(filled) as ledger:
        forms, pages = set(ledger.published()), ledger.pages
    seen = 0
    for place in range(0, len(sound), 211):
        damaged = bytearray(sound)
        damaged[place] ^= 0x55
        file_of(filled).write_bytes(damaged)
        try:
            with Ledger.open(filled, write=False) as ledger:
                ledger.verify()
                assert set(ledger.published()) == forms
                assert ledger.pages == pages
        except CtgevalError:
            seen += 1
    assert seen > 20


def test_a_newer_schema_is_refused_with_what_to_do(filled: Path) -> None:
    with contextlib.closing(sqlite3.connect(file_of(filled))) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(ConfidentialityError, match="version plus récente") as caught:
        Ledger.open(filled)
    assert "Mettez ctgeval à jour" in caught.value.problem.remedy


@pytest.mark.skipif(not CAN_BE_ORDINARY, reason="needs a folder that this account can't write")
def test_a_folder_that_cant_be_written_is_told(filled: Path) -> None:
    private = filled / ".ctgeval"
    file_of(filled).chmod(0o400)
    private.chmod(0o500)
    try:
        with ordinary_user():
            with Ledger.open(filled, write=False) as ledger:
                assert len(ledger.published()) == 6
            with pytest.raises(ReportError, match="ne peut pas être écrit"), Ledger.open(filled) as ledger:
                ledger.prepare("cccc", [count(1)], audience="copil", day=DAY)
    finally:
        private.chmod(0o700)


def test_another_program_that_keeps_the_file_is_told(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctgeval.confidentiality.ledger_file._PATIENCE", 0.2)
    with contextlib.closing(sqlite3.connect(file_of(filled))) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ReportError, match="occupé"):
            Ledger.open(filled)


# -- a kill loses nothing -----------------------------------------------------------------------------------------


def _many() -> list[Form]:
    return [
        Form(
            terms=((Cell(f"m{n % 7}", "COM-86078", frozenset({"COM-86078", f"COM-{n % 5}"}), *YEAR, (str(n),)), 1.0),),
            low=n, high=n, indicator=f"I{n % 7}",
        )
        for n in range(60)
    ]  # fmt: skip


class _Killer:
    """Kills its own process at one step: before a statement or some operations of SQLite, or a call of the system."""

    def __init__(self, stop: int, grain: str) -> None:
        self.stop, self.grain, self.steps = stop, grain, 0

    def step(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self.stop:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Have everything that is done from now on counted, in this process."""
        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **options)
            if self.grain == "statement":
                connection.set_trace_callback(self.step)
            else:
                connection.set_progress_handler(self.step, 40)
            return connection

        sqlite3.connect = watched  # type: ignore[assignment]
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
            real = getattr(owner, name)

            def before(*arguments: Any, _real: Any = real, **options: Any) -> Any:
                self.step()
                return _real(*arguments, **options)

            setattr(owner, name, before)


def _work(folder: Path) -> Iterator[str]:
    with Ledger.open(folder) as ledger:
        release = ledger.prepare("nouvelle", _many(), audience="habitants", day="2026-04-01")
        yield "prepared"
        ledger.confirm(release, "habitants/n.html", sha256="5" * 64, day="2026-04-01")
        yield "published"
        ledger.withdraw("habitants/n.html", "Erreur", day="2026-04-02")
        yield "withdrawn"


def _killed(folder: Path, stop: int, grain: str) -> list[str]:
    """Work in a process of its own, killed at a step; return what it had time to tell, and how many steps there are."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover - another process
        killer = _Killer(stop, grain)
        killer.watch()
        for told in _work(folder):
            os.write(writer, f"{told}\n".encode())
        os.write(writer, f"{killer.steps}\n".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read().split()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) == (stop > 0)
    return told


@pytest.mark.skipif(os.name == "nt", reason="needs signals and fork")
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("grain", ["statement", "operations"])
def test_killed_at_any_step_nothing_is_lost_and_nothing_is_half_written(
    filled: Path, tmp_path: Path, grain: str
) -> None:
    model = tmp_path / "modele"
    shutil.copytree(filled, model)
    *told, steps = _killed(filled, 0, grain)
    assert told == ["prepared", "published", "withdrawn"]
    assert int(steps) > 30
    everything = {*FORMS, count(13), *_many()}
    for stop in range(1, int(steps) + 1, max(1, int(steps) // 30)):
        shutil.rmtree(filled)
        shutil.copytree(model, filled)
        told = _killed(filled, stop, grain)
        with Ledger.open(filled) as ledger:
            ledger.verify()
            forms = set(ledger.published())
            assert forms in ({*FORMS, count(13)}, everything), "a release is whole or absent"
            assert "prepared" not in told or forms == everything
            state = {page.page: page.state for page in ledger.pages}.get("habitants/n.html", "")
            if told:
                order = ("prepared", "published", "withdrawn")
                assert order.index(state or "prepared") >= order.index(told[-1])
        # The same work again ends it.
        assert list(_work(filled)) == ["prepared", "published", "withdrawn"]
        with Ledger.open(filled) as ledger:
            assert set(ledger.published()) == everything
            assert {page.page: page.state for page in ledger.pages}["habitants/n.html"] == "withdrawn"


def test_killed_while_it_is_made_it_is_made_again(dossier: Path) -> None:
    file_of(dossier).parent.mkdir()
    file_of(dossier).touch()
    secret(dossier)
    with Ledger.open(dossier) as ledger:
        ledger.prepare("aaaa", FORMS, audience="habitants", day=DAY)
    with Ledger.open(dossier) as ledger:
        assert set(ledger.published()) == set(FORMS)


# -- speed --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def great(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A ledger of 100,000 forms: 40 indicators, 250 communes, 10 years."""
    folder = tmp_path_factory.mktemp("grand")
    grounds = [frozenset({f"COM-{86000 + n}"}) for n in range(250)]
    years = [(dt.date(year, 1, 1), dt.date(year, 12, 31)) for year in range(2015, 2025)]
    forms = (
        Form(
            terms=((Cell(f"m{indicator}", f"COM-{86000 + place}", grounds[place], *year), 1.0),),
            low=float(place), high=float(place), indicator=f"I{indicator}", geo=f"COM-{86000 + place}",
            time_period=str(year[0].year),
        )
        for indicator in range(40) for place in range(250) for year in years
    )  # fmt: skip
    with Ledger.open(folder) as ledger:
        ledger.prepare("grande", forms, audience="habitants", day=DAY)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_hundred_thousand_forms_open_and_list_one_indicator_in_a_moment(great: Path) -> None:
    begun = time.process_time()
    with Ledger.open(great) as ledger:
        assert len(ledger.published(indicator="I7")) == 2500
        assert ledger.releases[0].forms == 100_000
    assert time.process_time() - begun < 0.8
