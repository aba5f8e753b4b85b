"""One training by a port of fastText, by the interpreter that has it.

`engine_table.py` and `subwords.py` run it:

    PYTHON benchmarks/fasttext_peer.py '{"text": "TEXT", "sg": 1, "hs": 0, "workers": 2, ...}'

All ports install a module `fasttext`, one of them `fasttext_new`, so each needs an environment of
its own: ``python -m venv peer; peer/bin/pip install fasttext-new``. There are subwords where
``max_n`` is given; ``seed`` is honoured, and ``save`` names a file for the model. The time has the
reading and counting of the text in it, as fastText does both in one call.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
import time
from typing import Any

MODULES = ("fasttext_new", "fasttext")


def port() -> tuple[Any, str]:
    """The module, and which distribution it is of, with its version."""
    module = next(name for name in MODULES if importlib.util.find_spec(name))
    names = importlib.metadata.packages_distributions()[module]
    version = importlib.metadata.version(names[0])
    return importlib.import_module(module), f"{names[0]} {version}"


def main(order: dict[str, Any]) -> None:
    """Train, and print words/s, those of the vocabulary, as JSON."""
    module, version = port()
    if "seed" in order:  # which is no argument of `train_unsupervised`
        module.FastText.unsupervised_default["seed"] = order["seed"]
    start = time.perf_counter()
    model = module.train_unsupervised(
        order["text"],
        model="skipgram" if order["sg"] else "cbow",
        dim=order["vector_size"],
        ws=order["window"],
        neg=order["negative"],
        loss="hs" if order["hs"] else "ns",
        t=order["sample"],
        minCount=order["min_count"],
        lr=order["alpha"],
        minn=order.get("min_n", 0),
        maxn=order.get("max_n", 0),
        bucket=order.get("bucket", 2_000_000),
        epoch=order["epochs"],
        thread=order["workers"],
        verbose=0,
    )
    seconds = time.perf_counter() - start
    if "save" in order:
        model.save_model(order["save"])
    words, counts = model.get_words(include_freq=True)
    total = sum(int(n) for word, n in zip(words, counts, strict=True) if word != "</s>")
    print(json.dumps({"words/s": total * order["epochs"] / seconds, "version": version}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
