"""The calls that are made of NumPy and of us: as text, with the shapes of ``x``, ``y`` and ``z``.

In them ``m`` is the module that is asked. A call that NumPy refuses must be refused.
"""

from __future__ import annotations

Calls = list[tuple[str, list[tuple[int, ...]]]]

CALLS: Calls = [
    *[
        (f"m.{name}(x)", [(3, 4)])
        for name in (
            "exp2 cbrt arcsinh deg2rad rad2deg sinc positive "
            "nan_to_num ravel atleast_1d atleast_2d atleast_3d fliplr flipud rot90 diag tril triu "
            "matrix_transpose sort median cumprod diff gradient average trace diagonal norm "
            "broadcast_arrays"
        ).split()
    ],
    *[(f"np.{name}(x)", [(3, 4)]) for name in ("radians", "degrees")],
    ("np.conjugate(-x)", [(3, 4)]),
    ("m.reciprocal(x / 2)", [(3, 4)]),
    ("np.remainder(x, y)", [(3, 4), (4,)]),
    *[(f"m.{name}(x / 8)", [(3, 4)]) for name in ("arcsin", "arccos", "arctanh")],
    *[(f"m.{name}(1.5 + x * x)", [(3, 4)]) for name in ("log10", "arccosh")],
    *[
        (f"m.{name}(x, y)", [(3, 1), (2, 1, 4)])
        for name in (
            "arctan2 hypot fmod mod fmax fmin logaddexp2 floor_divide divmod broadcast_arrays"
        ).split()
    ],
    ("x % y", [(3, 4), (4,)]),
    ("x // y", [(3, 4), (4,)]),
    ("divmod(x, y)", [(3, 4), (4,)]),
    ("m.sinc(x - x)", [(3,)]),
    ("m.hypot(x - x, y - y)", [(3,), (3,)]),
    ("m.arctan2(x - x, y - y)", [(3,), (3,)]),
    ("m.nan_to_num(x / np.array([0, 1, 0], x.dtype))", [(4, 3)]),
    ("m.nan_to_num(x / np.array([0, 1, 0], x.dtype), nan=1.0, posinf=2.0, neginf=-3.0)", [(4, 3)]),
    ("m.logaddexp2(x * x.dtype.type(30), y)", [(5,), (5,)]),
    # ------------------------------------------------------------------ reductions
    *[
        (f"m.{name}(x, {how})", [(2, 3, 4)])
        for name in ("sum", "mean", "prod", "var", "std")
        for how in (
            "where=MASK, axis=2",
            "axis=(0, 2), where=MASK[:, :1], keepdims=True",
            "where=MASK",
            "1, np.float32",
            "dtype=np.float64, axis=-1, keepdims=True",
        )
    ],
    *[
        (f"m.{name}(x, {how})", [(2, 3, 4)])
        for name in ("sum", "prod")
        for how in (
            "initial=3",
            "0, initial=2",
            "axis=(0, -1), initial=2, where=MASK, keepdims=True",
            "None, None, None, True",
        )
    ],
    *[
        (f"m.{name}(x, {how})", [(2, 3, 4)])
        for name in ("max", "min")
        for how in (
            "initial=1",
            "0, initial=-1",
            "axis=(0, -1), initial=0, where=MASK, keepdims=True",
            "where=MASK",
            "1, None, True",
        )
    ],
    ("m.max(x, axis=0, initial=2)", [(0, 3)]),
    ("m.min(x, initial=2, keepdims=True)", [(0, 3)]),
    ("m.max(x, axis=0)", [(0, 3)]),
    ("m.sum(x, where=[[True, False]])", [(2, 3)]),
    ("m.sum(x, where=np.ones((2, 2, 3), bool))", [(2, 3)]),
    *[
        (f"m.{name}(x, {how})", [(3, 4)])
        for name in ("var", "std")
        for how in (
            "ddof=1",
            "correction=1",
            "0, None, None, 1, True",
            "ddof=1, correction=1",
            "axis=1, mean=np.mean(x, axis=1, keepdims=True)",
            "axis=1, correction=1, where=MASK[2:], keepdims=True",
        )
    ],
    ("m.cumsum(x, 1, np.float64)", [(3, 4)]),
    ("m.cumprod(x, 0, np.float32)", [(3, 4)]),
    ("m.average(x, weights=y)", [(3, 4), (3, 4)]),
    ("m.average(x, 1, weights=y)", [(3, 4), (4,)]),
    ("m.average(x, (2, 0), weights=y, keepdims=True)", [(2, 3, 4), (4, 2)]),
    ("m.average(x, 0, weights=y, returned=True)[0]", [(3, 4), (3,)]),
    ("m.average(x, -1, returned=True)[0]", [(3, 4)]),
    ("m.average(x, weights=y)", [(3, 4), (4,)]),
    ("m.average(x, 0, weights=y)", [(3, 4), (4,)]),
    ("m.average(x, 0, weights=y * 0)", [(3, 4), (3,)]),
    ("m.median(x, axis=(0, 2), keepdims=True)", [(2, 3, 4)]),
    ("m.median(x, axis=1)", [(2, 3, 4)]),
    ("m.median(x / np.array([1, 0, 1], x.dtype), axis=-1)", [(4, 3)]),
    # ------------------------------------------------------------------ clip
    ("m.clip(x, y, None)", [(3, 4), (4,)]),
    ("m.clip(x, None, y)", [(3, 4), (4,)]),
    ("m.clip(x, y, z)", [(3, 4), (4,), (3, 1)]),
    ("m.clip(x, min=y)", [(3, 4), (4,)]),
    ("m.clip(x, max=1)", [(3, 4)]),
    ("m.clip(x, -1, 1)", [(3, 4)]),
    ("m.clip(x, -1, 1, min=0)", [(3, 4)]),
    ("m.clip(x / np.array([1, 0, 1], x.dtype), y, z)", [(4, 3), (3,), (3,)]),
    # ------------------------------------------------------------------ shapes
    ("m.ravel(x, 'F')", [(2, 3, 4)]),
    ("m.ravel(x, order='X')", [(2, 3)]),
    ("m.reshape(x, (4, -1), order='F')", [(2, 3, 4)]),
    ("m.atleast_1d(x, y)", [(), (2, 3)]),
    ("m.atleast_2d(x, y, z)", [(), (2,), (2, 3)]),
    ("m.atleast_3d(x, y, z)", [(), (2,), (2, 3, 4, 5)]),
    *[
        (f"m.tile(x, {reps})", [(2, 3)])
        for reps in ("2", "(2,)", "(2, 1)", "(2, 1, 3)", "(0, 2)", "()")
    ],
    ("m.tile(x, (2, 3))", [()]),
    *[
        (f"m.roll(x, {how})", [(3, 4)])
        for how in ("1", "-2", "5, 0", "1, -1", "(1, 2), (0, 1)", "1, (0, 1)", "(1, 2), 1", "1, 2")
    ],
    ("m.roll(x, 1)", [(0, 3)]),
    ("m.roll(x, 3, 0)", [(0, 3)]),
    *[
        (f"m.pad(x, {how})", [(3, 4)])
        for how in (
            "1",
            "(1, 2)",
            "((1, 0), (0, 3)), constant_values=((1, 2), (3, 4))",
            "((1, 2),), 'constant', constant_values=7",
            "2, 'edge'",
            "((2, 1), (3, 9)), mode='reflect'",
            "((2, 1), (3, 9)), mode='symmetric'",
            "((2, 1), (3, 9)), mode='wrap'",
            "-1",
            "1.5",
            "((1, 2), (3, 4), (5, 6))",
            "1, 'edge', constant_values=3",
            "1, 'constant', reflect_type='even'",
        )
    ],
    ("m.pad(x, 2, 'edge')", [(0, 2)]),
    ("m.pad(x, 2, 'edge')", [()]),
    ("m.pad(x, 1)", [()]),
    *[
        (f"m.diff(x, {how})", [(3, 4)])
        for how in (
            "2",
            "axis=0",
            "n=0",
            "-1",
            "9",
            "append=x[:, :2]",
            "axis=2",
        )
    ],
    ("m.diff(x)", [()]),
    ("m.column_stack([x, y, z])", [(3,), (3, 2), (3,)]),
    ("m.dstack([x, y])", [(3,), (3,)]),
    ("m.dstack([x, y])", [(2, 3), (2, 3, 4)]),
    ("m.append(x, y)", [(2, 3), (2,)]),
    ("m.append(x, y, axis=1)", [(2, 3), (2, 1)]),
    ("m.append(x, y, axis=0)", [(2, 3), (2, 1)]),
    ("m.concatenate([x, y], 1, dtype=np.float32)", [(2, 3), (2, 1)]),
    ("m.stack([x, y], -1, dtype=np.float32)", [(2, 3), (2, 3)]),
    *[
        (f"m.{name}(x, {how})", [(5, 4, 3)])
        for name in ("array_split", "hsplit", "vsplit", "dsplit")
        for how in ("3", "[1, 3]", "2", "[]", "0", "-1", "[2, 1]")
    ],
    ("m.array_split(x, 4, -2)", [(5, 4, 3)]),
    ("m.array_split(x, 2, 3)", [(5, 4, 3)]),
    ("m.hsplit(x, 2)", [(4,)]),
    ("m.hsplit(x, 1)", [()]),
    ("m.vsplit(x, 2)", [(4,)]),
    ("m.dsplit(x, 2)", [(4, 2)]),
    ("m.broadcast_arrays(x, y)", [(3,), (4,)]),
    *[
        (f"m.rot90(x, {how})", [(2, 3, 4)])
        for how in ("0", "1", "2", "3", "-1", "5, (1, 2)", "1, (2, 0)", "1, (0, 0)", "1, (0, 1, 2)")
    ],
    ("m.rot90(x)", [(3,)]),
    ("m.fliplr(x)", [(3,)]),
    ("m.matrix_transpose(x)", [(3,)]),
    ("m.astype(x, np.float32)", [(3,)]),
    # ------------------------------------------------------------------ diagonals
    *[
        (f"m.{name}(x, {k})", [(3, 4)])
        for name in ("diag", "diagonal", "trace", "tril", "triu")
        for k in (1, -1, 4, -9)
    ],
    *[(f"m.{name}(x)", [(2, 4, 3)]) for name in ("diagonal", "trace", "tril", "triu")],
    *[(f"m.diag(x, {k})", [(3,)]) for k in (0, 2, -1)],
    ("m.diagonal(x, 1, -1, 0)", [(2, 4, 3)]),
    ("m.diagonal(x, 0, 1, 1)", [(2, 4, 3)]),
    ("m.trace(x, 0, 2, 1, np.float64)", [(2, 4, 3)]),
    ("m.diag(x)", [()]),
    ("m.diag(x, 0)", [(2, 2, 2)]),
    ("m.diagonal(x)", [(3,)]),
    ("m.tril(x)", [(3,)]),
    ("m.triu(x)", [()]),
    ("m.diag(x, 1)", [(0,)]),
    # ------------------------------------------------------------------ linear algebra
    *[
        (f"m.norm(x, {how})", [(3, 4)])
        for how in (
            "axis=0",
            "axis=-1, keepdims=True",
            "None, (1, 0)",
            "'fro'",
            "1",
            "inf",
            "-1",
            "-inf",
            "1, -1",
            "2, 0",
            "inf, 0, True",
            "-inf, 1",
            "1, (1, 0)",
            "inf, (1, 0), True",
            "'fro', 1",
            "axis=2",
            "axis=(0, 0)",
            "ord='max'",
        )
    ],
    ("m.norm(x, keepdims=True)", [(2, 3, 4)]),
    ("m.norm(x, 2)", [(2, 3, 4)]),
    ("m.norm(x, None, (0, 1, 2))", [(2, 3, 4)]),
    ("m.norm(x, 1, (0, -1))", [(2, 3, 4)]),
    ("m.norm(x, axis=1)", [(2, 0)]),
    ("m.norm(x, inf)", [(4,)]),
    ("m.norm(x)", [()]),
    ("m.norm(x / np.array([1, 0, 1], x.dtype))", [(3,)]),
    ("m.kron(x, y)", [(2, 3), (3, 1)]),
    ("m.kron(x, y)", [(2,), (3, 1, 2)]),
    ("m.kron(x, y)", [(), (2, 2)]),
    ("m.cross(x, y)", [(4, 3), (3,)]),
    ("m.cross(x, y, axis=0)", [(3, 4), (3, 4)]),
    ("m.cross(x, y, 0, 1, 0)", [(3, 4), (4, 3)]),
    ("m.cross(x, y, axisc=1)", [(2, 4, 3), (2, 4, 3)]),
    ("m.cross(x, y)", [(4,), (4,)]),
    ("m.vdot(x, y)", [(2, 3), (3, 2)]),
    ("m.vdot(x, y)", [(2,), (3,)]),
    ("m.vdot(x, y)", [(), ()]),
    ("m.vecdot(x, y)", [(2, 3), (3,)]),
    ("m.vecdot(x, y, axis=0)", [(3, 2), (3, 2)]),
    ("m.vecdot(x, y)", [(2, 3), (1,)]),
    ("m.vecdot(x, y)", [(), (3,)]),
    ("m.matvec(x, y)", [(4, 2, 3), (3,)]),
    ("m.matvec(x, y)", [(2, 3), (2, 1)]),
    ("m.vecmat(x, y)", [(4, 2), (2, 3)]),
    ("m.vecmat(x, y)", [(4, 2), (1, 3)]),
    ("m.dot(x, y, None)", [(2, 3), (3,)]),
    # ------------------------------------------------------------------ order
    *[
        (f"m.sort(x, {how})", [(3, 4)])
        for how in ("0", "axis=None", "kind='heapsort'", "-1, stable=True", "axis=2", "order='f'")
    ],
    ("m.sort(x)", [()]),
    ("m.sort(x * np.array([1.5, 1, 2, 1], x.dtype))", [(3, 4)]),
    ("m.partition(x, 2)[:, 2]", [(3, 4)]),
    ("m.partition(x, -1, 0)[-1]", [(3, 4)]),
    ("m.partition(x, (1, 5), None)[[1, 5]]", [(3, 4)]),
    ("m.partition(x, 9)", [(3, 4)]),
    # ------------------------------------------------------------------ gradient
    *[
        (f"m.gradient(x, {how})", [(5, 4)])
        for how in (
            "0.5",
            "0.5, 2.0",
            "axis=0",
            "axis=(1, 0)",
            "0.5, 2.0, 1.0",
            "[0, 1, 2, 4, 8], axis=0",
            "[0, 1, 2, 4, 8], 2.0",
            "np.array([0.0, 1, 2, 4]), axis=-1, edge_order=2",
            "[0, 1, 2], axis=0",
            "edge_order=2",
            "edge_order=3",
            "axis=2",
        )
    ],
    ("m.gradient(x)", [(1,)]),
    ("m.gradient(x, edge_order=2)", [(2,)]),
    ("m.gradient(x, [1.0, 4.0])", [(2,)]),
    ("m.gradient(x)", [(2,)]),
    # ------------------------------------------------------------------ methods
    *[
        (f"x.{call}", [(3, 4)])
        for call in (
            "ravel()",
            "flatten()",
            "ravel('F')",
            "flatten('F')",
            "reshape(4, 3)",
            "reshape((4, 3), order='F')",
            "astype(np.float32)",
            "astype('f8')",
            "std()",
            "std(0, ddof=1)",
            "var(axis=-1, keepdims=True)",
            "var(1, None, None, 1, True)",
            "prod()",
            "prod(0)",
            "sum(0, np.float64, None, True)",
            "sum(-1, initial=2)",
            "mean(1, where=MASK[2:])",
            "max(0)",
            "min(1, keepdims=True)",
            "max(1, None, True, initial=0)",
            "clip(-0.5, 0.5)",
            "clip(min=0)",
            "clip(max=0)",
            "cumsum()",
            "cumsum(1)",
            "cumprod(0)",
            "repeat(2)",
            "repeat([1, 2, 0], 0)",
            "take([0, 5])",
            "take([[0, 1]], axis=1)",
            "take([0, 9], 0, None, 'clip')",
            "trace()",
            "trace(1)",
            "diagonal(-1)",
            "round()",
            "round(1)",
            "conj()",
            "conjugate()",
            "dot(x.T)",
            "squeeze()",
            "squeeze(0)",
            "swapaxes(0, 1)",
            "mT",
            "argmax()",
            "argmax(1)",
            "argmin(axis=0, keepdims=True)",
            "argsort()",
            "argsort(axis=0, kind='stable')",
            "any()",
            "any(axis=0)",
            "all(axis=1, keepdims=True)",
            "nonzero()",
        )
    ],
    ("x.squeeze()", [(1, 3, 1)]),
    ("x.squeeze(-1)", [(1, 3, 1)]),
    ("x.ravel()", [()]),
    ("round(x[0, 0], 1)", [(2, 2)]),
]

