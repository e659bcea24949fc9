"""The child process that reads one file and ends: no keys, no network, no programs, tight limits.

It gets one line of JSON and the file, and answers with a line of JSON for each step of progress, one that says how it
went, and the parsed text. Nothing is written to disk: the size of a file that it may write is zero.
"""

import itertools
import json
import os
import signal
import socket
import sys
from pathlib import Path

from knowledge_vault.errors import DocumentEmpty, DocumentRefused
from knowledge_vault.parsing import confine
from knowledge_vault.parsing.kinds import PDF
from knowledge_vault.parsing.readers import Reader, describe
from knowledge_vault.parsing.reading.ocr import Recognizer, programs_of
from knowledge_vault.values import Limits

_PIECE = 1 << 20
_LEAST_STEP = 0.02
OUT_OF_MEMORY = 12
"""The exit status of a child that has none left: too little even to say so."""
_CODE = Path(__file__).resolve().parents[1]


def serve(line: socket.socket, recognizer: Recognizer | None) -> None:
    """Read the file that comes over the line, answer, and end the process."""
    confine.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    source = line.makefile("rb", buffering=_PIECE)
    job = json.loads(source.readline())
    limits = Limits(**job["limits"])
    recognizer = recognizer if job["media_type"] == PDF else None
    confine.limit(limits)
    confine.give_up_rights(readable=_libraries(), programs=programs_of(recognizer))
    reader = Reader(limits, recognizer, _Progress(line), is_web_page=job["is_web_page"])
    try:
        first = source.read(_PIECE)
        if not first:
            raise DocumentEmpty(job["name"])
        pieces = itertools.chain([first], iter(lambda: source.read(_PIECE), b""))
        parsed = reader.read(pieces, name=job["name"], media_type=job["media_type"])
        answer = json.dumps({"parsed": "yes"}).encode() + b"\n" + parsed.to_json()
    except DocumentRefused as error:
        answer = json.dumps(describe(error)).encode() + b"\n"
    line.sendall(answer)
    os._exit(0)  # some readers' threads would keep the process for a while


class _Progress:
    """Tells how far the reading is, not more often than it matters."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._told = 0.0

    def __call__(self, share: float) -> None:
        if share - self._told >= _LEAST_STEP:
            self._told = share
            self._line.sendall(json.dumps({"progress": round(share, 3)}).encode() + b"\n")


def _libraries() -> list[Path]:
    """All that a reader still needs from the disk: the interpreter's and its packages' files, and the system's."""
    system = [
        Path(each) for each in ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")
    ]
    return [*system, Path(sys.prefix), Path(sys.base_prefix), _CODE]
