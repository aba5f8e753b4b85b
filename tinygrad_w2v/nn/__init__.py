"""Parameters, and modules that hold them; a few small layers."""

from tinygrad_w2v.nn.layers import Dropout, Embedding, Linear, Sequential
from tinygrad_w2v.nn.module import Module
from tinygrad_w2v.nn.parameter import Parameter

__all__ = ["Dropout", "Embedding", "Linear", "Module", "Parameter", "Sequential"]
