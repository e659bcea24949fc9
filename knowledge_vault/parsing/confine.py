"""Take from a process, for good, what a reader of hostile files must not have: network, programs, files, memory, time.

What holds where, each on its own: the limits of `setrlimit` everywhere; on Linux a system call filter (no socket, no
program, no signal to others, no tracing) on x86-64 and ARM64, an empty network of its own where namespaces may be
made, and Landlock (nothing on disk can be read but libraries) where the kernel has it. docs/decisions/parsing.md.
"""

import contextlib
import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from knowledge_vault.values import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9


def die_with_parent() -> None:
    if sys.platform == "linux":
        _libc().prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def leave_the_network() -> bool:
    """Move into a network of one's own that reaches nothing; False where the system refuses, as many containers do."""
    new_user, new_network = 0x10000000, 0x40000000
    return sys.platform == "linux" and bool(_libc().unshare(new_user | new_network) == 0)


def limit(limits: Limits) -> None:
    """Bound memory, computing, open files; no byte may be written to any file."""
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit from outside already holds
            resource.setrlimit(what, (most, most))


def give_up_rights(*, readable: Sequence[Path], programs: Sequence[Path] = ()) -> tuple[bool, bool]:
    """Never again open a socket, run a program other than these, signal another process, or read other paths.

    Returns whether the system call filter and whether Landlock hold here.
    """
    if sys.platform != "linux":
        return False, False
    _libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    is_landed = _landlock(readable, programs)
    return _filter_calls(may_run_programs=bool(programs)), is_landed


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


# The system call filter: a seccomp program that answers "not permitted".

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DENIED: dict[str, dict[str, int]] = {
    "x86_64": {
        **{"socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "accept4": 288},
        **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kill": 62, "tkill": 200},
        **{"mount": 165, "unshare": 272, "setns": 308, "add_key": 248, "request_key": 249, "keyctl": 250},
        **{"bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "open_by_handle_at": 304},
        **{"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        **{"pidfd_send_signal": 424, "pidfd_open": 434, "pidfd_getfd": 438},
    },
    "aarch64": {
        **{"socket": 198, "connect": 203, "accept": 202, "bind": 200, "listen": 201, "accept4": 242},
        **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kill": 129, "tkill": 130},
        **{"mount": 40, "unshare": 97, "setns": 268, "add_key": 217, "request_key": 218, "keyctl": 219},
        **{"bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "open_by_handle_at": 265},
        **{"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        **{"pidfd_send_signal": 424, "pidfd_open": 434, "pidfd_getfd": 438},
    },
}
_RUNNING_PROGRAMS = {"x86_64": (59, 322), "aarch64": (221, 281)}
_SIGNAL_TO_THREAD = {"x86_64": 234, "aarch64": 131}
_FOREIGN_CALLS = 0x40000000
"""Calls of x86-64's second, 32-bit numbering begin here."""

_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_CALL, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16


def _filter_calls(*, may_run_programs: bool) -> bool:
    machine = platform.machine()
    if machine not in _MACHINES or sys.byteorder != "little":
        return False
    denied = list(_DENIED[machine].values()) + ([] if may_run_programs else list(_RUNNING_PROGRAMS[machine]))
    program = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUALS, 1, 0, _MACHINES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _CALL),
    ]
    # Each test jumps forward to one of the three lines at the end: allow, refuse, look at the first argument.
    tests = [(_AT_LEAST, _FOREIGN_CALLS), *((_EQUALS, number) for number in denied)]
    for place, (test, value) in enumerate(tests):
        program.append((test, len(tests) - place + 1, 0, value))
    program += [
        (_EQUALS, 2, 0, _SIGNAL_TO_THREAD[machine]),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUALS, 0, 1, os.getpid()),  # to abort is to send oneself a signal
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *line) for line in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    return bool(_libc().prctl(_PR_SET_SECCOMP, 2, ctypes.create_string_buffer(head), 0, 0) == 0)


# Landlock: only what is named may be read.

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files each version of Landlock knows."""


def _landlock(readable: Sequence[Path], programs: Sequence[Path]) -> bool:
    libc = _libc()
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << _RIGHTS_BY_VERSION.get(version, 16)) - 1
    rules = struct.pack("<Q", handled)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.create_string_buffer(rules, 8), 8, 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(libc, ruleset, path, _READ_FILE | _READ_FOLDER)
        for path in programs:
            _allow(libc, ruleset, path, _EXECUTE | _READ_FILE)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights &= ~_READ_FOLDER if not path.is_dir() else -1
        rule = ctypes.create_string_buffer(struct.pack("<Qi", rights, place), 12)
        libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
    finally:
        os.close(place)
