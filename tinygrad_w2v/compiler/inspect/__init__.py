"""Inspect what was compiled: its picture, its source with checks, all its forms compared."""
