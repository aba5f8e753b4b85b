"""What `engine_table.py` measures, one job a process: nobody inherits another's memory or threads.

    python benchmarks/engine_jobs.py '{"job": "train", "system": "ours", ...}'

prints the numbers of one job as JSON. Words are those of the text that are in the vocabulary,
subsampled ones included, as gensim counts them. Of our training the time is that of the epochs.
Encoding the text, which gensim does anew in each epoch, and making the kernel are not in it, but in
"words/s, all", and with start and saving in the time of a whole process.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SETTINGS = {"vector_size": 100, "window": 5, "sample": 1e-3, "min_count": 5}
KINDS: dict[str, dict[str, Any]] = {
    "skip-gram": {"sg": 1, "hs": 0, "negative": 5, "alpha": 0.025},
    "CBOW": {"sg": 0, "hs": 0, "negative": 5, "alpha": 0.05},
    "skip-gram, hierarchical softmax": {"sg": 1, "hs": 1, "negative": 0, "alpha": 0.025},
    "CBOW, hierarchical softmax": {"sg": 0, "hs": 1, "negative": 0, "alpha": 0.05},
}
SENTENCES_BEFORE = 20_000  # that a model of its own is trained on first, so that all is compiled
Numbers = dict[str, Any]


# ---------------------------------------------------------------------- trainings
def train(
    system: str, text: str, kind: str, workers: int, epochs: int, deterministic: bool = False
) -> Numbers:
    """Words/s of a training after its vocabulary was built, and the loss of its last epoch."""
    options = {"workers": workers, "epochs": epochs, **SETTINGS, **KINDS[kind]}
    if system == "gensim":
        return train_gensim(text, options)
    import tinygrad_w2v as tw

    options |= {"engine": "compiled", "compat": "word2vec", "deterministic": deterministic}
    with Path(text).open(encoding="utf-8") as lines:
        before = [line.split() for line in itertools.islice(lines, SENTENCES_BEFORE)]
    tw.Word2Vec(before, **options | {"epochs": 1})
    model = tw.Word2Vec(**options)
    model.build_vocab(corpus_file=text)
    start = time.perf_counter()
    model.train(corpus_file=text, total_words=model.corpus_total_words, epochs=epochs)
    seconds = time.perf_counter() - start
    words = epochs * int(model.vocabulary.counts.sum())
    speeds = {"words/s": words / model.total_train_time, "words/s, all": words / seconds}
    return {**speeds, "loss": model.losses[-1]}


def train_gensim(text: str, options: Numbers) -> Numbers:
    """Do the same with gensim's `corpus_file`."""
    from gensim.models import Word2Vec

    model = Word2Vec(compute_loss=True, **options)
    model.build_vocab(corpus_file=text)
    words = sum(model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key)
    start = time.perf_counter()
    model.train(
        corpus_file=text,
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=options["epochs"],
        compute_loss=True,
    )
    speed = words * options["epochs"] / (time.perf_counter() - start)
    return {"words/s": speed, "words/s, all": speed}


