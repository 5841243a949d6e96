"""Flink pushes its metrics here; Prometheus and people read them at /metrics, on this machine only."""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local_stack.ports import HOST

FORGET_AFTER = 30.0  # seconds without a push: whoever pushed is gone


class Pushed:
    """The last words of each pusher, by the path it pushes to."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[float, bytes]] = {}

    def put(self, path: str, text: bytes, now: float) -> None:
        self._said[path] = (now, text)

    def drop(self, path: str) -> None:
        self._said.pop(path, None)

    def text(self, now: float) -> bytes:
        fresh = [text for at, text in self._said.values() if now - at < FORGET_AFTER]
        return b"".join(fresh)


class Page(BaseHTTPRequestHandler):
    """PUT and DELETE as Prometheus' push gateway has them, GET for everyone else."""

    pushed = Pushed()

    def do_PUT(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if not self.chunked else self.chunks()
        self.pushed.put(self.path, text, time.monotonic())
        self.answer(202)

    do_POST = do_PUT  # noqa: N815 - the name is the protocol's

    def do_DELETE(self) -> None:
        self.pushed.drop(self.path)
        self.answer(202)

    def do_GET(self) -> None:
        self.answer(200, self.pushed.text(time.monotonic()))

    @property
    def chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    def chunks(self) -> bytes:
        read = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            read.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(read)

    def answer(self, status: int, text: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing of single requests."""


if __name__ == "__main__":
    ThreadingHTTPServer((HOST, int(sys.argv[1])), Page).serve_forever()
