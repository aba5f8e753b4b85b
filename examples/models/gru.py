"""A tiny language model: a GRU that goes over 20 words by `F.scan`, against PyTorch's.

    python examples/models/gru.py                        (the built-in corpus)

The state after each word is to tell the next one (Cho et al. 2014). The number is the perplexity of
text that was not seen: among how many equally likely words the model would still have to choose.
"""

import argparse
import time

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.text import build_corpus, builtin_corpus_lines, tokenize

LENGTH = 20


class GRU(tw.Module):
    """z, r = sigmoid(...); n = tanh(x w + r (h u)); h = (1 - z) n + z h; h tells the next word."""

    def __init__(self, words, dim, rng):
        def table(*shape):
            return tw.Parameter((rng.random(shape, np.float32) - 0.5) * 2 / np.sqrt(dim))

        self.dim = dim
        self.embed, self.w, self.u = table(words, dim), table(dim, 3 * dim), table(dim, 3 * dim)
        self.b, self.out, self.c = table(3 * dim), table(dim, words), table(words)

    def step(self, h, x):
        n = self.dim
        both = h @ self.u
        gates = F.sigmoid(x[..., : 2 * n] + both[..., : 2 * n])
        z, r = gates[..., :n], gates[..., n:]
        new = np.tanh(x[..., 2 * n :] + r * both[..., 2 * n :])
        return (1 - z) * new + z * h

    def loss(self, example):
        words = example["words"]  # (..., T + 1)
        x = np.moveaxis(self.embed[words[..., :-1]] @ self.w + self.b, -2, 0)  # (T, ..., 3 dim)
        states = F.scan(self.step, np.zeros((*x.shape[1:-1], self.dim)), x)
        scores = np.moveaxis(states, 0, -2) @ self.out + self.c  # (..., T, V)
        true = np.take_along_axis(scores, words[..., 1:, None], axis=-1)[..., 0]
        return (F.logsumexp(scores, axis=-1) - true).sum()


def pieces(sentences, words, rows):
    """Return pieces of the text, (rows, 21) of ids; a word that is not frequent is the last id."""
    vocabulary, _ = build_corpus(sentences, min_count=1, max_size=words - 1)
    number = {word: n for n, word in enumerate(vocabulary.words)}
    ids = [number.get(word, len(number)) for sentence in sentences for word in sentence]
    whole = len(ids) // (LENGTH + 1)
    return np.array(ids[: whole * (LENGTH + 1)]).reshape(whole, LENGTH + 1)[:rows]


def bigram_perplexity(seen, unseen, words):
    """Of the words before, the last one only is counted."""
    counts = np.full((words, words), 0.05)
    np.add.at(counts, (seen[:, :-1], seen[:, 1:]), 1)
    chance = counts / counts.sum(axis=1, keepdims=True)
    return float(np.exp(-np.log(chance[unseen[:, :-1], unseen[:, 1:]]).mean()))


def in_pytorch(seen, unseen, words, dim, epochs, lr):
    """Train the same model in batches of 16; return the perplexity."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    embed, out = torch.nn.Embedding(words, dim), torch.nn.Linear(dim, words)
    gru = torch.nn.GRU(dim, dim, batch_first=True)
    parts = torch.nn.ModuleList([embed, gru, out])
    rule = torch.optim.Adam(parts.parameters(), lr=lr)

    def loss(rows):
        scores = out(gru(embed(rows[:, :-1]))[0])
        return torch.nn.functional.cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten())

    pieces = torch.from_numpy(seen)
    for _ in range(epochs):
        for rows in torch.randperm(len(pieces)).split(16):
            rule.zero_grad()
            loss(pieces[rows]).backward()
            rule.step()
    with torch.no_grad():
        return float(loss(torch.from_numpy(unseen)).exp())


def main(sentences=None, words=500, dim=32, rows=6000, epochs=4, lr=0.05, engine="auto", peer=True):
    """Train on most pieces; print and return perplexities of the others."""
    given = list(tokenize(builtin_corpus_lines()) if sentences is None else sentences)
    train, test = tw.examples.Arrays({"words": pieces(given, words, rows)}).split(0.1, seed=1)
    seen, unseen = train.columns["words"], test.columns["words"]
    print(f"{train.units:,} pieces of {LENGTH + 1} words, {test.units:,} unseen")
    rng = np.random.default_rng(0)
    small = GRU(words, 4, rng)
    assert tw.check_grads(small, {"words": seen[:2]})
    if engine != "numpy":
        tw.check_compiled(small, train.example(), train.axes())

    found = {"two words": bigram_perplexity(seen, unseen, words)}
    print(f"by pairs of words   perplexity {found['two words']:.1f}")
    model, began = GRU(words, dim, rng), time.perf_counter()
    rule = tw.optim.AdaGrad(lr=lr)
    history = tw.fit(
        *(model, train, rule), epochs=epochs, engine=engine, heldout=test, progress=False
    )
    taken = time.perf_counter() - began
    found["tw.fit"] = float(np.exp(history.heldout_losses[-1] / LENGTH))
    print(f"GRU by tw.fit       perplexity {found['tw.fit']:.1f}   {taken:.1f} s")
    if peer:
        began = time.perf_counter()
        found["PyTorch"] = in_pytorch(seen, unseen, words, dim, epochs, lr=0.005)
        taken = time.perf_counter() - began
        print(f"GRU by PyTorch      perplexity {found['PyTorch']:.1f}   {taken:.1f} s")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=500, help="different ones (500)")
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--rows", type=int, default=6000, help="pieces of text (6000)")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--no-peer", action="store_false", dest="peer", help="without PyTorch")
    main(**vars(parser.parse_args()))
