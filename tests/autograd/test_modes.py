"""`no_grad` and `debug` belong to the task or thread that entered them, however blocks end."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.autograd import modes as modes_file
from tinygrad_w2v.autograd.modes import enable_grad, modes


def _records() -> bool:
    return (tw.Variable(1.0) * 2).creator is not None


def _watches() -> bool:
    return getattr((tw.Variable(1.0) * 2).creator, "site", None) is not None


BLOCKS = [(tw.no_grad, lambda: not _records()), (tw.debug, _watches)]


@pytest.mark.parametrize(("block", "holds"), BLOCKS, ids=["no_grad", "debug"])
def test_tasks_that_interleave(block: Any, holds: Any) -> None:
    seen: list[tuple[str, bool]] = []

    async def inside(name: str, first: asyncio.Event, then: asyncio.Event) -> None:
        with block():
            seen.append((name, holds()))
            first.set()
            await then.wait()
            seen.append((name, holds()))
        seen.append((name, not holds()))

    async def outside(begun: asyncio.Event, end: asyncio.Event) -> None:
        await begun.wait()
        seen.append(("outside", not holds()))
        end.set()

    async def main() -> None:
        a, b, end = asyncio.Event(), asyncio.Event(), asyncio.Event()
        # a enters, b enters, the third works, a leaves before b does.
        await asyncio.gather(inside("a", a, b), inside("b", b, end), outside(b, end))
        seen.append(("main", not holds()))

    asyncio.run(main())
    assert len(seen) == 8 and all(right for _, right in seen), seen
    assert not holds()


def test_a_task_that_is_started_inside_starts_there() -> None:
    async def child(parent_left: asyncio.Event | None = None) -> bool:
        if parent_left is not None:
            await parent_left.wait()
        return _records()

    async def main() -> None:
        left = asyncio.Event()
        with tw.no_grad():
            task = asyncio.create_task(child(left))
            assert not await asyncio.create_task(child())
            assert not await asyncio.to_thread(_records)
        left.set()
        assert not await task  # it keeps what it was started with
        assert await asyncio.create_task(child())

    asyncio.run(main())


def test_a_thread_starts_in_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def work() -> None:
        seen.append(_records())
        with tw.no_grad():
            seen.append(not _records())
        seen.append(_records())

    with tw.no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()
        # Where threads inherit the context, as in free-threaded Python, too.
        monkeypatch.setattr(modes_file, "_THREADS_INHERIT", True)
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(work,))
        thread.start()
        thread.join()
        assert not _records()
    assert seen == [True] * 9
    assert _records()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)])
def test_generators_that_are_closed_in_any_order(order: tuple[int, ...]) -> None:
    def inside(block: Any) -> Iterator[bool]:
        with block:
            yield _records()

    generators = [inside(tw.no_grad()), inside(enable_grad()), inside(tw.no_grad())]
    assert [next(g) for g in generators] == [False, True, False]
    for k in order:
        generators[k].close()
    assert modes.recording and not modes.debugging
    assert _records()


def test_what_is_left_open_still_holds() -> None:
    def inside(block: Any) -> Iterator[None]:
        with block:
            yield

    first, second = inside(tw.no_grad()), inside(tw.debug())
    next(first)
    next(second)
    first.close()
    assert _records() and _watches()
    second.close()
    assert not _watches()


def test_one_block_that_many_enter() -> None:
    block = tw.no_grad()

    def work() -> list[bool]:
        seen = []
        for _ in range(50):
            with block:
                seen.append(not _records())
                with block:
                    seen.append(not _records())
                seen.append(not _records())
            seen.append(_records())
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert all(all(future.result()) for future in [pool.submit(work) for _ in range(8)])
    assert all(work())


def test_a_generator_that_is_closed_elsewhere_leaves_nothing_behind() -> None:
    def inside() -> Iterator[None]:
        with tw.no_grad():
            yield

    generator = inside()
    next(generator)
    thread = threading.Thread(target=generator.close)
    thread.start()
    thread.join()
    assert _records()
    assert modes_file.unusual() is None  # and the ops are as quick as before

    async def of_async() -> Any:
        with tw.no_grad():
            yield 1

    async def main() -> None:
        agen = of_async()
        await anext(agen)
        del agen
        gc.collect()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert _records()


def test_transforms_in_other_tasks_are_not_mixed_up() -> None:
    async def outer(ready: asyncio.Event, go: asyncio.Event) -> float:
        with tw.no_grad():
            ready.set()
            await go.wait()
            return float(tw.grad(lambda x: x**3)(2.0))

    async def main() -> None:
        ready, go = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(outer(ready, go))
        await ready.wait()
        x = tw.Variable(2.0)
        y = x**2
        go.set()
        assert await task == 12.0
        y.backward()
        assert float(x.grad) == 4.0

    asyncio.run(main())


def test_modes_within_modes() -> None:
    with tw.debug():
        assert _watches()
        with tw.no_grad():
            assert not _records() and modes.debugging
            with enable_grad():
                assert _records() and _watches()
            assert not _records()
        assert _watches()
        with pytest.raises(ZeroDivisionError), tw.no_grad():
            raise ZeroDivisionError
        assert _records()
    assert not _watches()
