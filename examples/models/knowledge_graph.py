"""TransE, DistMult and RotatE on the relations of WordNet, against the same in PyTorch.

    python examples/models/knowledge_graph.py            (apt-get install wordnet-base)
    python examples/models/knowledge_graph.py --models rotate --dim 100 --epochs 30

A triple (head, relation, tail) is told from triples with another tail, and with another head, by a
softmax over their scores. What is measured is where the true entity of a triple that was not seen
stands among all entities: the mean of 1 / place, without the others that are true (filtered MRR).
"""

import argparse
import time
from pathlib import Path

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

# Of two relations that say the same from both ends, one; the last four are symmetric.
POINTERS = ["@", "@i", "#m", "#p", "#s", ";c", ";r", ";u", "+", "&", "$", "^"]


class Knowledge(tw.Module):
    """Rows of entities and relations; what tells models apart is their `score`."""

    widths = 1, 1  # of a row of entities and of relations, in multiples of the dimension

    def __init__(self, entities, relations, dim, rng):
        wide, narrow = self.widths
        self.entities = tw.Parameter(table(entities, wide * dim, rng))
        self.relations = tw.Parameter(table(relations, narrow * dim, rng))

    def loss(self, triple):
        head, tail = (self.entities[triple[end]][..., None, :] for end in ("head", "tail"))
        relation = self.relations[triple["relation"]][..., None, :]
        true = self.score(head, relation, tail)
        other_tails = self.score(head, relation, self.entities[triple["wrong_tail"]])
        other_heads = self.score(self.entities[triple["wrong_head"]], relation, tail)
        return told_apart(true, other_tails) + told_apart(true, other_heads)


def table(rows, width, rng):
    return rng.uniform(-0.5, 0.5, (rows, width)).astype(np.float32)


def told_apart(true, others):
    """-log softmax of the true one, summed."""
    scores = np.concatenate([true, others], axis=-1)
    return F.logsumexp(scores, axis=-1).sum() - true.sum()


class TransE(Knowledge):
    """-|h + r - t|, the sum of absolute values (Bordes et al. 2013)."""

    def score(self, head, relation, tail):
        return -np.abs(head + relation - tail).sum(axis=-1)


class DistMult(Knowledge):
    """Sum of h r t (Yang et al. 2015)."""

    def score(self, head, relation, tail):
        return (head * relation * tail).sum(axis=-1)


class RotatE(Knowledge):
    """-|h e^(i r) - t| of complex numbers (Sun et al. 2019): halves of a row are their parts."""

    widths = 2, 1

    def score(self, head, relation, tail):
        n = relation.shape[-1]
        cosine, sine = np.cos(relation), np.sin(relation)
        real = head[..., :n] * cosine - head[..., n:] * sine - tail[..., :n]
        imaginary = head[..., :n] * sine + head[..., n:] * cosine - tail[..., n:]
        return -np.sqrt(real**2 + imaginary**2 + 1e-9).sum(axis=-1)


MODELS = {"transe": TransE, "distmult": DistMult, "rotate": RotatE}


