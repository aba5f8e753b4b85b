"""The server for looking: what it answers, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.reports.server import LookServer


def broken(query: object) -> object:
    raise ZeroDivisionError("no number")


def refused(query: object) -> object:
    raise InputError("must be a word", setting="word")


@pytest.fixture
def server() -> Iterator[LookServer]:
    pages = {"": lambda query: "<p>first</p>", "report": lambda query: "<p>report</p>"}
    answers = {"ask": dict, "broken": broken, "refused": refused}
    made = LookServer(pages, answers)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.stop()
    thread.join()


def get(
    server: LookServer, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=bool(headers and "Host" in headers))
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    read = response.read().decode("utf-8")
    connection.close()
    return response.status, read, response.headers


def test_pages_and_answers(server: LookServer) -> None:
    at = f"/{server.token}/"
    assert server.url == f"http://127.0.0.1:{server.port}{at}"
    status, text, headers = get(server, at)
    assert (status, text) == (200, "<p>first</p>")
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert get(server, f"{at}report")[1] == "<p>report</p>"
    found = get(server, f"{at}ask?word=%E7%8C%AB&word=last&b=1%262")
    assert json.loads(found[1]) == {"word": "last", "b": "1&2"}
    assert get(server, at, {"Host": f"localhost:{server.port}"})[0] == 200
    ours = {"Origin": server.url.partition(f"/{server.token}")[0], "Sec-Fetch-Site": "same-origin"}
    assert get(server, at, ours)[0] == 200


def test_others_are_refused(server: LookServer) -> None:
    at, port = f"/{server.token}/", server.port
    for headers in (
        {"Host": "evil.example"},
        {"Host": f"evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        status, text, _ = get(server, at, headers)
        assert status == 403 and "first" not in text, headers


@pytest.mark.parametrize("path", ["/", "//", "/wrong/", "/wrong/report", "/report", "/é"])
def test_a_wrong_token_is_refused(server: LookServer, path: str) -> None:
    status, text, _ = get(server, path.replace("é", "%C3%A9"))
    assert (status, text) == (403, "refused: a wrong token\n")
    status, _, _ = get(server, f"/{server.token[:-1]}/report")
    assert status == 403


@pytest.mark.parametrize(
    "path", ["../settings.json", "..%2f..%2fetc/passwd", "/etc/passwd", "report/", "ask/../report"]
)
def test_a_path_outside_is_not_there(server: LookServer, path: str) -> None:
    assert get(server, f"/{server.token}/{path}")[0] == 404


def test_a_question_that_fails_ends_nothing(server: LookServer) -> None:
    at = f"/{server.token}/"
    status, text, _ = get(server, f"{at}refused")
    assert status == 400 and json.loads(text) == {"error": "word must be a word"}
    assert get(server, f"{at}broken")[0] == 500
    assert get(server, f"{at}ask?{'a' * 9000}")[0] == 414
    assert get(server, f"{at}ask?{'a=1&' * 30}")[0] == 500
    assert get(server, f"{at}ask", method="POST")[0] == 501
    assert get(server, at)[0] == 200


def test_a_port_that_is_taken(server: LookServer) -> None:
    with pytest.raises(InputError, match="port cannot be listened on"):
        LookServer({}, {}, server.port)
