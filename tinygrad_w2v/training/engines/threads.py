"""Threads that take the next batch when they are done with one, so that nobody waits for another.

The thread that looks at what was done sleeps in between; should it fall behind, the others wait.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

from tinygrad_w2v.training.handing import Done, Handed, Handing

AHEAD = 4  # batches of each thread that are begun, or done and not yet yielded


def by_threads(
    pool: ThreadPoolExecutor,
    workers: int,
    handing: Handing,
    run: Callable[[int, Any, float], float],
) -> Done:
    """Run batches as they are handed out; yield each with its loss when it is done.

    What one thread raises stops the handing out, and is raised here when the others are done.

    Parameters
    ----------
    pool
        Has that many threads, which are free.
    workers
        How many threads run batches.
    handing
        Is asked by one thread at a time.
    run
        ``run(thread, batch, lr)`` returns the loss; threads are numbered from 0.

    Examples
    --------
    >>> with ThreadPoolExecutor(2) as pool:
    ...     handing = Handing([(number, 1) for number in range(9)], lambda words: 0.5)
    ...     done = list(by_threads(pool, 2, handing, lambda thread, batch, lr: lr * batch))
    >>> sorted(loss for _, loss in done)
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    results: SimpleQueue[tuple[Handed, float] | None] = SimpleQueue()
    room, taking = threading.Semaphore(AHEAD * workers), threading.Lock()
    failed: list[tuple[Handed | None, BaseException]] = []

    def work(thread: int) -> None:
        each = None
        try:
            while True:
                room.acquire()
                with taking:
                    each = next(handing, None)
                if each is None:
                    break
                results.put((each, run(thread, each.batch, each.lr)))
        except BaseException as error:  # Ctrl-C and the like, too
            handing.stop()
            failed.append((each, error))
        finally:
            results.put(None)

    threads = [pool.submit(work, thread) for thread in range(workers)]
    try:
        ends = (iter(results.get, None) for _ in range(workers))
        for result in itertools.chain.from_iterable(ends):
            room.release()
            yield result
    finally:
        handing.stop()
        room.release(AHEAD * workers)  # nobody looks any more, and nobody is to wait for that
        wait(threads)
    if failed:
        handing.last, error = failed[0]
        raise error
