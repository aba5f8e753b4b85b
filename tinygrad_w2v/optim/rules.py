"""The six update rules of the book, each its formula.

Names are the literature's: parameter x, gradient g, velocity v, sum or average of squares h,
moments m and v, learning rate η (`lr`). All array arithmetic is element by element and in the
parameter's dtype. What their state means for rows that were not read, and what holds a rule back
(weight decay, clipping, a ball), is said at `Optimizer`.

References
----------
Saito, "Deep Learning from Scratch" (O'Reilly Japan, 2016), chapter 6, whose formulas and default
rates these are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.optim.arguments import checked_share, of_arrays
from tinygrad_w2v.optim.optimizer import Optimizer, Rate

_told = knowing(learning_rate="lr", params="parameters", rate="lr", alpha="lr", decay="decay_rate")
_TINY = 1e-7  # keeps the quotients finite where no gradient came yet


class SGD(Optimizer):
    """Stochastic gradient descent: ``x ← x - η g``.

    Parameters
    ----------
    parameters, lr, weight_decay, clip, max_norm
        See `Optimizer`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.SGD([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> float(w)
    1.5
    """

    @of_arrays
    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        x -= self.lr * g

    def update_rows(self, x: AnyArray, g: RowGrad, *state: AnyArray) -> None:
        if type(self).update is SGD.update:
            g.add_to(x, -self.lr)  # the same, and no row is taken out
        else:
            super().update_rows(x, g, *state)


class Momentum(Optimizer):
    """Momentum [1]_: ``v ← α v - η g``, ``x ← x + v``.

    Parameters
    ----------
    parameters, lr, weight_decay, clip, max_norm
        See `Optimizer`.
    momentum : float
        α, from 0 to below 1.

    References
    ----------
    .. [1] Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.Momentum([w], lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).backward()
    ...     optimizer.step()
    ...     print(float(w))
    1.5
    0.0
    """

    state_names = ("v",)
    settings = ("momentum",)

    @_told
    def __init__(
        self,
        parameters: Iterable[Variable] | None = None,
        lr: Rate = 0.01,
        momentum: float = 0.9,
        *,
        weight_decay: float = 0.0,
        clip: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.momentum = checked_share(type(self).__name__, "momentum", momentum)
        super().__init__(parameters, lr, weight_decay=weight_decay, clip=clip, max_norm=max_norm)

    @of_arrays
    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        (v,) = state
        v *= self.momentum
        v -= self.lr * g
        x += v


class Nesterov(Momentum):
    """Nesterov's momentum: ``v ← α v - η g``, ``x ← x + α² v - (1 + α) η g``.

    This is the book's form, which reads the new v. The paper's [1]_ equation 7 reads the old one;
    so the book's step is the larger by ``α² (v - v_old)``.

    Parameters
    ----------
    parameters, lr, momentum, weight_decay, clip, max_norm
        See `Momentum`.

    References
    ----------
    .. [1] Bengio, Boulanger-Lewandowski, Pascanu, "Advances in optimizing recurrent networks",
       arXiv 1212.0901.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.Nesterov([w], lr=0.125, momentum=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> float(w)
    1.6875
    """

    @of_arrays
    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        (v,) = state
        v *= self.momentum
        v -= self.lr * g
        x += self.momentum * self.momentum * v
        x -= (1 + self.momentum) * self.lr * g


class AdaGrad(Optimizer):
    """AdaGrad [1]_: ``h ← h + g²``, ``x ← x - η g / (√h + 1e-7)``.

    Parameters
    ----------
    parameters, lr, weight_decay, clip, max_norm
        See `Optimizer`.

    References
    ----------
    .. [1] Duchi, Hazan, Singer, "Adaptive subgradient methods", JMLR 12 (2011).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.AdaGrad([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> print(f"{w:.4f}")
    2.5000
    """

    state_names = ("h",)

    @of_arrays
    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        (h,) = state
        h += g * g
        x -= self.lr * g / (np.sqrt(h) + _TINY)


class RMSprop(Optimizer):
    """RMSprop [1]_: ``h ← ρ h + (1 - ρ) g²``, ``x ← x - η g / (√h + 1e-7)``.

    Parameters
    ----------
    parameters, lr, weight_decay, clip, max_norm
        See `Optimizer`.
    decay_rate : float
        ρ, from 0 to below 1.

    References
    ----------
    .. [1] Tieleman, Hinton, "Lecture 6.5: rmsprop", Coursera, 2012.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.RMSprop([w], lr=0.5, decay_rate=0.75)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> print(f"{w:.4f}")
    2.0000
    """

    state_names = ("h",)
    settings = ("decay_rate",)

    @_told
    def __init__(
        self,
        parameters: Iterable[Variable] | None = None,
        lr: Rate = 0.01,
        decay_rate: float = 0.99,
        *,
        weight_decay: float = 0.0,
        clip: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.decay_rate = checked_share(type(self).__name__, "decay_rate", decay_rate)
        super().__init__(parameters, lr, weight_decay=weight_decay, clip=clip, max_norm=max_norm)

    @of_arrays
    def update(self, x: AnyArray, g: AnyArray, *state: AnyArray) -> None:
        (h,) = state
        h *= self.decay_rate
        h += (1 - self.decay_rate) * g * g
        x -= self.lr * g / (np.sqrt(h) + _TINY)


class Adam(Optimizer):
    """Adam [1]_, with the bias of both moments corrected in the rate.

    At step t: ``m ← m + (1 - β1)(g - m)``, ``v ← v + (1 - β2)(g² - v)``,
    ``x ← x - η_t m / (√v + 1e-7)`` with ``η_t = η √(1 - β2^t) / (1 - β1^t)``.

    For rows the step count t is the optimizer's, not the row's: a row that is read for the first
    time late gets the rate of that step, although its moments are still as biased as at first.

    Parameters
    ----------
    parameters, lr, weight_decay, clip, max_norm
        See `Optimizer`.
    beta1, beta2 : float
        From 0 to below 1.

    References
    ----------
    .. [1] Kingma, Ba, "Adam", arXiv 1412.6980v8, the second form of section 2.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> w = tw.Parameter(3.0)
    >>> optimizer = tw.optim.Adam([w], lr=0.5)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> print(f"{w:.4f}")
    2.5000
    """

    state_names = ("m", "v")
    settings = ("beta1", "beta2")

    @_told
    def __init__(
        self,
        parameters: Iterable[Variable] | None = None,
        lr: Rate = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        *,
        weight_decay: float = 0.0,
        clip: float | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.beta1 = checked_share(type(self).__name__, "beta1", beta1)
        self.beta2 = checked_share(type(self).__name__, "beta2", beta2)
        self._step_rate = 0.0
        super().__init__(parameters, lr, weight_decay=weight_decay, clip=clip, max_norm=max_norm)

    def begin_step(self) -> None:
        corrected = (1.0 - self.beta2**self.steps) ** 0.5 / (1.0 - self.beta1**self.steps)
        self._step_rate = self.lr * corrected

    @of_arrays
    def update(self, x: AnyArray, g: Any, *state: AnyArray) -> None:
        m, v = state
        m += (1 - self.beta1) * (g - m)
        v += (1 - self.beta2) * (g * g - v)
        x -= self._step_rate * m / (np.sqrt(v) + _TINY)
