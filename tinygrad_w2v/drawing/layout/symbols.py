"""Ops by their symbols: ``+ - × / @``, where they have a usual one."""

from __future__ import annotations

from dataclasses import replace

from tinygrad_w2v.drawing.reading.program import COPY, Program, Step

SYMBOLS = {
    "add": "+",
    "subtract": "−",
    "negative": "−",
    "multiply": "×",
    "divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "matmul": "@",
    "dot": "·",
    "outer": "⊗",
    "power": "^",
    "square": "²",
    "sqrt": "√",
    "abs": "| |",
    "sum": "Σ",
    "prod": "Π",
    "transpose": "ᵀ",
    "sigmoid": "σ",
    COPY: "=",
}


def with_symbols(program: Program) -> Program:
    """`program` with symbols in the place of words; what has none keeps its word."""
    return replace(
        program,
        forward=tuple(map(_with_symbol, program.forward)),
        backward=tuple(map(_with_symbol, program.backward)),
    )


def _with_symbol(step: Step) -> Step:
    return replace(
        step,
        label=SYMBOLS.get(step.label, step.label),
        formula=step.formula.replace(" * ", " × "),
        inside=tuple(map(_with_symbol, step.inside)),
    )
