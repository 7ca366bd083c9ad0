"""A notebook that tries to reach the dossier, another bilan or the network, knowing every path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ctgeval.confinement import landlock, seccomp

Attack = Callable[[bool], Any]


def obtained(outcome: Any, *, kept: frozenset[str]) -> dict[str, str]:
    """What was obtained among the attempts that had to fail."""
    return {
        name: told
        for name, told in outcome.attempts.items()
        if name.split()[0] in kept | {"toujours"} and told.startswith("pris")
    }


def test_every_attempt_fails_as_far_as_this_system_can_see_to_it(attack: Attack) -> None:
    outcome = attack(False)
    assert outcome.level == ("landlock" if landlock.abi() else "processus séparé")
    assert obtained(outcome, kept=outcome.guarantees) == {}
    assert "message" not in outcome.reply
    if {"tcp", "appels"} <= outcome.guarantees:
        assert outcome.connections == []


@pytest.mark.skipif(not landlock.abi(), reason="this system has no Landlock")
def test_files_of_the_person_are_as_they_were(attack: Attack) -> None:
    folder = attack(False).folder
    assert {path.name: path.read_text(encoding="utf-8") for path in (folder / "victimes").iterdir()} == dict.fromkeys(
        ("ecrite", "tronquee", "effacee", "mode", "nommee"), "canari-7919"
    )
    assert list(folder.rglob("depose*")) == []
    if seccomp.available():
        assert (folder / "victimes" / "mode").stat().st_mode & 0o777 != 0o666


@pytest.mark.skipif(not landlock.abi(), reason="this system has no Landlock")
def test_this_kernel_is_asked_for_all_that_it_can_guarantee(attack: Attack) -> None:
    assert attack(False).guarantees >= landlock.guarantees(landlock.abi())
    kinds = {name.split()[0] for name in attack(False).attempts}
    assert kinds >= {"toujours", "fichiers", "tcp", "appels", "signaux", "permis"}


def test_a_process_of_its_own_is_told_nothing_where_there_is_no_landlock(attack: Attack) -> None:
    # Where the system has Landlock, it is made to answer as an older one would.
    outcome = attack(seccomp.available())
    if seccomp.available() or not landlock.abi():
        assert outcome.level == "processus séparé"
        assert outcome.guarantees == ({"appels"} if seccomp.available() else frozenset())
        assert outcome.attempts["fichiers chemin absolu"].startswith("pris"), "else nothing shows what Landlock adds"
    assert obtained(outcome, kept=frozenset()) == {}
    assert "message" not in outcome.reply


@pytest.mark.parametrize("old", [False, True])
def test_what_a_bilan_needs_works_the_same(attack: Attack, old: bool) -> None:
    attempts = attack(old and seccomp.available()).attempts
    needed = {name: told for name, told in attempts.items() if name.startswith("permis")}
    assert len(needed) == 6
    assert [name for name, told in needed.items() if not told.startswith("pris")] == []
    assert needed["permis release"] == "pris : chiffre publie"


def test_the_dossier_is_named_in_no_log(attack: Attack) -> None:
    journals = list((attack(False).folder / "ra{cine.__class__}").glob("journal-*.txt"))
    assert journals
    assert not any("dossier été" in path.read_text(encoding="utf-8") for path in journals)
