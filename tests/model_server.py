"""A model server that speaks the OpenAI chat API, in a thread of the tests: it says back the last word it was asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class ModelServer:
    """Remembers what it was asked to the end, and how long each reply takes may be changed at any time."""

    def __init__(self) -> None:
        self.pause_s = 0.0
        """How long each reply takes."""
        self.begun: list[str] = []
        """The last word of each prompt, as it arrived."""
        self.answered: list[str] = []
        """Those whose reply was sent whole."""
        self.broken_off = threading.Event()
        """Set whenever somebody leaves in the middle of a reply."""
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that the library wants
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                word = body["messages"][-1]["content"].split()[-1]
                model.begun.append(word)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    self._say("said ")
                    begun = time.monotonic()
                    while time.monotonic() - begun < model.pause_s:
                        time.sleep(0.05)
                        self._say("")  # nothing new, but an error when nobody listens any more
                    self._say(word)
                    done = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
                    usage = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
                    for each in (done, usage):
                        self.wfile.write(f"data: {json.dumps(each)}\n\n".encode())
                    self.wfile.write(b"data: [DONE]\n\n")
                    model.answered.append(word)
                except OSError:
                    model.broken_off.set()

            def _say(self, text: str) -> None:
                chunk = {"choices": [{"index": 0, "delta": {"content": text}}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "ModelServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
