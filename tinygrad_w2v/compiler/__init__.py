"""From the graph that a forward expression leaves to one native function.

trace -> instructions -> passes, each verified -> loops -> source -> kernel
"""

from tinygrad_w2v.compiler.compile import Compiled, compile
from tinygrad_w2v.compiler.inspect.check import check_compiled
from tinygrad_w2v.compiler.loops.schedule import Schedule

__all__ = ["Compiled", "Schedule", "check_compiled", "compile"]
