"""Sizes beyond which what is given is taken for damage or a slip of the finger, never for meant.

They are far above what anyone uses, so that no honest file or setting meets them; without them, a
few bytes of a file or one digit too many could ask for all the memory and time that there is.
"""

LONGEST_WORD = 1 << 16
"""Bytes of a word in UTF-8."""

LARGEST_DIM = 1 << 20
"""Numbers in a vector."""

LONGEST_NGRAM = 64
"""Characters of an n-gram of a word."""
