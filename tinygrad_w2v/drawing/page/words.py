"""What the page says, in each of its languages; {0}, {1} are filled in."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    # The whole page
    "title": {"en": "Graph of {0}", "ja": "{0} の計算グラフ"},
    "whole": {"en": "whole graph", "ja": "全体"},
    "trail": {"en": "where you are", "ja": "現在の位置"},
    "stage": {"en": "computational graph", "ja": "計算グラフ"},
    "skip": {"en": "skip to the controls", "ja": "操作ボタンへ移動"},
    "tools": {"en": "page", "ja": "ページの設定"},
    "zoom": {"en": "zoom", "ja": "拡大・縮小"},
    "text": {"en": "text", "ja": "テキスト"},
    "text_hint": {"en": "show the program as text (t)", "ja": "プログラムをテキストで表示 (t)"},
    "theme": {"en": "light or dark (d)", "ja": "ライト / ダーク (d)"},
    "larger": {"en": "zoom in (+)", "ja": "拡大 (+)"},
    "smaller": {"en": "zoom out (-)", "ja": "縮小 (-)"},
    "fit": {"en": "the whole graph (0)", "ja": "全体を表示 (0)"},
    "help": {"en": "help (?)", "ja": "ヘルプ (?)"},
    "close": {"en": "close", "ja": "閉じる"},
    "keys": {
        "en": "→ ←\tone step on, one step back\nHome End\tto the beginning, to the end\n"
        "Space\tplay, pause\n+ - 0 w\tzoom in, zoom out, the whole graph, its full width\n"
        "/\tsearch\nt\tprogram as text\nd\tlight or dark\nEsc\tout of a box",
        "ja": "→ ←\t次へ、戻る\nHome End\t最初へ、最後へ\nSpace\t再生、一時停止\n"
        "+ - 0 w\t拡大、縮小、全体を表示、幅に合わせる\n/\t検索\nt\tプログラムをテキストで表示\n"
        "d\tライト / ダーク\nEsc\tボックスの外へ",
    },
    "legend_note": {
        "en": "Rounded nodes are values, dark boxes are ops; press one to see all of it. "
        "Parameters are green, other variables blue, constants grey, the result yellow; "
        "what flows backward is orange. On a touch screen, swipe for one step.",
        "ja": "角の丸いノードは値、濃い色の四角は関数です。クリックすると詳しく表示されます。"
        "緑はパラメータ、青はほかの Variable、灰色は定数、黄色は結果で、"
        "逆伝播はオレンジ色で示します。タッチ画面では、左右のスワイプで 1 ステップずつ移動します。",
    },
    "need_script": {
        "en": "Stepping through the graph needs JavaScript. Below is the program as text.",
        "ja": "計算グラフを 1 ステップずつたどるには JavaScript が必要です。"
        "下に、プログラムのテキストを示します。",
    },
    # The player
    "controls": {"en": "steps", "ja": "ステップの操作"},
    "first": {"en": "to the beginning (Home)", "ja": "最初へ (Home)"},
    "back": {"en": "back (←)", "ja": "戻る (←)"},
    "next": {"en": "next (→)", "ja": "次へ (→)"},
    "last": {"en": "to the end (End)", "ja": "最後へ (End)"},
    "play": {"en": "play", "ja": "再生"},
    "pause": {"en": "pause", "ja": "停止"},
    "play_hint": {"en": "play (space)", "ja": "再生 (スペース)"},
    "pause_hint": {"en": "pause (space)", "ja": "一時停止 (スペース)"},
    "slider": {"en": "step", "ja": "ステップ"},
    "speed": {"en": "speed", "ja": "再生速度"},
    # Steps
    "at_start": {"en": "beginning", "ja": "開始"},
    "at_forward": {"en": "forward {0} of {1}", "ja": "順伝播 {0} / {1}"},
    "at_seed": {"en": "backward begins", "ja": "逆伝播の開始"},
    "at_backward": {"en": "backward {0} of {1}", "ja": "逆伝播 {0} / {1}"},
    "start_text": {
        "en": "The values that are given. Press → for the first of {0} ops.",
        "ja": "まだ、与えられた値しかありません。"
        "→ を押すたびに、{0} 個の関数を 1 つずつ計算します。",
    },
    "start_leaf": {
        "en": "A leaf: no op that was recorded made it.",
        "ja": "葉です。この値を作った関数は記録されていません。",
    },
    "start_plain": {
        "en": "A program of {0} ops, without numbers. Press → for the first.",
        "ja": "{0} 個の関数からなるプログラムです (数値はありません)。"
        "→ を押すたびに 1 つずつ進みます。",
    },
    "forward_text": {"en": "{0} computes {1}.", "ja": "{0} で {1} を計算します。"},
    "forward_box": {
        "en": "{0}, a box of {1} ops, is computed.",
        "ja": "{0} (関数 {1} 個) を計算します。",
    },
    "forward_run": {
        "en": "{0} ops are computed, one after another.",
        "ja": "{0} 個の関数を続けて計算します。",
    },
    "seed_text": {
        "en": "Backward begins at the result: {0} is 1, the derivative of {1} "
        "with respect to itself.",
        "ja": "逆伝播は結果から始まります。{1} を {1} 自身で微分するので、{0} は 1 です。",
    },
    "seed_inside": {
        "en": "The gradient arrives at {0} from outside.",
        "ja": "外側から {0} に勾配が届きます。",
    },
    "backward_text": {"en": "The rule of {0} gives {1}.", "ja": "{0} の逆伝播で {1} を求めます。"},
    "backward_none": {
        "en": "The rule of {0} sends nothing on.",
        "ja": "{0} は勾配を流しません。",
    },
    "backward_box": {"en": "Backward through {0}: {1}.", "ja": "{0} の中を逆伝播します: {1}"},
    "copied": {
        "en": "{0} passes the gradient on unchanged.",
        "ja": "{0} は勾配をそのまま流します。",
    },
    "copied_all": {
        "en": "{0} passes the gradient on unchanged, to each input.",
        "ja": "{0} は、どの入力にも勾配をそのまま流します。",
    },
    "broadcast": {
        "en": "{0} was broadcast: its gradient is summed along the axes on which it was repeated.",
        "ja": "{0} はブロードキャストされているので、複製された軸に沿って勾配を足し合わせます。",
    },
    "sum_text": {
        "en": "{0} is used {1} times: what comes back is added.",
        "ja": "{0} は {1} 回使われているので、それぞれから戻ってきた勾配を足し合わせます。",
    },
    "waiting": {"en": "{0} still to come", "ja": "残り {0} 個"},
    "comma": {"en": ", ", "ja": "、"},
    "note": {"en": "({0})", "ja": "({0})"},
    "no_formula": {
        "en": "The docstring of {0} has no formula that could be shown; the numbers are what its "
        "rule returned.",
        "ja": "{0} の docstring に、表示できる式がありません。数値は backward が返した値です。",
    },
    "done": {
        "en": "All gradients have arrived at the leaves.",
        "ja": "すべての勾配が葉まで届きました。",
    },
    "passed_over": {
        "en": "{0} op(s) got no gradient and were passed over: {1}",
        "ja": "勾配が届かないので飛ばした関数 ({0} 個): {1}",
    },
    "no_backward": {"en": "No backward pass: {0}", "ja": "逆伝播はありません: {0}"},
    "open": {"en": "open {0}", "ja": "{0} を開く"},
    # One node
    "inspector": {"en": "node", "ja": "ノード"},
    "press_node": {
        "en": "Press a node, or rest the pointer on it, to see its whole array.",
        "ja": "ノードをクリックするか、ポインタを合わせると、配列全体を表示します。",
    },
    "made_by": {"en": "made by", "ja": "計算元"},
    "read_by": {"en": "read by", "ja": "使用先"},
    "reads": {"en": "reads", "ja": "入力"},
    "makes": {"en": "makes", "ja": "出力"},
    "forward": {"en": "forward", "ja": "順伝播"},
    "backward": {"en": "backward", "ja": "逆伝播"},
    "parts": {"en": "its {0} parts", "ja": "足し合わせた {0} 個の勾配"},
    "from_op": {"en": "from {0}", "ja": "{0} から"},
    "no_gradient": {"en": "No gradient arrives here.", "ja": "ここには勾配が届きません。"},
    "no_gradient_op": {
        "en": "No gradient passes through this op.",
        "ja": "この関数には勾配が流れません。",
    },
    "ops": {"en": "{0} ops", "ja": "関数 {0} 個"},
    "empty": {"en": "empty: it has no numbers", "ja": "空の配列 (要素なし)"},
    "axis": {"en": "axis {0}", "ja": "軸 {0}"},
    "sampled": {
        "en": "A sample: {0} of {1} numbers, evenly spaced. The statistics are those of all.",
        "ja": "{1} 個の数値のうち {0} 個を等間隔に抜き出して表示しています (統計量は全体の値)。",
    },
    "sample": {"en": "a sample", "ja": "一部のみ"},
    "only_rows": {
        "en": "Only these rows of {0} were read; the gradient of the others is 0.",
        "ja": "{0} 行のうち、参照された行だけを表示しています (ほかの行の勾配は 0)。",
    },
    "stat_min": {"en": "min", "ja": "最小"},
    "stat_max": {"en": "max", "ja": "最大"},
    "stat_mean": {"en": "mean", "ja": "平均"},
    "stat_std": {"en": "std", "ja": "標準偏差"},
    "stat_norm": {"en": "norm", "ja": "ノルム"},
    "stat_zeros": {"en": "zeros", "ja": "0 の個数"},
    "stat_not_finite": {"en": "not finite", "ja": "有限でない値"},
    "kind_parameter": {"en": "parameter", "ja": "パラメータ"},
    "kind_variable": {"en": "variable", "ja": "Variable"},
    "kind_constant": {"en": "constant", "ja": "定数"},
    "kind_number": {"en": "number", "ja": "数値"},
    "kind_intermediate": {"en": "intermediate value", "ja": "途中の値"},
    "kind_result": {"en": "result", "ja": "結果"},
    "kind_gradient": {"en": "gradient", "ja": "勾配"},
    "kind_bundle": {"en": "several values", "ja": "複数の値"},
    "kind_input": {"en": "input", "ja": "入力"},
    "kind_derived": {"en": "value of backward or of the update", "ja": "逆伝播・更新の値"},
    "kind_written": {"en": "written parameter", "ja": "更新後のパラメータ"},
    "kind_op": {"en": "op", "ja": "関数"},
    "kind_rule": {"en": "op of backward or of the update", "ja": "逆伝播・更新の関数"},
    "kind_box": {"en": "box", "ja": "ボックス"},
    "aria_op": {"en": "op {0}: {1}", "ja": "関数 {0}: {1}"},
    "aria_box": {"en": "box {0} of {1} ops, opens", "ja": "ボックス {0} (関数 {1} 個)、開く"},
    "aria_value": {"en": "{0}, {1}: {2}", "ja": "{0}、{1}: {2}"},
    # Text and search
    "program": {"en": "program", "ja": "プログラム"},
    "search": {"en": "search (/)", "ja": "検索 (/)"},
    "search_label": {
        "en": "search names, ops, modules and words",
        "ja": "名前、関数、モジュール、単語を検索",
    },
    "nothing_found": {"en": "nothing found", "ja": "見つかりません"},
    "gradient_of": {"en": "gradient of {0}", "ja": "{0} の勾配"},
    "word_of": {"en": "in {0}", "ja": "{0} の中"},
}
