"""Graphs that are stepped through on the site, where a code host shows a picture of them.

The Markdown links the picture; here is which pictures have a page, and what it is made of.
"""

from __future__ import annotations

import runpy

import tinygrad_w2v as tw
from staging import ROOT, Language, Live

PICTURES = runpy.run_path(str(ROOT / "docs" / "images" / "make.py"))
WORDS = ["you", "say", "goodbye", "and", "i", "hello", "."]


def cbow(language: Language) -> str:
    """Both passes of the chapter's CBOW, its rows called by their words."""
    model, contexts, target = PICTURES["sentence"]()
    with tw.debug():
        loss = model(contexts, target)
    loss.name = "L"
    labels = {"w_in": WORDS, "w_out": (None, WORDS)}
    return tw.graph(loss, detail="book", notation="dh", labels=labels, lang=language).html()


LIVE: Live = {"cbow.svg": cbow}
