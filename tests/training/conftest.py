"""What tests of native runs share with those of the compiler can be imported."""

from __future__ import annotations

import sys
from pathlib import Path

for folder in ("compiler", "sources", "training"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
