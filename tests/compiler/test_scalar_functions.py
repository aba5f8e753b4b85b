"""The kernel's own functions are NumPy's, everywhere: near 0, far out, at infinity and NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, helpers

numba = pytest.importorskip("numba")
EDGES = [0.0, -0.0, 1e-30, -1e-30, 1.0, -1.0, 20.0, -20.0, 85.0, -85.0, 88.5, 88.7, 88.73, 100.0]
EDGES += [-86.5, -87.0, -90.0, -1e4, 1e4, np.inf, -np.inf, np.nan]


def compiled(name: str, dtype: Any) -> Any:
    """A helper as a native function of arrays."""
    from tinygrad_w2v.compiler.codegen.intrinsics import power_of_two

    single = np.dtype(dtype) == np.float32
    scope: dict[str, Any] = {"np": np, "real": dtype, "power_of_two": power_of_two}
    rules = {"fastmath": {"arcp", "contract", "afn", "reassoc", "nsz"}, "error_model": "numpy"}
    for text in helpers([name], single):
        exec(text, scope)
        function = text.partition("def ")[2].partition("(")[0]
        scope[function] = numba.njit(**rules)(scope[function])
    inner = scope[name]

    @numba.njit(**rules)
    def of_all(x: Any) -> Any:
        y = np.empty_like(x)
        for i in range(len(x)):
            y[i] = inner(x[i])
        return y

    return of_all


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["exp", "sigmoid", "softplus"])
def test_functions_that_numpy_has_are_numpys(
    name: str, dtype: Any, rng: np.random.Generator
) -> None:
    x = np.concatenate([EDGES, rng.normal(size=2000) * 3, rng.uniform(-88, 88, 2000)]).astype(dtype)
    found = compiled(name, dtype)(x)
    with np.errstate(all="ignore"):
        wanted = FUNCTIONS[name].numpy(x.astype(np.float64))
        largest = np.finfo(dtype).max
        wanted = np.where(wanted > largest, np.inf, wanted)
    # Below the normal numbers a result may be 0.
    tolerance = {"rtol": 2e-6 if dtype == np.float32 else 1e-14, "atol": 3e-38}
    np.testing.assert_allclose(found.astype(np.float64), wanted, **tolerance)


def test_single_precision_functions_are_not_the_library_functions_of_one_number() -> None:
    text = "".join(helpers(["softplus", "sigmoid"], single=True))
    assert "np.exp" not in text
    assert "np.log1p" not in text
    assert "np.exp" in "".join(helpers(["softplus"], single=False))
