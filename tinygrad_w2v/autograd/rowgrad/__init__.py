"""Row gradients: the gradient of a table of which a few rows were read."""

from tinygrad_w2v.autograd.rowgrad.row_grad import RowGrad

__all__ = ["RowGrad"]
