import io

import pytest

from tinygrad_w2v._base import progress as module
from tinygrad_w2v._base.progress import Progress, said_if_long


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_plain_lines_come_every_interval_and_at_the_end(clock):
    log = io.StringIO()
    with Progress(1000, "words", "training", stream=log, interval=10.0) as progress:
        for _ in range(10):
            clock.now += 2.5
            progress.update(100, loss=2.5, lr=0.012345678)
    assert log.getvalue().splitlines() == [
        "training: 40% of 1,000 words, loss 2.5, lr 0.01235, 40 words/s, 15 s left",
        "training: 80% of 1,000 words, loss 2.5, lr 0.01235, 40 words/s, 5 s left",
        "training: 100% of 1,000 words, loss 2.5, lr 0.01235, 40 words/s, took 25 s",
    ]


def test_unknown_total(clock):
    log = io.StringIO()
    with Progress(0, "lines", "reading", stream=log) as progress:
        clock.now += 4000
        progress.update(12)
    assert "reading: 12 lines, 0.00 lines/s, 1 h 06 min left" not in log.getvalue()
    assert log.getvalue().splitlines()[-1] == "reading: 12 lines, 0.00 lines/s, took 1 h 06 min"


def test_nothing_done_in_no_time(clock):
    log = io.StringIO()
    with Progress(5, "words", "training", stream=log):
        pass
    assert log.getvalue() == "training: 0% of 5 words, 0.00 words/s, took 0 s\n"


def test_an_exception_passes_and_is_told(clock):
    log = io.StringIO()
    with (
        pytest.raises(KeyboardInterrupt),
        Progress(5, "words", "training", stream=log) as progress,
    ):
        progress.update(1)
        raise KeyboardInterrupt
    assert log.getvalue().startswith("training: stopped, 20% of 5 words")


@pytest.mark.parametrize("encoding", ["cp932", "ascii", "utf-8"])
@pytest.mark.parametrize("kind", [io.TextIOWrapper, Terminal])
def test_any_encoding_of_the_stream(encoding, kind):
    raw = io.BytesIO()
    stream = kind(raw, encoding=encoding, errors="strict")
    with Progress(20, "語", "学習 \u00e9\U0001f600", stream=stream) as progress:
        for _ in range(20):
            progress.update(1, 損失=0.5)
    stream.flush()
    assert b"100%" in raw.getvalue()
    raw.getvalue().decode(encoding)


def test_bar_on_a_terminal():
    raw = io.BytesIO()
    stream = Terminal(raw, encoding="utf-8")
    with Progress(20, "words", "training", stream=stream) as progress:
        progress.update(20, loss=1.23456)
    stream.flush()
    text = raw.getvalue().decode("utf-8")
    assert "\r" in text and "loss=1.235" in text and "20.0/20.0" in text


def test_quiet_and_missing_stream_write_nothing(monkeypatch):
    log = io.StringIO()
    with Progress(5, "words", "training", quiet=True, stream=log, interval=0.0) as progress:
        progress.update(5)
    assert log.getvalue() == ""
    monkeypatch.setattr("sys.stderr", None)
    with Progress(5, "words", "training") as progress:
        progress.update(5)
    assert progress.done == 5


class AtOnce:
    """A timer whose time is over when it starts."""

    def __init__(self, seconds: float, function) -> None:
        self.seconds, self.function = seconds, function

    def start(self) -> None:
        if self.seconds == 1.0:
            self.function()

    def cancel(self) -> None:
        pass


def test_what_takes_long_is_said_on_standard_error(capsys, monkeypatch) -> None:
    monkeypatch.setattr(module.threading, "Timer", AtOnce)
    for quiet in (False, True):
        with said_if_long("compiling ...", quiet):
            pass
    with said_if_long("over at once", seconds=60.0):
        pass
    assert capsys.readouterr().err == "compiling ...\n"
