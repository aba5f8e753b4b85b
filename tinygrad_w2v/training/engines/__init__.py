"""What runs a training: NumPy on the graph, or the model compiled to native code."""

from tinygrad_w2v.training.engines.choice import choose_engine, has_numba
from tinygrad_w2v.training.engines.engine import ENGINES, MOST_WORKERS, Engine, EngineOptions

__all__ = ["ENGINES", "MOST_WORKERS", "Engine", "EngineOptions", "choose_engine", "has_numba"]
