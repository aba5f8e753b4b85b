"""Sources of examples: what a model is trained on, drawn by position."""

from tinygrad_w2v.sources.negatives import AliasTable
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource

__all__ = ["AliasTable", "Drawn", "Source", "WindowSettings", "WindowSource", "keep_probability"]
