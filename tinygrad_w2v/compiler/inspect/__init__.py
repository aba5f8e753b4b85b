"""Inspect what was compiled: its picture, its assembly, its source with checks, all compared."""