def wordnet(folder, least):
    """Return triples of ids, (N, 3), of synsets that are in `least` or more of them."""
    triples = set()
    for path in sorted(Path(folder).glob("data.*")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                continue  # the licence
            words = line.partition(" | ")[0].split()
            after = 4 + 2 * int(words[3], 16)
            own = words[0] + words[2].replace("s", "a")
            for n in range(int(words[after])):
                pointer, other, kind, _ = words[after + 1 + 4 * n : after + 5 + 4 * n]
                if pointer in POINTERS:
                    triples.add((own, POINTERS.index(pointer), other + kind))
    if not triples:
        raise SystemExit(f"{folder} holds no WordNet: apt-get install wordnet-base")
    names = {name: n for n, name in enumerate(sorted({t[i] for t in triples for i in (0, 2)}))}
    found = np.array(sorted((names[h], r, names[t]) for h, r, t in triples))
    while True:
        often = np.bincount(found[:, [0, 2]].ravel(), minlength=len(names)) >= least
        kept = often[found[:, 0]] & often[found[:, 2]]
        if kept.all():
            break
        found = found[kept]
    ids = np.unique(found[:, [0, 2]])
    found[:, [0, 2]] = np.searchsorted(ids, found[:, [0, 2]])
    return found


def filtered_mrr(score, test, every, entities):
    """Mean of 1 / place of the true tail, and of the true head, by score(head, relation, tail)."""
    tails, heads, places = {}, {}, []
    for h, r, t in every.tolist():
        tails.setdefault((h, r), []).append(t)
        heads.setdefault((r, t), []).append(h)
    everyone = np.arange(entities)
    for h, r, t in test.tolist():
        for scores, true, known in (
            (score(h, r, everyone), t, tails[h, r]),
            (score(everyone, r, t), h, heads[r, t]),
        ):
            above = scores > scores[true]
            places.append(1 + above.sum() - above[known].sum())
    return float(np.mean(1 / np.array(places)))


def in_pytorch(name, entities, relations, dim, train, negative, epochs, lr, seed=0):
    """Train the same model in batches of 256 with sparse gradients; return its tables."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    wide, narrow = MODELS[name].widths
    e = torch.nn.Embedding(entities, wide * dim, sparse=True)
    r = torch.nn.Embedding(relations, narrow * dim, sparse=True)
    for each in (e, r):
        torch.nn.init.uniform_(each.weight, -0.5, 0.5)

    def score(head, relation, tail):
        if name == "transe":
            return -(head + relation - tail).abs().sum(-1)
        if name == "distmult":
            return (head * relation * tail).sum(-1)
        (a, b), (x, y) = head.chunk(2, -1), tail.chunk(2, -1)
        c, s = relation.cos(), relation.sin()
        return -((a * c - b * s - x) ** 2 + (a * s + b * c - y) ** 2 + 1e-9).sqrt().sum(-1)

    rule = torch.optim.Adagrad([*e.parameters(), *r.parameters()], lr=lr, eps=1e-7)
    triples = torch.from_numpy(train)
    for _ in range(epochs):
        for rows in torch.randperm(len(triples)).split(256):
            ids = triples[rows]
            wrong = torch.randint(entities, (2, len(ids), negative))
            h, rel, t = e(ids[:, 0, None]), r(ids[:, 1, None]), e(ids[:, 2, None])
            true = score(h, rel, t)
            loss = 0
            for others in (score(h, rel, e(wrong[0])), score(e(wrong[1]), rel, t)):
                scores = torch.cat([true, others], -1)
                loss = loss + (torch.logsumexp(scores, -1) - true[:, 0]).sum()
            rule.zero_grad()
            loss.backward()
            rule.step()
    return e.weight.detach().numpy(), r.weight.detach().numpy()


def main(
    triples=None,
    folder="/usr/share/wordnet",
    models=tuple(MODELS),
    least=4,
    dim=50,
    negative=20,
    epochs=15,
    lr=0.1,
    tested=1000,
    engine="auto",
    peer=True,
):
    """Train each model; print filtered MRR and times, and return the MRRs."""
    triples = wordnet(folder, least) if triples is None else triples
    rng = np.random.default_rng(0)
    entities, relations = int(triples[:, [0, 2]].max()) + 1, int(triples[:, 1].max()) + 1
    order = rng.permutation(len(triples))
    test, train = triples[order[:tested]], triples[order[tested:]]
    print(f"{entities:,} entities, {relations} relations, {len(train):,} triples, {tested} unseen")
    source = tw.examples.Arrays(
        {"head": train[:, 0], "relation": train[:, 1], "tail": train[:, 2]},
        negatives={
            "wrong_tail": ("tail", negative, np.ones(entities)),
            "wrong_head": ("head", negative, np.ones(entities)),
        },
    )
    found = {}
    for name in models:
        small = MODELS[name](entities, relations, 4, rng)
        batch, _ = next(source.batches(0))
        assert tw.check_grads(small, {field: ids[:2] for field, ids in batch.items()})
        if engine != "numpy":
            tw.check_compiled(small, source.example(), source.axes())

        model = MODELS[name](entities, relations, dim, rng)
        rule = tw.optim.AdaGrad(lr=lr)
        began = time.perf_counter()
        tw.fit(model, source, rule, epochs=epochs, engine=engine, progress=False)
        taken = time.perf_counter() - began

        def score(e, r, of=model):
            return lambda head, relation, tail: of.score(e[head], r[relation], e[tail])

        own = score(model.entities.data, model.relations.data)
        found[name] = filtered_mrr(own, test, triples, entities)
        print(f"{name:9} tw.fit   MRR {found[name]:.3f}   {taken:6.1f} s")
        if peer:
            began = time.perf_counter()
            tables = in_pytorch(name, entities, relations, dim, train, negative, epochs, lr)
            taken = time.perf_counter() - began
            found[name, "PyTorch"] = filtered_mrr(score(*tables), test, triples, entities)
            print(f"{name:9} PyTorch  MRR {found[name, 'PyTorch']:.3f}   {taken:6.1f} s")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", default="/usr/share/wordnet", help="with data.noun ...")
    parser.add_argument("--models", nargs="+", choices=[*MODELS], default=[*MODELS])
    parser.add_argument("--least", type=int, default=4, help="triples of an entity (4)")
    parser.add_argument("--dim", type=int, default=50)
    parser.add_argument("--negative", type=int, default=20, help="drawn for each end (20)")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--tested", type=int, default=1000, help="triples held out (1000)")
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    parser.add_argument("--no-peer", action="store_false", dest="peer", help="without PyTorch")
    main(**vars(parser.parse_args()))
