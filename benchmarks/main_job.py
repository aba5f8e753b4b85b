"""The main job: words a second of `tinygrad-w2v train` at its settings, one core, all included.

Reading the cached built-in corpus, drawing windows, training, progress; and gensim on the same
sentences with one worker, in the same process run.

    python benchmarks/main_job.py [--model cbow|skipgram] [--epochs 5] [--json]
                                  [--engine numpy|compiled]

Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.text.tokenizing import tokenize
from tinygrad_w2v.word2vec import TrainingSettings, train_vectors


def ours(model: str, epochs: int, engine: str) -> dict[str, float]:
    start = time.perf_counter()
    vocabulary, corpus = build_corpus(tokenize(builtin_corpus_lines()))
    read = time.perf_counter()
    trained = train_vectors(
        vocabulary, corpus, TrainingSettings(model, epochs=epochs), engine=engine
    )
    end = time.perf_counter()
    words = trained.history.words
    return {
        "words": words,
        "reading seconds": read - start,
        "words/s training": words / trained.history.seconds,
        "words/s with reading": words / (end - start),
        "loss": trained.history.losses[-1],
    }


def gensims(model: str, epochs: int) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from gensim.models import Word2Vec
    sentences = list(tokenize(builtin_corpus_lines()))
    theirs = Word2Vec(sg=int(model == "skipgram"), workers=1, seed=1)
    theirs.build_vocab(sentences)
    start = time.perf_counter()
    theirs.train(sentences, total_examples=len(sentences), epochs=epochs)
    seconds = time.perf_counter() - start
    words = epochs * int(
        sum(theirs.wv.get_vecattr(word, "count") for word in theirs.wv.key_to_index)
    )
    return {"words": words, "words/s training": words / seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["cbow", "skipgram"], action="append")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--engine", choices=["numpy", "compiled"], default="numpy")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    builtin_corpus_lines()  # the first reading of the sources is made once for all
    found = {
        model: {
            "ours": ours(model, arguments.epochs, arguments.engine),
            "gensim": gensims(model, arguments.epochs),
        }
        for model in arguments.model or ["cbow", "skipgram"]
    }
    if arguments.json:
        print(json.dumps(found))
        return
    for model, rows in found.items():
        for name, row in rows.items():
            numbers = ", ".join(f"{key} {value:,.4g}" for key, value in row.items())
            print(f"{model:9} {name:7} {numbers}")
    print("target: at least 150,000 words/s with reading, one core")


if __name__ == "__main__":
    main()
