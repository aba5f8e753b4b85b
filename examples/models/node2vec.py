"""DeepWalk and node2vec on the dependencies of Debian's packages, against gensim on stored walks.

    python examples/models/node2vec.py                   (on Debian, after apt-get update)
    python examples/models/node2vec.py --p 0.5 --q 2 --dim 128

Packages are nodes, and what one depends on are its neighbours. A tenth of the edges is taken out;
vectors of the nodes then have to tell these edges from pairs of packages without one, by their
cosines. The number is the share of such comparisons that come out right (AUC). For the peer the
walks of an epoch are stored, as it needs them; `tw.examples.Walks` draws them as it goes.
"""

import argparse
import subprocess
import time
from pathlib import Path

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


class SkipGram(tw.Module):
    """Nodes near each other on a walk have products above 0, and drawn ones below."""

    def __init__(self, nodes, dim, rng):
        self.w_in = tw.Parameter((rng.random((nodes, dim), np.float32) - 0.5) / dim)
        self.w_out = tw.Parameter(np.zeros((nodes, dim), np.float32))

    def loss(self, window):
        near, told = self.w_in[window.contexts], self.w_out[window.targets]
        scores = near @ np.swapaxes(told, -1, -2)  # (..., C, 1 + K)
        return F.softplus((1 - 2 * window.labels[..., None, :]) * scores).sum()


