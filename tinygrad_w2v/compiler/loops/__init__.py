"""From instructions to nests of loops, and the steps that make those nests fast."""
