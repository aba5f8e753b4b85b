"""The notes of the ops' rules in the languages of pages."""

from __future__ import annotations

from tinygrad_w2v._base.language import Language, check_language

_JAPANESE = {
    "0 at 0": "0 では 0",
    "0 at -inf": "-inf では 0",
    "0 elsewhere": "ほかの場所は 0",
    "0 where all are equal": "すべて等しければ 0",
    "1 at 0, with slope 0": "0 では 1、傾きは 0",
    "None: no bound": "None は制限なし",
    "T exchanges the last two axes": "T は最後の 2 つの軸の入れ替え",
    "a vector is a row, on the right a column": "ベクトルは行、右側では列とみなす",
    "at 0 the limit": "0 では極限の値",
    "copied to each": "それぞれにコピー",
    "equal ones share": "等しい要素で等分",
    "in the dtype of the input": "入力の dtype で",
    "no gradient goes back": "勾配は伝わらない",
    "targets add up to 1": "教師ラベルの和は 1",
}


def note_in(lang: Language, note: str) -> str:
    """The note of a rule in a language: of this package's ops they are known in all.

    Examples
    --------
    >>> note_in("ja", "0 at 0")
    '0 では 0'
    """
    check_language(lang)
    return _JAPANESE.get(note, note) if lang == "ja" else note
