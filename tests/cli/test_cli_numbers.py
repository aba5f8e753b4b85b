"""Every number that a command takes: whatever it is, an answer or one clear line comes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v.cli import COMMANDS

# Of any flag these are refused ...
NO_NUMBERS = ["nan", "inf", "-inf", "", "ten", "1e999", "9" * 5000]
# ... and these are either refused or of use.
EXTREMES = [
    *("-1", "0", "1e-320", "1e39", "1e300"),
    *(str(number) for number in (2**31, 2**63 - 1, 2**64, 10**400, -(10**20))),
]


def flags() -> Iterator[tuple[str, str]]:
    """Yield each option that takes a number, with its command."""
    for command, (_, add_options, _) in COMMANDS.items():
        parser = Parser(prog=command)
        add_options(parser)
        for action in parser._actions:
            if action.type in (int, float):
                yield command, action.option_strings[0]


FLAGS = list(flags())
# What may be a whole number of any size, since it changes no more than a lesser one does.
OF_ANY_SIZE = {"--max-vocab-size", "--early-stopping", "--topn", "--limit", "--restrict-vocab"}


def test_all_of_them_are_here() -> None:
    assert len(FLAGS) >= 20
    assert {"--size", "--ns-exponent", "--topn", "--limit", "--checkpoint-minutes"} <= {
        flag for _, flag in FLAGS
    }


@pytest.fixture
def asked(run, text, tmp_path):
    """Run a command with an option; it is refused, or its option is of no consequence here."""
    (tmp_path / "v.txt").write_text("3 2\na 1 2\nb 2 1\nc 1 1\n", encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text("a\tb\t1\nb\tc\t2\na\tc\t0\n", encoding="utf-8")
    numbers = itertools.count()

    def ask(command: str, *option: str):
        vectors = ("--vectors", tmp_path / "v.txt")
        out = tmp_path / f"out{next(numbers)}"
        rest = {
            "train": (text, "--quiet", "--engine", "numpy", "--output", out),
            "phrases": (text, "--quiet", "--output", out),
            "explore": (tmp_path / "no run", "--no-browser"),
            "neighbors": ("a", *vectors),
            "analogy": ("a", "b", "c", *vectors),
            "eval": (tmp_path / "pairs.tsv", *vectors),
            "convert": (tmp_path / "v.txt", tmp_path / "v.npz"),
        }[command]
        # Few epochs of small vectors, unless that is what is asked.
        usual = {"--size": "4", "--epochs": "1", "--heldout": "0.2"} if command == "train" else {}
        words = [
            word for name, value in usual.items() if name not in option for word in (name, value)
        ]
        done = run(command, *rest, *words, *option)
        diverged = "training diverged" in done.err and "--alpha" in option[0]
        assert done.status in (0, 2) or diverged, done
        assert "Traceback" not in done.err
        assert len(done.err.splitlines()) <= 1, done.err
        assert len(done.err) < 500
        if done.status == 2:
            assert done.err.startswith("tinygrad-w2v: ")
            assert not out.exists()
        return done

    return ask


@pytest.mark.parametrize(("command", "flag"), FLAGS, ids=str)
def test_what_is_no_number_is_refused(command, flag, asked) -> None:
    for value in NO_NUMBERS:
        done = asked(command, f"{flag}={value}")
        of_any_size = flag in OF_ANY_SIZE and value.isdigit()
        assert done.status == 2 or of_any_size, (flag, value)


@pytest.mark.parametrize(("command", "flag"), FLAGS, ids=str)
def test_extremes_are_refused_or_of_use(command, flag, asked) -> None:
    for value in EXTREMES:
        if flag == "--epochs" and value.isdigit() and int(value) < 2**31:
            continue  # which is meant, and takes its time
        asked(command, f"{flag}={value}")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            "--size=99999999999999999999",
            "--size must be 1 or more and 1,048,576 or less, not 9999999999999",
        ),
        ("--ns-exponent=500", "--ns-exponent must be -10.0 or more and 10.0 or less, not 500.0"),
        ("--ns-exponent=-500", "--ns-exponent must be -10.0 or more, not -500.0"),
        ("--alpha=1e39", "--alpha must be 1e-12 or more and 1e+38 or less, not 1e+39"),
        ("--alpha=1e-320", "--alpha must be 1e-12 or more, not 1e-320"),
        ("--window=2000000", "--window must be 1 or more and 1,000,000 or less, not 2000000"),
        ("--workers=100000", "--workers must be 1 or more and 1,024 or less, not 100000"),
        ("--checkpoint-minutes=nan", "--checkpoint-minutes must be 0 or more, not nan"),
        (
            "--checkpoint-minutes=1e300",
            "--checkpoint-minutes must be 0 or more and 1,000,000 or less",
        ),
        ("--seed=" + "9" * 50, "18,446,744,073,709,551,615 or less, not about 1e50"),
        (
            "--epochs=" + "9" * 50,
            "--epochs must be 1 or more and 2,147,483,647 or less, not about 1e50",
        ),
        ("--epochs=" + "9" * 5000, "invalid int value: '9999999"),
    ],
)
def test_the_line_says_the_range(option, message, asked) -> None:
    done = asked("train", option)
    assert done.status == 2
    assert message in done.err


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_sample_that_leaves_nothing_is_told(engine, run, text, tmp_path) -> None:
    options = ("--sample", "1e-320", "--size", 4, "--engine", engine, "--output", tmp_path / "out")
    done = run("train", text, *options, "--quiet")
    assert done.status == 0
    assert "nothing was learned" in done.err
    assert "--sample 0" in done.err
