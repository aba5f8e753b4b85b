"""What a gradient check says, in each language that its page is written in.

Names and numbers stand in braces. Errors and `.text` are English; the page is in either.
"""

from __future__ import annotations

from typing import Any

from tinygrad_w2v._base.language import Language

_ORDINALS = ("", "first", "second", "third")


def ordinal(order: int, lang: Language = "en") -> str:
    """``first``, ``second``, ``third``, ``4th``."""
    if lang == "ja":
        return f"{order} 階"
    return _ORDINALS[order] if order < len(_ORDINALS) else f"{order}th"


def derivative(order: int, lang: Language = "en") -> str:
    """What the check of an order is about."""
    if lang == "ja":
        return "勾配" if order == 1 else f" {ordinal(order, lang)}微分"
    return "gradient" if order == 1 else f"{ordinal(order)} derivative"


def say(key: str, lang: Language = "en", **values: Any) -> str:
    """A text of the table, with names and numbers filled in.

    Examples
    --------
    >>> say("factor", factor=1.001)
    "the rule's numbers are 1.001 times the measured ones: a factor is wrong"
    """
    return WORDS[key][lang].format(**values)


# ---------------------------------------------------------------------- verdicts and advice
_FINDINGS = {
    "right": {
        "en": "the gradients of {function} agree with finite differences",
        "ja": "{function} の勾配は数値微分と一致しています",
    },
    "unfinished": {
        "en": "the check of {function} did not reach its end",
        "ja": "{function} の勾配確認は途中で終わりました",
    },
    "wrong": {
        "en": "the {derivative} of {function} is wrong at {place}",
        "ja": "{function} の{derivative}が {place} で誤っています",
    },
    "kink": {
        "en": "the {derivative} of {function} cannot be checked at {place}: a kink",
        "ja": "{function} の{derivative}は {place} では確認できません (微分できない点です)",
    },
    "unclear": {
        "en": "the {derivative} of {function} cannot be confirmed at {place}",
        "ja": "{function} の{derivative}は {place} では確認できません",
    },
    "not_finite": {
        "en": "the {derivative} of {function} is not finite at {place}",
        "ja": "{function} の{derivative}が {place} で有限の値になりません",
    },
    "debug": {
        "en": "run it under `with tw.debug():`, which names the op that made this value",
        "ja": "`with tw.debug():` の中で実行すると、この値を作った関数がわかります",
    },
    "looks_like_kink": {
        "en": "it looks like a kink: the slope is {left:.6g} to the left and {right:.6g} to the "
        "right",
        "ja": "微分できない点のようです。傾きは左側で {left:.6g}、右側で {right:.6g} です",
    },
    "looks_like_wrong_kink": {
        "en": "it looks like a kink: the slope is {left:.6g} to the left and {right:.6g} to the "
        "right; the rule's value lies between neither: look at the rule, too",
        "ja": "微分できない点のようです。傾きは左側で {left:.6g}、右側で {right:.6g} です。"
        "逆伝播の値はその間にもないので、`backward` も見直してください",
    },
    "leave_kink": {
        "en": "move the point away from the kink (ties, zeros of relu and abs, edges of clip), or "
        "leave this entry out; at a kink only the convention can be tested, not the slope",
        "ja": "点を少しずらすか (同じ値どうしの比較、relu と abs の 0、clip の端などを避けます)、"
        "この要素を確認から外してください。微分できない点には傾きがなく、取り決めた値になるかどうかしか確かめられません",
    },
    "edge": {
        "en": "the function is not finite on one side of the point: it lies at the edge of the "
        "domain; move it inwards",
        "ja": "点の片側で関数の値が有限になりません。定義域の端にあるので、内側へ動かしてください",
    },
    "unsettled": {
        "en": "the difference does not settle as the step shrinks: f is noisy (float32 inside?) or "
        "jumps here; check it at another point, or give `eps` and `rtol`",
        "ja": "刻み幅を小さくしても数値微分の値が定まりません。関数の値の誤差が大きいか "
        "(内部が float32 など)、ここで不連続です。別の点で確かめるか、`eps` と `rtol` を"
        "指定してください",
    },
    "zero": {
        "en": "the rule gives 0: a use of this argument is not counted, or the graph was left",
        "ja": "逆伝播の値が 0 です。この引数を使った箇所が逆伝播に含まれていないか、計算の途中で"
        "計算グラフから外れています",
    },
    "sign": {"en": "the sign is wrong", "ja": "符号が逆です"},
    "factor": {
        "en": "the rule's numbers are {factor:.6g} times the measured ones: a factor is wrong",
        "ja": "逆伝播の値は数値微分の値の {factor:.6g} 倍です。係数が間違っています",
    },
    "smooth": {
        "en": "the slopes to the left and to the right agree: the function is smooth here",
        "ja": "左右の傾きは一致しており、関数はここで滑らかです",
    },
    "look_at_backward": {
        "en": "look at `backward` of the ops on the way from this argument to the result",
        "ja": "この引数から結果に至る関数の `backward` を見直してください",
    },
    "look_at_order": {
        "en": "the order before is right: look for a `backward` that computes with `.data` or with "
        "plain arrays where `self.saved` gives Variables",
        "ja": "1 つ低い階の微分は正しいので、`self.saved` が Variable を返すのに `.data` や配列で"
        "計算している `backward` を探してください",
    },
}

