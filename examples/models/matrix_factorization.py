"""Matrix factorization with biases: ratings of a known model, until the error is that of the noise.

    python examples/models/matrix_factorization.py                   (SciPy: pip install scipy)

A rating is mean + b_user + c_item + u · v and noise of a known size, so no model's error on ratings
that it has not seen can be less than the noise; each number that is learned of them adds a little
(for p numbers and N ratings about the factor sqrt(1 + p / N)). The peer is alternating least
squares, which solves for all users, then for all items, exactly.
"""

import argparse
import time

import numpy as np

import tinygrad_w2v as tw


class Factors(tw.Module):
    """score = mean + b_user + c_item + u · v; the loss is its squared error."""

    def __init__(self, users, items, dim, rng):
        self.users = tw.Parameter(rng.normal(size=(users, dim)).astype(np.float32) / dim)
        self.items = tw.Parameter(rng.normal(size=(items, dim)).astype(np.float32) / dim)
        self.of_user = tw.Parameter(np.zeros(users, np.float32))
        self.of_item = tw.Parameter(np.zeros(items, np.float32))
        self.mean = tw.Parameter(np.zeros((), np.float32))

    def score(self, user, item):
        score = self.mean + self.of_user[user] + self.of_item[item]
        return score + (self.users[user] * self.items[item]).sum(axis=-1)

    def loss(self, example):
        error = self.score(example["user"], example["item"]) - example["rating"]
        return (error**2).sum()


def ratings(users, items, dim, rows, noise, rng):
    """Return a table of ratings of a model that is made up."""
    u, v = rng.normal(size=(users, dim)), rng.normal(size=(items, dim)) / np.sqrt(dim)
    user, item = rng.integers(0, users, rows), rng.integers(0, items, rows)
    biases = 0.5 * rng.normal(size=users)[user] + 0.5 * rng.normal(size=items)[item]
    rating = 3 + biases + (u[user] * v[item]).sum(axis=1) + noise * rng.normal(size=rows)
    return {"user": user, "item": item, "rating": rating}


def alternating_least_squares(table, users, items, dim, rounds, penalty, rng):
    """Return factors (users, d) and (items, d), biases among them, that were solved for in turn."""
    from scipy.sparse import csr_array

    place = (table["user"], table["item"])
    rated = csr_array((np.ones(len(place[0])), place), (users, items))
    rating = csr_array((table["rating"], place), (users, items))
    # A column of ones in either is the other's bias.
    u, v = (rng.normal(size=(n, dim + 2)) / dim for n in (users, items))
    u[:, 0], v[:, 1] = 1, 1

    def solved(count, total, known, free, fixed):
        """The least squares solution for each row, `free` but for a column that is `fixed`."""
        columns = np.delete(np.arange(dim + 2), fixed)
        x = known[:, columns]
        squares = count @ (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        squares = squares.reshape(-1, dim + 1, dim + 1) + penalty * np.eye(dim + 1)
        right = total @ x - (count @ (known[:, fixed, None] * x))
        free[:, columns] = np.linalg.solve(squares, right[:, :, None])[:, :, 0]

    for _ in range(rounds):
        solved(rated, rating, v, u, fixed=0)
        solved(rated.T.tocsr(), rating.T.tocsr(), u, v, fixed=1)
    return u, v


def main(users=3000, items=2000, dim=8, rows=400_000, noise=0.5, epochs=25, engine="auto"):
    """Fit both; print their errors on ratings that were held out, and return them."""
    rng = np.random.default_rng(0)
    table = ratings(users, items, dim, rows, noise, rng)
    train, test = tw.examples.Arrays(table).split(0.1, seed=1)
    unseen = test.columns

    small = Factors(users, items, dim, rng)
    batch, _ = next(train.batches(0))
    print(tw.check_grads(small, {name: column[:4] for name, column in batch.items()}))
    if engine != "numpy":
        tw.check_compiled(small, train.example(), train.axes())

    model, found = Factors(users, items, dim, rng), {"noise": noise}
    began = time.perf_counter()
    tw.fit(model, train, lr=0.05, min_lr=0.001, epochs=epochs, engine=engine, progress=False)
    seconds = {"tw.fit": time.perf_counter() - began}
    score = model.score(unseen["user"], unseen["item"]).data
    found["tw.fit"] = float(np.sqrt(np.mean((score - unseen["rating"]) ** 2)))

    began = time.perf_counter()
    u, v = alternating_least_squares(train.columns, users, items, dim, 10, penalty=0.5, rng=rng)
    seconds["least squares"] = time.perf_counter() - began
    score = (u[unseen["user"]] * v[unseen["item"]]).sum(axis=1)
    found["least squares"] = float(np.sqrt(np.mean((score - unseen["rating"]) ** 2)))

    numbers = sum(parameter.size for parameter in model.parameters())
    print(f"{rows:,} ratings, {users:,} users, {items:,} items, noise {noise}")
    print(f"with what {numbers:,} numbers add: {noise * np.sqrt(1 + numbers / train.units):.3f}")
    for name, taken in seconds.items():
        print(f"{name:15} error on unseen ratings {found[name]:.3f}   {taken:.1f} s")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=3000)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--dim", type=int, default=8, help="numbers in a vector (8)")
    parser.add_argument("--rows", type=int, default=400_000, help="ratings (400,000)")
    parser.add_argument("--noise", type=float, default=0.5, help="standard deviation (0.5)")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--engine", choices=["auto", "numpy", "compiled"], default="auto")
    main(**vars(parser.parse_args()))
