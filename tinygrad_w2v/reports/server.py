"""A server for one reader on this machine: pages and answers that are made when asked for.

It listens on 127.0.0.1 alone. Another program of the machine, and a page of another site that the
reader's browser has open, could reach that too: so every path begins with a random token, the host
that a request names must be this one (a site whose name is made to mean 127.0.0.1 names itself),
and a request that a page of another origin makes is refused. There are no files to be asked for:
what is not in the tables is not there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tinygrad_w2v._base.errors import InputError, TinygradError

HOST = "127.0.0.1"
LONGEST_QUERY = 8192  # bytes
# A report is a file that anybody may have written: it is to reach nothing but this server.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
Query = Mapping[str, str]


class LookServer:
    """Serves pages and answers on this machine.

    Parameters
    ----------
    pages : dict
        A name to what returns its HTML; ``""`` is the first page.
    answers : dict
        A name to what returns a JSON value.
    port : int
        0: one that is free.

    Attributes
    ----------
    url : str
        Of the first page; its token is needed for all.

    Raises
    ------
    InputError
        When the port is taken, or may not be listened on.

    Examples
    --------
    >>> server = LookServer({"": lambda query: "<p>hello</p>"}, {})
    >>> server.url.startswith("http://127.0.0.1:")
    True
    >>> server.close()
    """

    def __init__(
        self,
        pages: Mapping[str, Callable[[Query], str]],
        answers: Mapping[str, Callable[[Query], Any]],
        port: int = 0,
    ) -> None:
        self.token = secrets.token_urlsafe(24)
        handler = type("_Handler", (_Handler,), {"look": self})
        self.pages, self.answers = pages, answers
        try:
            self._server = _Server((HOST, port), handler)
        except OSError as error:
            raise InputError(
                f"cannot be listened on: {error.strerror or error}; name another, or none",
                setting="port",
            ) from error
        self.port: int = self._server.server_address[1]
        self.hosts = {f"{name}:{self.port}" for name in (HOST, "localhost")}
        self.url = f"http://{HOST}:{self.port}/{self.token}/"

    def serve(self) -> None:
        """Answer until Ctrl-C."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            pass
        finally:
            self.close()

    def stop(self) -> None:
        """Let `serve`, in another thread, end."""
        self._server.shutdown()

    def close(self) -> None:
        """Let go of the port."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False  # a port that another program listens on is not to be shared

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader who has gone away is no error."""


class _Handler(BaseHTTPRequestHandler):
    look: LookServer
    server_version = "tinygrad_w2v"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        if self.headers.get_all("Host") is None or len(self.headers.get_all("Host", [])) != 1:
            return self._refuse(400, "one Host is needed")
        if self.headers["Host"] not in self.look.hosts:
            return self._refuse(403, "another host")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.look.hosts}:
            return self._refuse(403, "another origin")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return self._refuse(403, "another site")
        path, _, text = self.path.partition("?")
        token, _, name = path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.look.token.encode()):
            return self._refuse(403, "a wrong token")
        if len(text) > LONGEST_QUERY:
            return self._refuse(414, "the question is too long")
        return self._answer(name, urlsplit(f"?{text}").query)

    def _answer(self, name: str, text: str) -> None:
        try:
            query = {key: values[-1] for key, values in parse_qs(text, max_num_fields=20).items()}
            if name in self.look.pages:
                return self._send(200, "text/html", self.look.pages[name](query))
            if name in self.look.answers:
                found = json.dumps(self.look.answers[name](query))
                return self._send(200, "application/json", found)
        except TinygradError as error:
            return self._send(400, "application/json", json.dumps({"error": str(error)}))
        except Exception as error:  # one question must not end the server
            text = f"{type(error).__name__}: {error}"
            return self._send(500, "application/json", json.dumps({"error": text}))
        return self._refuse(404, "there is no such page")

    def _refuse(self, status: int, why: str) -> None:
        self._send(status, "text/plain", f"refused: {why}\n")

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        for header, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", POLICY),
            ("Referrer-Policy", "no-referrer"),  # a link must not carry the token away
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Connection", "close"),
        ):
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: what a reader asks is the reader's."""
