"""The batches of an epoch are handed out by their numbers, each once, to whoever is free.

A batch's learning rate is that of the words handed out before it: a function of its number, whoever
runs it and however long that takes. Handing out can be stopped; once those that were handed out are
done, what is done are the first so many numbers, and a count says where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, NamedTuple

Asked = Callable[[], bool]


class Handed(NamedTuple):
    """A batch on its way.

    Attributes
    ----------
    number : int
        Which of its epoch, from 0.
    batch : Any
    words : int
        How many words it stands for.
    lr : float
        Its learning rate.
    """

    number: int
    batch: Any
    words: int
    lr: float


class Handing:
    """An iterator over batches that can be stopped and gone on with; one caller at a time.

    Parameters
    ----------
    batches
        Pairs of a batch and the words that it stands for.
    rate
        ``rate(words)`` is the learning rate after so many words of the run.
    done
        How many batches are passed over, as they are done.
    words
        How many words of the run are before the first one that is handed out.
    asked
        ``asked()`` tells whether to hand out no more.

    Attributes
    ----------
    over : bool
        Whether all were handed out.
    last : Handed or None
        The one to name when something goes wrong.

    Examples
    --------
    >>> handing = Handing([("a", 2), ("b", 3), ("c", 1)], lambda words: 1 - words / 10, done=1)
    >>> next(handing)
    Handed(number=1, batch='b', words=3, lr=1.0)
    >>> handing.stop()
    >>> list(handing)
    []
    >>> handing.go_on()
    >>> list(handing), handing.over
    ([Handed(number=2, batch='c', words=1, lr=0.7)], True)
    """

    def __init__(
        self,
        batches: Iterable[tuple[Any, int]],
        rate: Callable[[float], float],
        done: int = 0,
        words: float = 0,
        asked: Asked = lambda: False,
    ) -> None:
        self._batches = enumerate(batches)
        self._rate, self._done, self._words, self._asked = rate, done, words, asked
        self._stopped = self.over = False
        self.last: Handed | None = None

    def __iter__(self) -> Iterator[Handed]:
        return self

    def __next__(self) -> Handed:
        while not (self._stopped or self.over or self._asked()):
            number, (batch, words) = next(self._batches, (0, (None, -1)))
            if words < 0:
                self.over = True
            elif number >= self._done:
                self.last = Handed(number, batch, words, self._rate(self._words))
                self._words += words
                return self.last
        raise StopIteration

    def stop(self) -> None:
        """Hand out no more."""
        self._stopped = True

    def go_on(self) -> None:
        """Hand out again."""
        self._stopped = False


Step = Callable[[Any, float], float]
Done = Generator[tuple[Handed, float], None, None]
Stream = Callable[[Handing], Done]


def one_by_one(step: Step) -> Stream:
    """Return what runs batches in order, one when the one before is done.

    Examples
    --------
    >>> stream = one_by_one(lambda batch, lr: lr * batch)
    >>> [(each.number, loss) for each, loss in stream(Handing([(3, 1), (4, 1)], lambda w: 2.0))]
    [(0, 6.0), (1, 8.0)]
    """

    def stream(handing: Handing) -> Done:
        for each in handing:
            yield each, step(each.batch, each.lr)

    return stream
