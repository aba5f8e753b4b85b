"""An op's rule as text: read from its docstring, written in the names of a graph."""
