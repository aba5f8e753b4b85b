"""From the graph that a forward expression leaves to one native function for a window.

trace -> instructions -> passes, each verified -> loops -> fused -> source -> kernel
"""

from tinygrad_w2v.compiler.compile import Compiled, compile
from tinygrad_w2v.compiler.inspect.check import check_compiled

__all__ = ["Compiled", "check_compiled", "compile"]
