"""A key service over real HTTP that answers as HashiCorp Vault documents its transit engine."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.a-token-for-tests"


class KeyService:
    """`POST /v1/transit/{encrypt,decrypt,rewrap}/qanat`; ciphertexts read `vault:v<version>:<base64>`."""

    def __init__(self) -> None:
        self.versions = [AESGCM(os.urandom(32))]
        self.token = TOKEN
        self.is_sealed = False
        self.address = ""

    def rotate(self) -> None:
        self.versions.append(AESGCM(os.urandom(32)))

    def answer(self, path: str, token: str, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        action, _, name = path.removeprefix("/v1/transit/").partition("/")
        if name != "qanat":
            return 400, {"errors": ["encryption key not found"]}
        try:
            if action == "encrypt":
                return 200, {"data": self._encrypt(base64.b64decode(body["plaintext"]))}
            plaintext = self._decrypt(body["ciphertext"])
        except (InvalidTag, ValueError, IndexError):
            return 400, {"errors": ["invalid ciphertext"]}
        if action == "rewrap":
            return 200, {"data": self._encrypt(plaintext)}
        return 200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}}

    def _encrypt(self, plaintext: bytes) -> dict[str, object]:
        nonce = os.urandom(12)
        sealed = base64.b64encode(nonce + self.versions[-1].encrypt(nonce, plaintext, None)).decode()
        return {"ciphertext": f"vault:v{len(self.versions)}:{sealed}", "key_version": len(self.versions)}

    def _decrypt(self, ciphertext: str) -> bytes:
        _, version, encoded = ciphertext.split(":")
        sealed = base64.b64decode(encoded)
        return self.versions[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], None)


@contextmanager
def key_service() -> Iterator[KeyService]:
    service = KeyService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = service.answer(self.path, self.headers.get("X-Vault-Token", ""), body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
