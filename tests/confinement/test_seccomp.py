"""The filter of system calls, read instruction by instruction as Linux does, for both architectures."""

from __future__ import annotations

import errno
import platform
import re
import shutil
import subprocess

import pytest
from hypothesis import given, strategies as st

from ctgeval.confinement import seccomp

ALLOWED, REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES
MACHINES = ("x86_64", "aarch64")
THREAD, PROCESS = 0x3D0F00, 0x01200011
INET, INET6, UNIX, NETLINK, PACKET = 2, 10, 1, 16, 17
STREAM, DATAGRAM, RAW = 1, 2, 3
CLOSED_ON_EXEC = 0o2000000


def answer(program: list[tuple[int, int, int, int]], machine: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Run a filter on one call."""
    words = {0: number, 4: machine}
    words |= {16 + 8 * rank: value & 0xFFFFFFFF for rank, value in enumerate(arguments)}
    at, held = 0, 0
    while True:
        code, yes, no, value = program[at]
        if code == 0x06:
            return value
        if code == 0x20:
            held = words.get(value, 0)
        elif code == 0x54:
            held &= value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
            at += yes if holds else no
        at += 1


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return str(request.param)


def program(machine: str) -> list[tuple[int, int, int, int]]:
    numbers = sorted({*seccomp._REFUSED[machine].values(), *seccomp._REFUSED_EVERYWHERE.values()})
    return seccomp._program(numbers, arguments=True, error=errno.EACCES)


def test_named_calls_are_refused_and_others_are_not(machine: str) -> None:
    word = seccomp._ARCHITECTURE[machine]
    refused = {*seccomp._REFUSED[machine].values(), *seccomp._REFUSED_EVERYWHERE.values()}
    by_arguments = {seccomp._SOCKET[machine], seccomp._CLONE[machine], *seccomp._SEND[machine].values()}
    for number in range(500):
        if number not in by_arguments:
            assert answer(program(machine), word, number) == (REFUSED if number in refused else ALLOWED), number


def test_calls_of_another_table_are_refused(machine: str) -> None:
    word = seccomp._ARCHITECTURE[machine]
    assert answer(program(machine), 0x40000003, 1) == REFUSED
    assert answer(program(machine), word, 0x40000000 | seccomp._REFUSED[machine]["connect"]) == REFUSED
    assert answer(program(machine), word, 0xFFFFFFFF) == REFUSED


@pytest.mark.parametrize(
    ("family", "kind", "allowed"),
    [
        (INET, STREAM, True), (INET6, STREAM | CLOSED_ON_EXEC, True), (NETLINK, RAW, True), (INET, DATAGRAM, False),
        (INET6, DATAGRAM | CLOSED_ON_EXEC, False), (INET, RAW, False), (UNIX, STREAM, False), (UNIX, DATAGRAM, False),
        (PACKET, RAW, False), (40, STREAM, False), (0, STREAM, False),
    ],
)  # fmt: skip
def test_a_socket_can_only_wait_to_be_reached(machine: str, family: int, kind: int, allowed: bool) -> None:
    found = answer(program(machine), seccomp._ARCHITECTURE[machine], seccomp._SOCKET[machine], (family, kind))
    assert found == (ALLOWED if allowed else REFUSED)


@given(flags=st.integers(0, 2**32 - 1))
def test_a_thread_starts_and_a_process_does_not(flags: int) -> None:
    name = platform.machine() if platform.machine() in MACHINES else "x86_64"
    steps = seccomp._about_arguments(name)
    ending = [("yes", 0x06, ALLOWED, "", ""), ("no", 0x06, REFUSED, "", "")]
    place = {step[0]: at for at, step in enumerate([*steps, *ending]) if step[0]}
    compiled = [
        (code, place[yes] - at - 1 if yes else 0, place[no] - at - 1 if no else 0, value)
        for at, (_, code, value, yes, no) in enumerate([*steps, *ending])
    ]
    compiled.insert(0, (0x20, 0, 0, 0))
    thread = bool(flags & 0x10000)
    assert answer(compiled, 0, seccomp._CLONE[name], (flags,)) == (ALLOWED if thread else REFUSED)


@pytest.mark.parametrize(("call", "rank"), [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)])
def test_a_message_that_opens_its_own_connection_is_refused(machine: str, call: str, rank: int) -> None:
    word, number = seccomp._ARCHITECTURE[machine], seccomp._SEND[machine][call]
    for flags, told in ((0x20000000, REFUSED), (0x20004000, REFUSED), (0x4000, ALLOWED), (0, ALLOWED)):
        assert answer(program(machine), word, number, (0,) * rank + (flags,)) == told


def test_the_filter_is_short_enough_for_its_jumps(machine: str) -> None:
    assert all(0 <= jump < 256 for _, *jumps, _ in program(machine) for jump in jumps)


def test_numbers_are_those_of_the_headers_of_this_system() -> None:
    compiler = shutil.which("cc")
    if compiler is None or platform.machine() not in MACHINES or not seccomp.available():
        # Nothing to compare with: the table must at least name each call once.
        assert all(len(set(table.values())) == len(table) for table in seccomp._REFUSED.values())
        return
    told = subprocess.run(
        [compiler, "-E", "-dM", "-"], input="#include <sys/syscall.h>\n#include <asm/unistd.h>\n",
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    known = {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", told)}
    machine = platform.machine()
    named = seccomp._REFUSED[machine] | seccomp._UNDONE[machine] | seccomp._SEND[machine]
    named |= {"socket": seccomp._SOCKET[machine], "clone": seccomp._CLONE[machine]}
    assert {name: known[name] for name in named} == named
    newer = seccomp._REFUSED_EVERYWHERE | seccomp._UNDONE_EVERYWHERE | {"clone3": seccomp._CLONE_HIDDEN}
    assert all(known.get(name, number) == number for name, number in newer.items())
