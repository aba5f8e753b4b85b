"""Pictures: the graph of a value as text, DOT, SVG, PNG, HTML; the curve of a loss."""

from tinygrad_w2v.drawing.curves.loss_curve import plot_losses
from tinygrad_w2v.drawing.graphs import Graph, graph
from tinygrad_w2v.drawing.layout.render import RenderError

__all__ = ["Graph", "RenderError", "graph", "plot_losses"]
