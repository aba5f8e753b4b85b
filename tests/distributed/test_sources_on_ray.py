"""Any model on any examples has the bytes of one machine, and goes on with either engine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError

pytest.importorskip("numba")
from tinygrad_w2v.distributed import cluster as clusters
from tinygrad_w2v.distributed.engine import RayRun

FOLDER = Path(__file__).resolve().parents[1] / "training"
KINDS = ("documents", "walks", "own")
ONE: dict[str, Any] = {"engine": "compiled", "deterministic": True}


@pytest.mark.process
def test_any_examples_on_ray(cluster: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One test, as processes of a cluster take seconds to begin."""
    monkeypatch.syspath_prepend(FOLDER)
    import every_source
    import models_of_users

    many = {"engine": "ray", "ray_address": cluster.address}
    info_nce = models_of_users.MODELS["info_nce_in_a_batch"]
    made = {kind: every_source.KINDS[kind] for kind in KINDS} | {"pairs": tuple(info_nce)}
    for kind, (model, examples) in made.items():
        learned = []
        for engine in (ONE, many):
            trained = model()
            every_source.fit(trained, examples(), shards=3, **engine)
            learned.append(every_source.bytes_of(trained))
        assert learned[0] == learned[1], kind

    one, ray = (
        tw.FastText(every_source.text(), vector_size=4, min_count=1, bucket=50, seed=3, **engine)
        for engine in (ONE, many)
    )
    assert np.array_equal(one.wv.vectors, ray.wv.vectors)
    assert every_source.bytes_of(one.model) == every_source.bytes_of(ray.model)

    # A run that ends in the middle goes on with the engine that it was not begun with.
    whole = every_source.Ratings()
    every_source.fit(whole, every_source.table(), epochs=3, **ONE)
    for begun, goes_on in ((ONE, many), (many, ONE)):
        trained, place = every_source.Ratings(), tmp_path / begun["engine"]
        kept = {"checkpoint": place, "checkpoint_minutes": 0}
        with pytest.raises(every_source.Stop):
            stop = every_source.StopsAt(2)
            every_source.fit(
                trained, every_source.table(), epochs=3, callbacks=[stop], **kept, **begun
            )
        again = every_source.Ratings()
        every_source.fit(again, every_source.table(), epochs=3, resume=True, **kept, **goes_on)
        assert every_source.bytes_of(again) == every_source.bytes_of(whole)

    class ReadsFiles(every_source.Own):  # type: ignore[misc, name-defined]
        def digest(self) -> str:
            return str(os.getpid())  # as that of a file that is another one elsewhere

    with pytest.raises(InputError, match=r"the examples of ReadsFiles on the machine .* are not"):
        every_source.fit(every_source.Line(), ReadsFiles(), **many)

    # What a machine finds that comes later, with other versions than the driver.
    prepare, (versions, _) = RayRun.prepare, clusters.own_facts()

    def newer_here(self: RayRun) -> None:
        self._versions = versions | {"numpy": "9.9.9"}
        prepare(self)

    monkeypatch.setattr(RayRun, "prepare", newer_here)
    told = re.escape(f"has numpy {np.__version__}, and this one 9.9.9, so that bytes may differ")
    with pytest.raises(InputError, match=rf"the machine [0-9.]+ {told}"):
        every_source.fit(every_source.Ratings(), every_source.table(), **many)
