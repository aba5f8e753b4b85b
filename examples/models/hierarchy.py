"""A tree in the Poincaré ball, and as Gaussian distributions that hold each other.

    python examples/models/hierarchy.py                  (for the peer: pip install gensim)

Of a tree every (node, ancestor) is an example. In the ball of hyperbolic space a node is to be
nearer to its ancestors than to others (Nickel, Kiela 2017); the number is the mean average
precision of its ancestors among all nodes, gensim's PoincareModel beside it. As Gaussians a
node's distribution is to lie within its ancestors' (Vilnis, McCallum 2015): the divergence to
them is small, and not the other way; the number is how often it says which of two is the
ancestor, which no distance can.
"""

import argparse
import time

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


class Poincare(tw.Module):
    """-log softmax of -d(u, v); d = arcosh(1 + 2 |u - v|² / ((1 - |u|²)(1 - |v|²)))."""

    def __init__(self, nodes, dim, rng):
        self.w = tw.Parameter(0.01 * rng.normal(size=(nodes, dim)))

    def points(self, ids):
        """Points of the ball: all of space, pulled in by tanh of the length."""
        x = self.w[ids]
        length = np.sqrt((x**2).sum(axis=-1, keepdims=True) + 1e-12)
        return x * (np.tanh(length) / length)

    def distances(self, ids, others):
        u, v = self.points(ids)[..., None, :], self.points(others)
        rest = (1 - (u**2).sum(axis=-1) + 1e-6) * (1 - (v**2).sum(axis=-1) + 1e-6)
        return np.arccosh(1 + 1e-9 + 2 * ((u - v) ** 2).sum(axis=-1) / rest)

    def loss(self, pair):
        others = np.concatenate([pair["ancestor"][..., None], pair["others"]], axis=-1)
        far = self.distances(pair["node"], others)
        return (F.logsumexp(-far, axis=-1) + far[..., 0]).sum()


class Gaussian(tw.Module):
    """max(0, 1 + KL(node || ancestor) - KL(node || other)), of diagonal covariances e^s."""

    def __init__(self, nodes, dim, rng):
        self.mean = tw.Parameter(0.1 * rng.normal(size=(nodes, dim)))
        self.log_variance = tw.Parameter(np.zeros((nodes, dim)))

    def divergence(self, ids, others):
        m, s = self.mean[ids][..., None, :], self.log_variance[ids][..., None, :]
        n, t = self.mean[others], self.log_variance[others]
        return 0.5 * (np.exp(s - t) + (n - m) ** 2 * np.exp(-t) - 1 + t - s).sum(axis=-1)

    def loss(self, pair):
        others = np.concatenate([pair["ancestor"][..., None], pair["others"]], axis=-1)
        apart = self.divergence(pair["node"], others)
        return np.maximum(1 + apart[..., :1] - apart[..., 1:], 0).sum()


def tree(branches, depth):
    """Return all (node, ancestor) of a tree whose nodes are numbered from the root on."""
    nodes = sum(branches**level for level in range(depth + 1))
    pairs = []
    for node in range(1, nodes):
        above = node
        while above:
            above = (above - 1) // branches
            pairs.append((node, above))
    return np.array(pairs)


def average_precision(far, pairs):
    """Average precision of a node's ancestors, the mean over nodes, by ``far (nodes, nodes)``."""
    found = []
    for node in np.unique(pairs[:, 0]):
        order = np.argsort(far[node])
        places = np.flatnonzero(np.isin(order[order != node], pairs[pairs[:, 0] == node, 1]))
        found.append((np.arange(1, len(places) + 1) / (places + 1)).mean())
    return float(np.mean(found))


def by_gensim(pairs, dim, negative, epochs):
    """Train gensim's PoincareModel; return distances of all nodes."""
    from gensim.models.poincare import PoincareModel

    names = [(str(node), str(above)) for node, above in pairs.tolist()]
    made = PoincareModel(names, size=dim, negative=negative, seed=1)
    made.train(epochs=epochs)
    x = np.stack([made.kv[str(node)] for node in range(pairs.max() + 1)])
    rest = 1 - (x**2).sum(axis=1)
    apart = ((x[:, None] - x) ** 2).sum(axis=2)
    return np.arccosh(1 + 2 * apart / (rest[:, None] * rest))


def main(branches=3, depth=5, dim=5, negative=10, epochs=50, lr=0.1, engine="auto", peer=True):
    """Train both models on a tree; print and return the numbers."""
    pairs, rng = tree(branches, depth), np.random.default_rng(0)
    nodes = int(pairs.max()) + 1
    source = tw.examples.Arrays(
        {"node": pairs[:, 0], "ancestor": pairs[:, 1]},
        negatives={"others": ("node", negative, np.ones(nodes))},
    )
    print(f"{nodes:,} nodes, {len(pairs):,} pairs of a node and an ancestor")
    models, found = (
        {"Poincaré": Poincare(nodes, dim, rng), "Gaussian": Gaussian(nodes, dim, rng)},
        {},
    )
    batch, _ = next(source.batches(0))
    for name, model in models.items():
        assert tw.check_grads(model, {field: ids[:4] for field, ids in batch.items()})
        if engine != "numpy":
            tw.check_compiled(model, source.example(), source.axes())
        began = time.perf_counter()
        rule = tw.optim.AdaGrad(lr=lr)
        tw.fit(model, source, rule, epochs=epochs, engine=engine, progress=False)
        taken = time.perf_counter() - began
        if name == "Poincaré":
            every = np.arange(nodes)
            far = np.stack([model.distances(node, every).data for node in every])
            found[name], what = average_precision(far, pairs), "mean average precision"
        else:
            up, down = (model.divergence(a, b[:, None]).data for a, b in (pairs.T, pairs.T[::-1]))
            found[name], what = float((up < down).mean()), "ancestors that are told"
        print(f"{name} by tw.fit   {what} {found[name]:.3f}   {taken:.1f} s")
    if peer:
        began = time.perf_counter()
        far = by_gensim(pairs, dim, negative, epochs)
        taken, found["gensim"] = time.perf_counter() - began, average_precision(far, pairs)
        print(f"Poincaré by gensim   mean average precision {found['gensim']:.3f}   {taken:.1f} s")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--branches", type=int, default=3)
    parser.add_argument("--depth", type=int, default=5)
    parser.add_argument("--dim", type=int, default=5)
    parser.add_argument("--negative", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--no-peer", action="store_false", dest="peer", help="without gensim")
    main(**vars(parser.parse_args()))