# Numbers and lists among the arguments take the dtype of the Variables; NumPy's may be wider.
WITH_NUMBERS: Calls = [
    ("x % 2", [(3, 4)]),
    ("2 % x", [(3, 4)]),
    ("x // 2", [(3, 4)]),
    ("2 // x", [(3, 4)]),
    ("divmod(x, 2)", [(3, 4)]),
    ("divmod(2, x)", [(3, 4)]),
    ("m.append(x, 3)", [()]),
    ("m.column_stack([x, [1, 2]])", [(3,)]),
    ("m.broadcast_arrays(x, 1, y)", [(3,), (2, 1)]),
    ("m.fmax(x, [nan, 0.5, inf])", [(2, 3)]),
    ("m.fmin([nan, 0.5, inf], x)", [(2, 3)]),
    ("m.diff(x, prepend=1)", [(3, 4)]),
    ("m.diff(x, 1, 0, [[1, 2, 3, 4]])", [(3, 4)]),
    ("m.diff(x, 2, prepend=1, append=0)", [(3, 4)]),
]

# With axes, or one axis, whether they are kept, and a number between -4 and 4.
ALONG_AXES = [
    *[
        f"m.{name}(x, AXES, keepdims=KEEP)"
        for name in ("sum", "mean", "max", "min", "prod", "var", "std", "median", "average")
    ],
    "m.max(x, AXES, initial=1, keepdims=KEEP)",
    "m.sum(x, AXES, where=x > 0, initial=K, keepdims=KEEP)",
    "m.mean(x, AXES, where=x > 0, keepdims=KEEP)",
    "m.std(x, AXES, where=x > 0, keepdims=KEEP)",
    "m.norm(x, axis=AXES, keepdims=KEEP)",
    "m.norm(x, 1, AXES, keepdims=KEEP)",
    "m.sort(x, AXIS)",
    "m.cumsum(x, AXIS)",
    "m.cumprod(x, AXIS)",
    "m.diff(x, K, AXIS)",
    "m.flip(x, AXES)",
    "m.roll(x, K, AXIS)",
    "m.repeat(x, 2, AXIS)",
    "m.array_split(x, K, AXIS)",
    "m.append(x, x, AXIS)",
    "m.gradient(x, axis=AXES)",
    "m.squeeze(x, AXES)",
    "m.diagonal(x, K)",
    "m.tril(x, K)",
    "m.triu(x, K)",
    "m.rot90(x, K)",
    "m.atleast_3d(x)",
    "m.kron(x, x)",
    "m.vecdot(x, x)",
]
