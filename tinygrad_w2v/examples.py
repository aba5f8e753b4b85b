"""`tw.examples`: what a model is trained on by `tw.fit`, drawn by position."""

from tinygrad_w2v.sources.arrays import Arrays
from tinygrad_w2v.sources.cooccurrences import Cooccurrences
from tinygrad_w2v.sources.documents import Documents
from tinygrad_w2v.sources.keyed import Keyed
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.sources.subwords import Subwords
from tinygrad_w2v.sources.text_windows import Windows
from tinygrad_w2v.sources.walks import Walks
from tinygrad_w2v.sources.window_settings import WindowSettings

__all__ = [
    "Arrays",
    "Cooccurrences",
    "Documents",
    "Drawn",
    "Keyed",
    "Source",
    "Subwords",
    "Walks",
    "WindowSettings",
    "Windows",
]