# ---------------------------------------------------------------------- the page
_PAGE = {
    "title": {"en": "Gradient check of {function}", "ja": "{function} の勾配確認"},
    "overview": {"en": "All that was checked", "ja": "確認した項目"},
    "array": {"en": "array", "ja": "配列"},
    "order": {"en": "order", "ja": "階数"},
    "measured_entries": {"en": "measured", "ja": "測定した要素"},
    "worst": {"en": "worst relative error", "ja": "最大の相対誤差"},
    "where": {"en": "at", "ja": "位置"},
    "outcome": {"en": "outcome", "ja": "結果"},
    "entry": {"en": "entry", "ja": "要素"},
    "rule": {"en": "backward rule", "ja": "逆伝播"},
    "finite_difference": {"en": "finite difference", "ja": "数値微分"},
    "absolute": {"en": "difference", "ja": "差"},
    "relative": {"en": "relative error", "ja": "相対誤差"},
    "uncertainty": {"en": "uncertain by", "ja": "測定の不確かさ"},
    "numbers": {"en": "All numbers", "ja": "すべての数値"},
    "order_of": {"en": "{ordinal} order", "ja": "{ordinal}"},
    "output": {"en": "the gradient of the output", "ja": "出力の勾配"},
    "output_number": {"en": "the gradient of output {number}", "ja": "出力 {number} の勾配"},
    "all_entries": {"en": "all {count:,} entries", "ja": "{count:,} 要素すべて"},
    "one_entry": {"en": "1 entry", "ja": "1 要素"},
    "some_entries": {
        "en": "{entries:,} of {count:,} entries",
        "ja": "{count:,} 要素のうち {entries:,} 要素",
    },
    "no_entries": {"en": "an empty array", "ja": "空の配列"},
    "sampled": {
        "en": "{entries:,} of {count:,} entries, {directions} directions",
        "ja": "{count:,} 要素のうち {entries:,} 要素と {directions} 方向",
    },
    "sampled_once": {
        "en": "{entries:,} of {count:,} entries, {directions} direction",
        "ja": "{count:,} 要素のうち {entries:,} 要素と {directions} 方向",
    },
    "sampled_why": {
        "en": "This array is large, so it is sampled: single entries (those with the largest "
        "gradients, and some at random), and random directions that go through many entries at "
        "once.",
        "ja": "大きな配列なので、一部を抜き出して測りました。"
        "個々の要素 (勾配の大きいものと、無作為に選んだもの) と、"
        "多くの要素を同時に動かす無作為な方向です。",
    },
    "direction": {
        "en": "a direction through {moved:,} entries",
        "ja": "{moved:,} 要素を同時に動かす方向",
    },
    "projected": {
        "en": "Each number is a slope of the sum of the outputs with fixed random weights.",
        "ja": "どの数値も、固定した乱数を重みとする、出力の重み付き和の傾きです。",
    },
    "allowed": {
        "en": "allowed: a relative error of {rtol:.0e}, {atol}; step {step:.0e} of a value's size",
        "ja": "許容: 相対誤差 {rtol:.0e}、{atol}。刻み幅は値の大きさの {step:.0e} 倍",
    },
    "rounding": {"en": "or what rounding makes", "ja": "または丸め誤差の範囲"},
    "atol": {"en": "or an absolute one of {atol:.0e}", "ja": "または絶対誤差 {atol:.0e}"},
    "relative_why": {
        "en": "Relative errors are relative to the larger of the two numbers; near 0, to the least "
        "that rounding lets be compared.",
        "ja": "相対誤差は、2 つの値のうち大きいほうに対する差の比です。"
        "0 の近くでは、丸め誤差があっても比べられる最小の大きさに対する比になります。",
    },
    "left_out": {
        "en": "{count:,} more comparisons are not shown; none is worse than those that are.",
        "ja": "ほかの {count:,} 件は省略しました。ここに示したものより悪い結果はありません。",
    },
    "is_right": {"en": "agrees", "ja": "一致"},
    "is_wrong": {"en": "wrong", "ja": "不一致"},
    "is_kink": {"en": "a kink", "ja": "微分できない点"},
    "is_unclear": {"en": "not confirmed", "ja": "確認できず"},
    "is_not_finite": {"en": "not finite", "ja": "有限でない"},
    "is_worst": {
        "en": "the largest relative error of its array",
        "ja": "その配列で最大の相対誤差",
    },
}
WORDS = _FINDINGS | _PAGE