def packages(least=2):
    """Return the edges between packages with `least` or more neighbours, and their names."""
    try:
        told = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit("there is no list of packages: on Debian, apt-get update") from None
    needs = {}
    for block in told.stdout.decode("utf-8", "replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[:60])
        if "Package" in fields:
            listed = f"{fields.get('Depends', '')}, {fields.get('Pre-Depends', '')}"
            first = (each.split("|")[0].split("(")[0] for each in listed.split(","))
            needs[fields["Package"]] = {name.strip().partition(":")[0] for name in first}
    names = {name: number for number, name in enumerate(sorted(needs))}
    pairs = ((names[a], names[b]) for a in needs for b in needs[a] if b in names and a != b)
    edges = np.unique(np.sort(np.array(list(pairs) or np.empty((0, 2), int)), axis=1), axis=0)
    while len(edges):
        degree = np.bincount(edges.ravel(), minlength=len(names))
        kept = (degree[edges] >= least).all(axis=1)
        if kept.all():
            break
        edges = edges[kept]
    if not len(edges):
        raise SystemExit("there is no list of packages: on Debian, apt-get update")
    ids = np.unique(edges)
    listed = sorted(names)
    return np.searchsorted(ids, edges), [listed[n] for n in ids]


def divided(edges, share, rng):
    """Return edges to learn from, edges that are taken out, and pairs that are no edges.

    Each node keeps an edge. Pairs have one end of an edge that was taken out, and another node in
    proportion to its edges, so that it is not enough to know how many a node has.
    """
    edges = edges[rng.permutation(len(edges))]
    needed, seen = np.zeros(len(edges), bool), set()
    for at, (a, b) in enumerate(edges.tolist()):
        needed[at] = a not in seen or b not in seen
        seen |= {a, b}
    free = np.flatnonzero(~needed)[: round(share * len(edges))]
    there = {tuple(pair) for pair in edges.tolist()}
    pairs = []
    while len(pairs) < len(free):
        a, b = edges[free[len(pairs)], rng.integers(2)], rng.choice(edges[rng.integers(len(edges))])
        if a != b and (a, b) not in there and (b, a) not in there:
            pairs.append((a, b))
    return np.delete(edges, free, axis=0), edges[free], np.array(pairs)


def auc(vectors, edges, pairs):
    """Share of (edge, pair) whose cosines are in the right order."""
    v = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    true, false = ((v[both[:, 0]] * v[both[:, 1]]).sum(axis=1) for both in (edges, pairs))
    return float(np.searchsorted(np.sort(false), true).mean() / len(false))


def memory(peak=False):
    """The memory of this process in MB, or the most that it had since it was last asked."""
    about = Path("/proc/self")
    if not about.exists():
        return float("nan")
    if not peak:
        (about / "clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    field = "VmHWM:" if peak else "VmRSS:"
    lines = (about / "status").read_text(encoding="utf-8").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def by_gensim(walks, model_options, epochs, lr):
    """Train gensim's skip-gram on an epoch of walks; return vectors, and seconds for both parts."""
    from gensim.models import Word2Vec

    began = time.perf_counter()
    stored = [[str(n) for n in walks.nodes_of(number).tolist()] for number in range(walks.walks)]
    walked = time.perf_counter()
    options = {"alpha": lr, "min_alpha": lr / 100, "epochs": epochs, "min_count": 1, "sample": 0}
    made = Word2Vec(stored, sg=1, workers=1, seed=1, **options, **model_options)
    done = time.perf_counter()
    vectors = np.stack([made.wv[str(n)] for n in range(walks.graph.nodes)])
    return vectors, walked - began, done - walked


def main(
    edges=None,
    p=1.0,
    q=1.0,
    dim=64,
    window=5,
    length=40,
    per_node=5,
    epochs=2,
    lr=0.05,
    negative=5,
    least=2,
    engine="auto",
    peer=True,
):
    """Train without a tenth of the edges; print AUC, time and memory, and return the AUCs."""
    names = None
    if edges is None:
        edges, names = packages(least)
    rng = np.random.default_rng(0)
    kept, taken_out, pairs = divided(edges, 0.1, rng)
    nodes = int(edges.max()) + 1
    print(f"{nodes:,} nodes, {len(kept):,} edges to learn from, {len(taken_out):,} taken out")
    walks = tw.examples.Walks(
        (kept[:, 0], kept[:, 1]), window, length, per_node, p, q, negative=negative, nodes=nodes
    )
    small, (batch, _) = SkipGram(nodes, 4, rng), next(walks.batches(0))
    assert tw.check_grads(small, batch)
    if engine != "numpy":
        tw.check_compiled(small, walks.example(), walks.axes())

    model, before, began = SkipGram(nodes, dim, rng), memory(), time.perf_counter()
    tw.fit(model, walks, lr=lr, min_lr=lr / 100, epochs=epochs, engine=engine, progress=False)
    seconds = time.perf_counter() - began
    found = {"tw.fit": auc(model.w_in.data, taken_out, pairs)}
    more = memory(peak=True) - before
    print(f"tw.fit  AUC {found['tw.fit']:.3f}  {seconds:.1f} s, {more:.0f} MB more")
    if peer:
        before, options = memory(), {"vector_size": dim, "window": window, "negative": negative}
        vectors, walked, seconds = by_gensim(walks, options, epochs, lr)
        more, found["gensim"] = memory(peak=True) - before, auc(vectors, taken_out, pairs)
        print(f"gensim  AUC {found['gensim']:.3f}  {seconds:.1f} s, {more:.0f} MB more")
        print(f"        (and {walked:.1f} s to store the walks)")
    if names is not None:
        vectors = tw.WordVectors(names, model.w_in.data)
        for name in ("python3-numpy", "gimp", "texlive-base"):
            if name in vectors:
                near = ", ".join(other for other, _ in vectors.most_similar(name, topn=4))
                print(f"{name}: {near}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--p", type=float, default=1.0, help="small: walks stay near (1)")
    parser.add_argument("--q", type=float, default=1.0, help="small: walks go far (1)")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--length", type=int, default=40, help="nodes of a walk (40)")
    parser.add_argument("--per-node", type=int, default=5, help="walks from each node (5)")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--least", type=int, default=2, help="neighbours of a package (2)")
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--no-peer", action="store_false", dest="peer", help="without gensim")
    main(**vars(parser.parse_args()))
