"""Rows that a thread has to itself: how their changes, and those of others, reach each other.

A thread works on copies of some rows of a table, and remembers what they were. Now and then it adds
what it changed to the table, and takes over what others added in the meantime.
"""

from __future__ import annotations

from numba.extending import register_jitable


@register_jitable
def fetch(rows, copies, before):  # type: ignore[no-untyped-def]  # Numba types it by what it is given
    """Copy rows ``(n, dim)`` twice: to work on, and to compare with."""
    for i in range(rows.shape[0]):
        for d in range(rows.shape[1]):
            value = rows[i, d]
            copies[i, d] = value
            before[i, d] = value


@register_jitable(fastmath={"contract", "reassoc", "nsz"})
def exchange(rows, copies, before):  # type: ignore[no-untyped-def]
    """Add what changed in the copies to the rows, and copy them anew.

    Threads that change a row from the same place do not see each other: where all of them have
    found what the row is drawn to, the sum of their changes overshoots, and the next one overshoots
    the other way. So of this thread's change and that of all others, x the smaller, y the larger,
    c the cosine between them, the smaller counts less the more it agrees::

        row = before + y + (1 - c^4) x     if x.y > 0

    which is one of two equal changes, and all but the sum where chance is most of them. (The mean
    of what two changes have in common, as in Maleki et al. 2020, "Scaling distributed training with
    adaptive summation", holds back rows that wander.)
    """
    for i in range(rows.shape[0]):
        both = own = others = rows.dtype.type(0)
        for d in range(rows.shape[1]):
            mine = copies[i, d] - before[i, d]
            theirs = rows[i, d] - before[i, d]
            both += mine * theirs
            own += mine * mine
            others += theirs * theirs
        of_mine = of_theirs = rows.dtype.type(1)
        if both > 0 and own > 0 and others > 0:
            square = both / max(own, others) * (both / min(own, others))
            share = max(of_mine - square * square, rows.dtype.type(0))
            if own < others:
                of_mine = share
            else:
                of_theirs = share
        for d in range(rows.shape[1]):
            old = before[i, d]
            value = old + of_mine * (copies[i, d] - old) + of_theirs * (rows[i, d] - old)
            rows[i, d] = value
            copies[i, d] = value
            before[i, d] = value
