"""Rows that several shards changed from the same place become one row: how far it goes.

A shard works on copies of the rows that it reads. Of n shards that have read a row, let d_p be what
shard p changed of it. The row moves by w * sum_p d_p, and w is between two cases:

- Shards that went different ways have learned different things, and their changes add up, as they
  would have one after the other: w = 1.
- Of what all have in common, the later ones would have found a part done. If each of x / lr reads
  takes away a share lr of the way that is left, n shards one after the other go the share

      f = (1 - exp(-x)) / (n * (1 - exp(-x / n)))

  of what n go from the same place: all of it for a row that is seldom read, and the mean, f = 1/n,
  for one that is read so often that each shard has gone the whole way.

How much is common is seen in the changes. If they are m + e_p, with e_p at right angles to all
else, then with r = sum_p |d_p|^2 / |sum_p d_p|^2 the share c = (1 - r) * n / (n - 1) of the sum's
square is that of m, which counts f, and w = sqrt(1 - c * (1 - f^2)). A row that one shard alone has
read is taken as it left it.

Of more than four shards the rest is held back, too, as far as it is noise. A read is in one of the
d directions of a row, so of what is at right angles to m the later steps take back a share lr / d a
read. These parts add up by their squares, which leaves g^2 = f(2 x / d) of them in place of 1, and
w = sqrt(c * f^2 + (1 - c) * g^2). Rows that are read all the time would have the noise of all
shards at once otherwise; for most rows g is 1.

All of it is of a row and in the order of the shards: who merges which rows, or ran which shard,
makes no difference to a byte. Only sums, products, quotients and roots are taken, which are the
same on every machine; so for f stands (1 + y/n) / (1 + y) with y = x/2 + x^2/8, within 0.035 of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.intrinsics import prefetch

AHEAD = 6  # rows that are on their way while one is worked on


# What follows is not typed, as Numba types it by what it is given.
def renumber(ids, lengths, slots, rows, reads, known, numbers):
    """Number rows as they are met, and write these numbers for their ids.

    Parameters
    ----------
    ids, lengths
        Ids ``(examples, longest)``, and how many of each example count.
    slots
        For each row of the table its number, or -1.
    rows, reads, known
        The row of each number, how often it was read, and how many there are.
    numbers
        Like `ids`; is written.

    Returns
    -------
    known : int
        How many there are now.
    """
    for example in range(len(lengths)):
        for k in range(lengths[example]):
            row = ids[example, k]
            slot = slots[row]
            if slot < 0:
                slot = known
                slots[row] = slot
                rows[slot] = row
                reads[slot] = 0
                known += 1
            numbers[example, k] = slot
            reads[slot] += 1
    return known


def copy(table, rows, copies):
    """Copy rows of a table."""
    for slot in range(len(rows)):
        if slot + AHEAD < len(rows):
            prefetch(table, rows[slot + AHEAD])
        source, target = table[rows[slot]], copies[slot]
        for d in range(len(target)):
            target[d] = source[d]


def copy_parts(source, slots, target, places, parts, width):
    """Copy some rows of an array into rows of another one, each with its own padding.

    Parameters
    ----------
    source, target
        ``(rows, parts * (width + padding))``; `target` is changed.
    slots, places
        Which rows, and where they go.
    parts, width
        How many parts a row has, and how many numbers of each count.
    """
    here, there = source.shape[1] // parts, target.shape[1] // parts
    for k in range(len(slots)):
        if k + AHEAD < len(slots):
            prefetch(source, slots[k + AHEAD])
        row, place = source[slots[k]], target[places[k]]
        for part in range(parts):
            for x in range(width):
                place[part * there + x] = row[part * here + x]


def note(places, rows, shard):
    """Note where the copies of a shard are: ``places[row, shard]``."""
    for slot in range(len(rows)):
        places[rows[slot], shard] = slot


def forget(places, rows):
    """Take back what `note` has written for these rows."""
    for slot in range(len(rows)):
        for shard in range(places.shape[1]):
            places[rows[slot], shard] = -1


def squares(table, row, parts, width, a, i, b, j, c, k, d, n):
    """Return ``sum_p |d_p|^2`` and ``|sum_p d_p|^2`` of a row, added up in any order."""
    alone = together = none = table.dtype.type(0)
    in_a, in_b, in_c, in_d = i >= 0, j >= 0, k >= 0, n >= 0
    i, j, k, n = max(i, 0), max(j, 0), max(k, 0), max(n, 0)
    for begin in range(0, table.shape[1], table.shape[1] // parts):
        for x in range(begin, begin + width):
            old = table[row, x]
            e, f = a[i, x] - old if in_a else none, b[j, x] - old if in_b else none
            g, h = c[k, x] - old if in_c else none, d[n, x] - old if in_d else none
            total = (e + f) + (g + h)
            alone += (e * e + f * f) + (g * g + h * h)
            together += total * total
    return float(alone), float(together)


def share_of(alone, together, sharers, x):
    """Return w of the formula above.

    Parameters
    ----------
    alone, together
        ``sum_p |d_p|^2`` and ``|sum_p d_p|^2``.
    sharers
        n, two or more.
    x
        The learning rate times all reads of the row.
    """
    y = x / 2 + x * x / 8
    f = (1 + y / sharers) / (1 + y)
    common = min((1 - alone / together) * sharers / (sharers - 1), 1.0)
    return np.sqrt(1 - common * (1 - f * f)) if common > 0 else 1.0


def share_of_many(alone, together, sharers, x, numbers):
    """Return w for more than four shards; `numbers` is d, the others are as in `share_of`."""
    y, z = x / 2 + x * x / 8, x / numbers + x * x / (2 * numbers * numbers)
    f, squared = (1 + y / sharers) / (1 + y), (1 + z / sharers) / (1 + z)
    common = min(max((1 - alone / together) * sharers / (sharers - 1), 0.0), 1.0)
    return np.sqrt(common * f * f + (1 - common) * squared)


def merge(table, parts, width, places, rows, reads, copies, lr, worker, workers):
    """Bring what the shards made of their copies into the table; this worker's part only.

    A row is merged by whoever has its place among the rows of the first shard that has it.

    Parameters
    ----------
    table
        ``(rows, parts * (width + padding))``; is changed.
    parts, width
        How many numbers of a row count: padding, summed with them, would change their order.
    places
        Of `note`, for all shards.
    rows, reads, copies
        Tuples of arrays, one a shard: the rows, how often each was read, and what became of it.
    lr
        The learning rate.
    worker, workers
        Which part of how many.
    """
    # Written out for four shards: looking things up in a tuple, by number, takes twice as long.
    (a, b, c, d), (in_a, in_b, in_c, in_d) = copies, reads
    none = table.dtype.type(0)
    for shard in range(4):
        own = rows[shard]
        end = len(own) * (worker + 1) // workers
        for slot in range(len(own) * worker // workers, end):
            if slot + AHEAD < end:
                row = own[slot + AHEAD]
                i, j, k, n = places[row, 0], places[row, 1], places[row, 2], places[row, 3]
                if not ((shard > 0 and i >= 0) or (shard > 1 and j >= 0) or (shard > 2 and k >= 0)):
                    prefetch(table, row)
                    if i >= 0:
                        prefetch(a, i)
                    if j >= 0:
                        prefetch(b, j)
                    if k >= 0:
                        prefetch(c, k)
                    if n >= 0:
                        prefetch(d, n)
            row = own[slot]
            i, j, k, n = places[row, 0], places[row, 1], places[row, 2], places[row, 3]
            if (shard > 0 and i >= 0) or (shard > 1 and j >= 0) or (shard > 2 and k >= 0):
                continue
            sharers = read = 0
            if i >= 0:
                sharers, read = sharers + 1, read + in_a[i]
            if j >= 0:
                sharers, read = sharers + 1, read + in_b[j]
            if k >= 0:
                sharers, read = sharers + 1, read + in_c[k]
            if n >= 0:
                sharers, read = sharers + 1, read + in_d[n]
            if sharers == 1:
                copied = copies[shard]
                for x in range(table.shape[1]):
                    table[row, x] = copied[slot, x]
                continue
            alone, together = squares(table, row, parts, width, a, i, b, j, c, k, d, n)
            if alone == 0:
                continue
            share = table.dtype.type(share_of(alone, together, sharers, lr * read))
            has_a, has_b, has_c, has_d = i >= 0, j >= 0, k >= 0, n >= 0
            i, j, k, n = max(i, 0), max(j, 0), max(k, 0), max(n, 0)
            for x in range(table.shape[1]):
                old = table[row, x]
                e, f = a[i, x] - old if has_a else none, b[j, x] - old if has_b else none
                g, h = c[k, x] - old if has_c else none, d[n, x] - old if has_d else none
                table[row, x] = old + share * ((e + f) + (g + h))


# For more shards than four: what they changed is added up, one shard after the other.
def find_shared(rows, reads, numbers, union, sharers, read, known):
    """Number the rows of a shard that no shard before it has, and count who has read each.

    Parameters
    ----------
    rows, reads
        Of the shard.
    numbers
        For each row of the table its number, or -1; is written.
    union, sharers, read
        The row of each number, how many shards have it, and all their reads; are written.
    known
        How many numbers there are.

    Returns
    -------
    known : int
        How many there are now.
    """
    for slot in range(len(rows)):
        row = rows[slot]
        number = numbers[row]
        if number < 0:
            number = known
            numbers[row], union[number] = number, row
            sharers[number] = read[number] = 0
            known += 1
        sharers[number] += 1
        read[number] += reads[slot]
    return known


def difference(table, row, parts, width, copies, slot, sums, number):
    """Add what a shard changed of a row to `sums`, and return the square of its length."""
    alone = table.dtype.type(0)
    for begin in range(0, table.shape[1], table.shape[1] // parts):
        for x in range(begin, begin + width):
            change = copies[slot, x] - table[row, x]
            sums[number, x] += change
            alone += change * change
    return float(alone)


def square(sums, number, parts, width):
    """Return ``|sum_p d_p|^2`` of a row."""
    together = sums.dtype.type(0)
    for begin in range(0, sums.shape[1], sums.shape[1] // parts):
        for x in range(begin, begin + width):
            together += sums[number, x] * sums[number, x]
    return float(together)


def add_changes(table, parts, width, numbers, sharers, rows, copies, first, last, sums, alone):
    """Add what a shard changed of the rows with the numbers ``first <= number < last``.

    A row that no other shard has read is taken as it left it.
    """
    for slot in range(len(rows)):
        row = rows[slot]
        number = numbers[row]
        if number < first or number >= last:
            continue
        if sharers[number] == 1:
            for x in range(table.shape[1]):
                table[row, x] = copies[slot, x]
        else:
            alone[number] += difference(table, row, parts, width, copies, slot, sums, number)


def move(table, parts, width, union, sharers, read, sums, alone, lr, first, last):
    """Move the rows of these numbers that several shards have, once all changes are added."""
    for number in range(first, last):
        if sharers[number] < 2 or alone[number] == 0:
            continue
        row = union[number]
        together = square(sums, number, parts, width)
        far = lr * read[number]
        share = share_of_many(alone[number], together, sharers[number], far, parts * width)
        share = table.dtype.type(share)
        for x in range(table.shape[1]):
            table[row, x] += share * sums[number, x]


@cache
def native() -> dict[str, Any]:
    """Return these functions compiled."""
    functions: list[Any] = [renumber, copy, copy_parts, note, forget, merge]
    functions += [find_shared, add_changes, move]
    sums: list[Any] = [squares, difference, square]
    return kernel_cache.jitted(functions, [share_of, share_of_many], sums=sums)
