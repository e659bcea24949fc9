"""The process from which each child that reads a file is forked: all readers are loaded in it, and no file ever is.

Forking takes a few milliseconds where starting takes a fifth of a second, and still no file meets a process that saw
another one. It gets its orders over its standard input: one message a file, with the line over which that file comes.
When a child ends it writes the child's exit status behind the answer; when the line is closed it ends the child.
"""

import contextlib
import os
import select
import signal
import socket
import struct

from knowledge_vault.parsing import confine, worker
from knowledge_vault.parsing.reading.ocr import Recognizer, find_recognizer

STATUS = struct.Struct("<i")
"""The last bytes of each answer: 0, or the signal that ended the child as a negative number."""


def main() -> None:
    orders = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    recognizer = find_recognizer()
    confine.leave_the_network()
    _Template(orders, recognizer).run()


class _Template:
    def __init__(self, orders: socket.socket, recognizer: Recognizer | None) -> None:
        self._orders = orders
        self._recognizer = recognizer
        self._children: dict[int, socket.socket] = {}
        self._poll = select.poll()
        self._poll.register(orders, select.POLLIN)
        self._ended, told = socket.socketpair()
        for end in (self._ended, told):
            end.setblocking(False)
        self._told = told
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        self._poll.register(self._ended, select.POLLIN)

    def run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._orders.fileno():
                    if not self._begin():
                        return  # the server is gone; the children die with this process
                elif descriptor == self._ended.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self._ended.recv(4096)
                else:
                    self._abandon(descriptor)
            self._bury()

    def _begin(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._orders, 16, 1)
        if not message or not descriptors:
            return False
        line = socket.socket(fileno=descriptors[0])
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            os.setpgid(0, 0)
            for other in (self._orders, self._ended, self._told, *self._children.values()):
                other.close()
            try:
                worker.serve(line, self._recognizer)
            except (MemoryError, RecursionError):
                os._exit(worker.OUT_OF_MEMORY)
            finally:
                os._exit(1)  # whatever went wrong in there, it never goes on as a second template
        self._children[child] = line
        self._poll.register(line, 0)  # tells only that the other end was closed
        return True

    def _abandon(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        for child, line in self._children.items():
            if line.fileno() == descriptor:
                _end(child)

    def _bury(self) -> None:
        while self._children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                return
            line = self._children.pop(child, None)
            if line is None:
                continue
            _end(child)  # a program that it had started
            with contextlib.suppress(KeyError):
                self._poll.unregister(line)
            with contextlib.suppress(OSError):
                line.send(
                    STATUS.pack(os.waitstatus_to_exitcode(status)), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
                )
            line.close()


def _end(child: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main()
