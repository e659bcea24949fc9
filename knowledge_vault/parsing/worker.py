"""The child process that reads one file and ends: no keys, no network where the system lets us, tight limits.

It gets one line of JSON and the file on standard input, and writes one line of JSON that says how it went,
then the parsed text. Nothing is written to disk: the size of a file that it may write is zero.
"""

import contextlib
import ctypes
import json
import os
import resource
import sys

from knowledge_vault.errors import DocumentRefused
from knowledge_vault.parsing.readers import describe, read
from knowledge_vault.values import Limits

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_SIGKILL = 9


def main() -> None:
    job = json.loads(sys.stdin.buffer.readline())
    limits = Limits(**job["limits"])
    _confine(limits)
    content = sys.stdin.buffer.read()
    try:
        parsed = read(content, name=job["name"], media_type=job["media_type"], limits=limits)
        body = parsed.to_json()
        head: dict[str, str] = {"parsed": "yes"}
    except DocumentRefused as error:
        body, head = b"", describe(error)
    except (MemoryError, RecursionError):
        body, head = b"", {"refused": "memory"}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)
    sys.stdout.buffer.flush()
    os._exit(0)  # some readers' threads would keep the process for a while


def _confine(limits: Limits) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.unshare(
        _CLONE_NEWUSER | _CLONE_NEWNET
    )  # may be refused, as in many containers: then the limits remain
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit from outside already holds
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
