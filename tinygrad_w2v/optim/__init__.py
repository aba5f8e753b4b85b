"""The book's six optimizers, on dense and on row gradients; several in one; clipping; schedules."""

from tinygrad_w2v.optim.clipping import clip_grads
from tinygrad_w2v.optim.groups import Groups
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.optim.rules import SGD, AdaGrad, Adam, Momentum, Nesterov, RMSprop
from tinygrad_w2v.optim.schedules import LinearDecay

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "Groups",
    "LinearDecay",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "clip_grads",
]
