"""`tw.examples`: what a model is trained on by `tw.fit`, drawn by position."""

from tinygrad_w2v.sources.arrays import Arrays
from tinygrad_w2v.sources.source import Drawn, Source

__all__ = ["Arrays", "Drawn", "Source"]
