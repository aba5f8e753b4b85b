"""``python -m tinygrad_w2v`` is the command ``tinygrad-w2v``."""

from tinygrad_w2v.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
