"""Refuse to a Linux process the system calls that Landlock does not see.

Landlock guards files that are opened and TCP. It does not see a datagram, a socket reached by the path of a file (the
session's bus, an agent of keys, a container engine: each can be asked to act in the place of the caller), nor changes
of a file's mode. A notebook that reads its release needs none of these.

References
----------
``Documentation/userspace-api/seccomp_filter.rst`` of the Linux sources; numbers of ``arch/x86/entry/syscalls`` and
``include/uapi/asm-generic/unistd.h``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Iterable

from ctgeval.confinement.landlock import no_new_privileges

# The word that names the architecture, the number of `socket`, then what a confined notebook may not call.
_X86, _ARM = "x86_64", "aarch64"
_ARCHITECTURE = {_X86: 0xC000003E, _ARM: 0xC00000B7}
_SOCKET = {_X86: 41, _ARM: 198}
_REFUSED: dict[str, dict[str, int]] = {
    _X86: {
        "connect": 42, "fork": 57, "vfork": 58, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "add_key": 248, "request_key": 249, "keyctl": 250,
    },
    _ARM: {
        "connect": 203, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
        "add_key": 217, "request_key": 218, "keyctl": 219,
    },
}  # fmt: skip
# Starting a thread and starting a process are one call, told apart by a flag; its newer form hides the flag in memory,
# and libraries take the older one where it does not exist.
_CLONE, _CLONE_HIDDEN, _THREAD = {_X86: 56, _ARM: 220}, 435, 0x00010000
# Left undone without a word: copying a file ends by giving it a mode, and must not fail for that.
_UNDONE: dict[str, dict[str, int]] = {
    _X86: {
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198,
        "fremovexattr": 199,
    },
    _ARM: {
        "fchmod": 52, "fchmodat": 53, "fchown": 55, "fchownat": 54, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7,
        "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
    },
}  # fmt: skip
# These have one number everywhere. A ring of requests would do a refused call without calling it.
_REFUSED_EVERYWHERE = {"io_uring_setup": 425}
_UNDONE_EVERYWHERE = {"fchmodat2": 452, "setxattrat": 463, "removexattrat": 466}
_SEND = {_X86: {"sendto": 44, "sendmmsg": 307, "sendmsg": 46}, _ARM: {"sendto": 206, "sendmmsg": 269, "sendmsg": 211}}
_INET, _INET6, _NETLINK, _STREAM, _TYPE = 2, 10, 16, 1, 0xF
# A first message that opens its own connection, without the call that would be refused.
_FAST_OPEN = 0x20000000
# x32: the same calls under other numbers.
_OTHER_TABLE = 0x40000000

_LOAD, _AND, _EQUAL, _ATLEAST, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE = 0, 4
_ARGUMENT = tuple(16 + 8 * rank for rank in range(6))
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_SET_SECCOMP, _FILTER = 22, 2


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def available() -> bool:
    """Whether the calls can be refused here."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURE or sys.maxsize < 2**32:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    # A filter at no address: a system that knows filters says that the address is wrong.
    return bool(library.prctl(_SET_SECCOMP, _FILTER, None, 0, 0) < 0 and ctypes.get_errno() == errno.EFAULT)


def restrict() -> None:
    """Refuse connections, datagrams, local sockets, new and other processes; leave modes and owners as they are.

    Sockets of the Internet that listen stay allowed: a kernel of Jupyter is reached by them. So do threads.

    Raises
    ------
    OSError
        When the system refuses the filter.
    """
    machine = platform.machine()
    refuse((_CLONE_HIDDEN,), error=errno.ENOSYS)
    refuse((*_UNDONE[machine].values(), *_UNDONE_EVERYWHERE.values()), error=0)
    refuse((*_REFUSED[machine].values(), *_REFUSED_EVERYWHERE.values()), arguments=True)


def refuse(numbers: Iterable[int], *, arguments: bool = False, error: int = errno.EACCES) -> None:
    """Refuse system calls by number, to this process and its children, for good.

    Parameters
    ----------
    numbers : iterable of int
        The calls.
    arguments : bool
        Refuse also, by their arguments, every socket but those of TCP and those that list the network's interfaces,
        messages that connect, and new processes.
    error : int
        What the caller is told; 0 for a success that changed nothing.

    Raises
    ------
    OSError
        When the system refuses the filter.
    """
    program = _program(sorted(numbers), arguments=arguments, error=error)
    held = (_Instruction * len(program))(*(_Instruction(*one) for one in program))
    filtering = _Program(len(program), held)
    no_new_privileges()
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(filtering), 0, 0) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Confinement refusé par le système : {os.strerror(number)}", "seccomp")


def _program(numbers: list[int], *, arguments: bool, error: int) -> list[tuple[int, int, int, int]]:
    """Return the filter: (code, jump when true, jump otherwise, value), jumps counted from the next instruction."""
    machine = platform.machine()
    # (its name, code, value, where to go when it holds, where otherwise); an empty text is the next instruction.
    steps: list[tuple[str, int, int, str, str]] = [
        ("", _LOAD, _MACHINE, "", ""),
        ("", _EQUAL, _ARCHITECTURE[machine], "", "no"),
        ("", _LOAD, _NUMBER, "", ""),
        ("", _ATLEAST, _OTHER_TABLE, "no", ""),
        *(("", _EQUAL, number, "no", "") for number in numbers),
        *(_about_arguments(machine) if arguments else ()),
        ("yes", _RETURN, _ALLOW, "", ""),
        ("no", _RETURN, _ERROR | error, "", ""),
    ]
    place = {name: at for at, (name, *_) in enumerate(steps) if name}
    return [
        (code, place[yes] - at - 1 if yes else 0, place[no] - at - 1 if no else 0, value)
        for at, (_, code, value, yes, no) in enumerate(steps)
    ]


def _about_arguments(machine: str) -> list[tuple[str, int, int, str, str]]:
    send = _SEND[machine]
    return [
        ("", _EQUAL, send["sendto"], "flags fourth", ""),
        ("", _EQUAL, send["sendmmsg"], "flags fourth", ""),
        ("", _EQUAL, send["sendmsg"], "flags third", ""),
        ("", _EQUAL, _CLONE[machine], "clone", ""),
        ("", _EQUAL, _SOCKET[machine], "", "yes"),
        ("", _LOAD, _ARGUMENT[0], "", ""),
        ("", _EQUAL, _NETLINK, "yes", ""),
        ("", _EQUAL, _INET, "type", ""),
        ("", _EQUAL, _INET6, "", "no"),
        ("type", _LOAD, _ARGUMENT[1], "", ""),
        ("", _AND, _TYPE, "", ""),
        ("", _EQUAL, _STREAM, "yes", "no"),
        ("clone", _LOAD, _ARGUMENT[0], "", ""),
        ("", _ANY_BIT, _THREAD, "yes", "no"),
        ("flags third", _LOAD, _ARGUMENT[2], "", ""),
        ("", _ANY_BIT, _FAST_OPEN, "no", "yes"),
        ("flags fourth", _LOAD, _ARGUMENT[3], "", ""),
        ("", _ANY_BIT, _FAST_OPEN, "no", "yes"),
    ]
