"""The keywords of `Word2Vec` as its attributes, and the settings that they make up."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tinygrad_w2v._base.checks import real_number, require_number, switch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.rules import check_limit
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.word2vec.options import (
    TRUE_GRADIENT,
    in_keywords,
    keyword_of,
    resolve_compat,
)
from tinygrad_w2v.word2vec.settings import TrainingSettings

_SWITCHES = ("shrink_windows", "hs", "cbow_mean", "shared_negatives", "dm_concat", "dbow_words")


def keywords_for(settings: TrainingSettings) -> dict[str, Any]:
    """Return the keywords of `Word2Vec` for settings; the batch size is not among them.

    Examples
    --------
    >>> keywords = keywords_for(TrainingSettings("skipgram", size=8))
    >>> keywords["sg"], keywords["vector_size"]
    (1, 8)
    """
    fields = dataclasses.asdict(settings)
    cbow = settings.model == "cbow"
    given = {
        "sg": int(not cbow),
        "hs": int(settings.hs),
        "cbow_mean": int(settings.cbow_mean),
        "compat": settings.compat or (TRUE_GRADIENT if cbow else None),
    }
    kept = {name: given.get(name, value) for name, value in fields.items()} | {"sg": given["sg"]}
    left = settings.NO_KEYWORDS
    return {keyword_of(name): value for name, value in kept.items() if name not in left}


class Keywords:
    """Base of `Word2Vec`: what a user set, which may be changed between two trainings.

    A class of the family has settings of its own, `SETTINGS`, whose fields are among its
    attributes, and the names of the keywords that its files hold, `KEPT`.
    """

    SETTINGS: ClassVar[type[TrainingSettings]] = TrainingSettings
    KEPT: ClassVar[tuple[str, ...]] = ()

    vector_size: int
    window: int
    min_count: int
    max_vocab_size: int | None
    max_final_vocab: int | None
    trim_rule: Any
    sample: float
    seed: int
    workers: int
    min_alpha: float
    sg: int
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    shrink_windows: bool
    shared_negatives: bool
    engine: str
    compat: str | None
    deterministic: bool
    shards: int | None
    ray_address: str | None
    compute_loss: bool
    _alpha: float | None

    @property
    def alpha(self) -> float:
        """The first learning rate: as it was set, else the one that fits the model."""
        if self._alpha is not None:
            return self._alpha
        kind = "skipgram" if self.sg else "cbow"
        compat = resolve_compat(self.compat, self.sg)
        return self.SETTINGS.alpha_of(kind, compat, bool(self.cbow_mean))

    @alpha.setter
    def alpha(self, alpha: float | None) -> None:
        self._alpha = alpha

    def settings(self) -> TrainingSettings:
        """Return the settings that the keywords make up, checked.

        Raises
        ------
        InputError
            When one is out of its range.
        """
        self.engine_options().check()
        require_number("seed", self.seed, whole=True)
        check_limit(self.max_vocab_size)
        try:
            return self._settings()
        except InputError as error:
            raise InputError(error.told(in_keywords)) from None

    def _settings(self) -> TrainingSettings:
        names = {field.name for field in dataclasses.fields(self.SETTINGS)}
        # `alpha` asks others that are not checked yet
        names -= {*self.SETTINGS.NO_KEYWORDS, "alpha"}
        given = {name: getattr(self, keyword_of(name)) for name in names} | {"alpha": self._alpha}
        numbers = [name for name in ("sample", "alpha", "min_alpha") if given[name] is not None]
        given |= {name: real_number(name, given[name]) for name in numbers}
        given |= {name: switch(name, given[name]) for name in _SWITCHES if name in given}
        model = "skipgram" if switch("sg", self.sg) else "cbow"
        if "compat" in given:
            given["compat"] = resolve_compat(self.compat, self.sg)
        return self.SETTINGS(**given | {"model": model, "seed": int(self.seed)})

    def engine_options(self) -> EngineOptions:
        """Return what the keywords ask of the engine."""
        deterministic = switch("deterministic", self.deterministic)
        return EngineOptions(
            self.engine, self.workers, deterministic, self.shards, self.ray_address
        )

    def take(self, **keywords: Any) -> None:
        """Set keywords, all of them or, where they cannot be, none.

        Raises
        ------
        InputError
            When one is out of its range; then nothing is changed.
        """
        before = {name: self.__dict__[name] for name in keywords}
        self.__dict__.update(keywords)
        try:
            self.settings()
        except InputError:
            self.__dict__.update(before)
            raise


# Functions and objects are given again when a file is loaded.
Keywords.KEPT = tuple(
    name.removeprefix("_")
    for name in Keywords.__annotations__
    if name not in ("SETTINGS", "KEPT", "trim_rule")
)
