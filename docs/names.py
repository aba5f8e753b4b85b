"""Write names.md and names.ja.md from the table that the errors read, too.

``python docs/names.py``; a test compares the pages with the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tinygrad_w2v._base.book_names import PARTS, Row
from tinygrad_w2v._base.language import Language

HERE = Path(__file__).resolve().parent
PAGES: dict[Language, Path] = {"en": HERE / "names.md", "ja": HERE / "names.ja.md"}
TOP = {
    "en": """\
# The book's names and ours

[日本語](names.ja.md)

For readers of *Deep Learning from Scratch 2* (ゼロから作る Deep Learning ❷): where each name
went. The functions of the text and the trainer keep the book's names, arguments and results. Layers
are gone: what a layer's `backward` did by hand, the graph does. A name of the book that is not
there is answered by an error with the line to write.

In the examples `import tinygrad_w2v as tw`, `import tinygrad_w2v.functions as F` and
`import numpy as np`.
""",
    "ja": """\
# 本の名前との対応

[English](names.md)

『ゼロから作る Deep Learning ❷』の読者のために、本に出てくる名前が、このライブラリではどう書けるかをまとめました。テキストを扱う関数と `Trainer` は、名前も引数も結果も本のままです。レイヤのクラスはありません。レイヤごとに `backward` に書いていた処理は、計算グラフが引き受けます。このライブラリにない本の名前を使うと、代わりに書くべき行がエラーメッセージに示されます。

例では `import tinygrad_w2v as tw`、`import tinygrad_w2v.functions as F`、`import numpy as np` としています。
""",  # noqa: E501 (a Japanese paragraph is one line)
}
AFTER = {
    0: {
        "en": "NumPy's own functions run on Variables, too: "
        "[which, and with what slopes](numpy-functions.md).\n",
        "ja": "NumPy の関数も Variable にそのまま使えます。"
        "[Variable に使える NumPy の関数](numpy-functions.ja.md)をご覧ください。\n",
    },
    1: {
        "en": "The hand-written MatMul and SoftmaxWithLoss, with all these names, stand once in\n"
        "[Backward by hand](tutorial-hand-written.en.md).\n",
        "ja": "手で書いた MatMul と SoftmaxWithLoss は、これらの名前のまま"
        "[逆伝播を手で書き、正しさを確かめる](tutorial-hand-written.ja.md)に載せてあります。\n",
    },
    6: {
        "en": "The book's one-hot models, in its own shapes, are scripts in "
        "[`examples/`](../examples/README.md).\n",
        "ja": "one-hot を使う本のモデルは、本と同じ形状のまま "
        "[`examples/`](../examples/README.ja.md) のスクリプトにあります。\n",
    },
}
HEADINGS = {
    "en": ("the book", "here", "differs in"),
    "ja": ("本での名前", "ここでの書き方", "備考"),
}


def cells(row: Row, lang: Language) -> list[str]:
    """A line of a table, without its bars."""
    ours = f"`{row.ours}`" if row.ours else {"en": "none", "ja": "なし"}[lang]
    return [f"`{row.book}`", ours, getattr(row, lang)]


def page(lang: Language) -> str:
    """The text of one page."""
    parts = [TOP[lang]]
    for number, part in enumerate(PARTS):
        lines = [HEADINGS[lang], ("---",) * 3, *(cells(row, lang) for row in part.rows)]
        table = "".join([f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines])
        parts.append(f"## {getattr(part, lang)}\n\n{table}")
        if number in AFTER:
            parts.append(AFTER[number][lang])
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write both pages."""
    argparse.ArgumentParser(description=__doc__).parse_args(arguments)
    for lang, path in PAGES.items():
        path.write_text(page(lang), encoding="utf-8")


if __name__ == "__main__":
    main()
