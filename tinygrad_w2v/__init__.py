"""An autograd mini-framework in which word2vec is a plain forward expression."""

from tinygrad_w2v._base.version import __version__

__all__ = ["__version__"]