def peer(python: str, text: str, kind: str, workers: int, epochs: int) -> Numbers:
    """Do the same with a port of fastText that another interpreter has."""
    order = {"text": text, "workers": workers, "epochs": epochs, **SETTINGS, **KINDS[kind]}
    script = str(Path(__file__).with_name("fasttext_peer.py"))
    command = [python, "-I", script, json.dumps(order)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    return dict(json.loads(done.stdout.splitlines()[-1]))


# ---------------------------------------------------------------------- whole processes
WHOLE = {
    "ours": """
import sys, tinygrad_w2v as tw
options = {"sg": 1, "workers": 2, "engine": "compiled", "epochs": int(sys.argv[3])}
model = tw.Word2Vec(corpus_file=sys.argv[1], **options)
model.wv.save_word2vec_format(sys.argv[2])
""",
    "gensim": """
import sys
from gensim.models import Word2Vec
options = {"sg": 1, "workers": 2, "compute_loss": True, "epochs": int(sys.argv[3])}
model = Word2Vec(corpus_file=sys.argv[1], **options)
model.wv.save_word2vec_format(sys.argv[2])
""",
}
IMPORTS = {"ours": "import tinygrad_w2v, numba", "gensim": "import gensim.models"}
# Of this program alone: the peak that the system tells of a child is at least its parent's size.
PEAK = """
from pathlib import Path
text = Path("/proc/self/status").read_text(encoding="utf-8")
print(text.partition("VmHWM:")[2].split()[0])
"""


def whole(system: str, text: str, epochs: int) -> Numbers:
    """Seconds of a process that trains skip-gram and saves; MB of its peak beyond its imports."""
    run = [sys.executable, "-c"]
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for script in (IMPORTS[system], WHOLE[system]):
            command = [*run, script + PEAK, text, str(Path(folder, "vectors.txt")), str(epochs)]
            start = time.perf_counter()
            done = subprocess.run(
                command, check=True, capture_output=True, text=True, encoding="utf-8"
            )
            seconds = time.perf_counter() - start
            peaks.append(int(done.stdout.split()[-1]) / 1024)
    return {"seconds": seconds, "peak MB": peaks[1] - peaks[0], "imports MB": peaks[0]}


START = """
import sys, time, numba, tinygrad_w2v as tw
text = [["a", "b", "c", "d", "e"]] * 99
start = time.perf_counter()
tw.Word2Vec(text, sg=int(sys.argv[1]), workers=1, engine="compiled", epochs=1)
print(time.perf_counter() - start)
"""


def start(kind: str) -> Numbers:
    """Seconds until a tiny text is trained on, imports done: with an empty cache, and after it."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TINYGRAD_W2V_KERNELS": str(Path(folder, "kernels"))}
        command = [sys.executable, "-c", START, str(KINDS[kind]["sg"])]
        seconds = []
        for _ in range(2):
            done = subprocess.run(
                command,
                check=True,
                capture_output=True,
                text=True,
                encoding="utf-8",
                env=environment,
            )
            seconds.append(float(done.stdout.split()[-1]))
    return {"first seconds": seconds[0], "again seconds": seconds[1]}


# ---------------------------------------------------------------------- small steps
def numpy_engine(model: str) -> Numbers:
    """Words/s of the NumPy engine on one core, over the built-in corpus."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from main_job import ours

    return {"words/s": ours(model, 2, "numpy")["words/s training"]}


def eager(case: str) -> Numbers:
    """Microseconds of forward and backward on small arrays, ours and PyTorch's."""
    from eager_overhead import CASES, measure

    make, repeats = CASES[case]
    works = make()
    import torch

    torch.set_num_threads(1)
    best = measure({name: works[name] for name in ("ours", "pytorch")}, repeats, rounds=15)
    return {f"{name} µs": time for name, time in best.items()}


def toy() -> Numbers:
    """Microseconds of the book's toy CBOW step, compiled and by hand in NumPy."""
    from toy_step import measure

    return {f"{name} µs": time for name, time in measure().items()}


def peak(text: str) -> Numbers:
    """What the kernels reach of one core's peak."""
    from roofline import measure

    found = measure(text, windows=200_000, rounds=5)
    return {kind: about["share"] for kind, about in found["models"].items()} | found["peaks"]


JOBS: dict[str, Callable[..., Numbers]] = {
    job.__name__: job for job in (train, peer, whole, start, numpy_engine, eager, toy, peak)
}


def in_own_process(order: dict[str, Any]) -> Numbers:
    """Run a job in a process of its own; `busy` in its order: beside another busy process."""
    order = dict(order)
    busy = None
    if order.pop("busy", False):
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        done = subprocess.run(
            [sys.executable, __file__, json.dumps(order)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            encoding="utf-8",
        )
    finally:
        if busy is not None:
            busy.kill()
            busy.wait()
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    given = json.loads(sys.argv[1])
    print(json.dumps(JOBS[given.pop("job")](**given)))
