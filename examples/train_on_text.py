"""Word vectors of a text, made of the library's pieces: words, windows, a model, a loop.

    python examples/train_on_text.py                 (the built-in corpus; some seconds)
    python examples/train_on_text.py FILE --model cbow --neighbors king queen

The command `tinygrad-w2v train` does the same with files, checks and pictures around it.
"""

import argparse

import tinygrad_w2v as tw
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text import build_corpus, builtin_corpus_lines, read_lines, tokenize


def main(
    path=None,
    model="skipgram",
    dim=100,
    epochs=2,
    min_count=5,
    neighbors=("list", "float", "error"),
):
    """Train on a text file, or on the built-in corpus; print neighbours, return the vectors."""
    lines = builtin_corpus_lines() if path is None else read_lines(path)
    vocabulary, corpus = build_corpus(tokenize(lines), min_count)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(window=5, negative=5))
    print(f"{corpus.words:,} words, {len(vocabulary):,} different ones")

    # The objective is negative sampling: the drawn words are in the batch.
    # Half of the library's rate for CBOW, which fits its batches to small vocabularies.
    kind, lr = {"cbow": (tw.CBOW, 0.075), "skipgram": (tw.SkipGram, 0.025)}[model]
    model = kind(len(vocabulary), dim)
    optimizer = tw.optim.SGD(model.parameters(), lr)
    for epoch in range(epochs):
        total = predictions = 0
        for batch, words in source.batches(epoch):
            loss = model.loss(batch)  # the sum over the batch
            model.cleargrads()
            loss.backward()
            optimizer.step()
            optimizer.lr -= lr * words / (epochs * corpus.words + 1)  # falls evenly to almost 0
            total += float(loss)
            predictions += model.predictions(batch)
        print(f"epoch {epoch + 1}: mean loss {total / predictions:.4f}")

    word_vectors = tw.WordVectors(vocabulary.words, model.w_in.data, vocabulary.counts)
    for word in neighbors:
        near = ", ".join(
            f"{other} {cosine:.2f}" for other, cosine in word_vectors.most_similar(word, topn=5)
        )
        print(f"{word}: {near}")
    return word_vectors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", help="a UTF-8 text (the built-in corpus)")
    parser.add_argument("--model", choices=["skipgram", "cbow"], default="skipgram")
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--neighbors", nargs="*", default=["list", "float", "error"])
    main(**vars(parser.parse_args()))
