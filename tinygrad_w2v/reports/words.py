"""What the pages of runs say, in each of their languages; {0}, {1} are filled in."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    # The whole page
    "report": {"en": "Report of a run: {0}", "ja": "学習のレポート: {0}"},
    "contents": {"en": "contents", "ja": "目次"},
    "need_script": {
        "en": "The curves, the map and the analogies need JavaScript; the rest of the page does "
        "not.",
        "ja": "損失の曲線、単語の地図、類推には JavaScript が必要です。ほかの部分はそのまま読め"
        "ます。",
    },
    "interrupted": {
        "en": "The run was ended early: this is what it had learned by then.",
        "ja": "学習は途中で終了しました。これはそのときまでの結果です。",
    },
    "stopped_early": {
        "en": "The run ended before its last epoch, as the held-out loss did not fall any more.",
        "ja": "評価用テキストの損失が下がらなくなったため、最後のエポックの前に学習を終えました。",
    },
    "goes_on": {
        "en": "The run goes on; this page is made anew every {0} s, and reads itself again "
        "unless you are at work in it.",
        "ja": "学習中です。このページは {0} 秒ごとに作り直され、操作していないあいだは自動で読み"
        "込み直されます。",
    },
    "made_by": {
        "en": "Made by tinygrad_w2v {0}. This file is all of it: it loads nothing.",
        "ja": "tinygrad_w2v {0} が作成しました。このファイルだけで完結し、外部からは何も読み込み"
        "ません。",
    },
    # What was run
    "what": {"en": "What was run", "ja": "学習の内容"},
    "settings": {"en": "Settings", "ja": "設定"},
    "engine": {"en": "Engine", "ja": "エンジン"},
    "text": {"en": "Text", "ja": "テキスト"},
    "examples": {"en": "Examples", "ja": "学習例"},
    "versions": {"en": "Versions", "ja": "バージョン"},
    "lead_epochs": {"en": "{0} epochs", "ja": "{0} エポック"},
    "lead_epoch": {"en": "1 epoch", "ja": "1 エポック"},
    "lead_seconds": {"en": "{0} s", "ja": "{0} 秒"},
    "lead_one_loss": {"en": "loss {0}", "ja": "損失 {0}"},
    "lead_loss": {"en": "loss {0} at first, {1} at last", "ja": "損失 {0} → {1}"},
    "lead_heldout": {"en": "{0} held out", "ja": "評価用テキストでの損失 {0}"},
    "lead_words": {"en": "{0} words with vectors", "ja": "単語ベクトル {0} 語"},
    # Curves
    "curves": {"en": "Was it learning?", "ja": "学習は進んだか"},
    "curves_note": {
        "en": "The loss is the mean of a prediction. The held-out loss is that on text that was "
        "not trained on; what is not below the unigram model, which knows how frequent words "
        "are and looks at no context, has learned nothing from contexts.",
        "ja": "損失は推測 1 回あたりの平均です。評価用テキストは学習に使わなかった部分です。ユニ"
        "グラムモデルは単語の頻度だけを知り、文脈を見ません。その損失を下回らなければ、文脈から"
        "は何も学んでいません。",
    },
    "curves_plain": {
        "en": "The loss is the mean of a prediction on what is trained on. Without held-out "
        "examples it does not tell how well the model does on others.",
        "ja": "損失は学習データでの推測 1 回あたりの平均です。評価用のデータがないので、ほかのデ"
        "ータでどれだけ当たるかはわかりません。",
    },
    "no_curves": {"en": "The run left no losses.", "ja": "損失の記録がありません。"},
    "loss": {"en": "loss", "ja": "損失"},
    "heldout": {"en": "held out", "ja": "評価用テキスト"},
    "unigram": {"en": "unigram model", "ja": "ユニグラムモデル"},
    "alpha": {"en": "learning rate", "ja": "学習率"},
    "speed_words": {"en": "words a second", "ja": "1 秒あたりの単語数"},
    "speed_examples": {"en": "examples a second", "ja": "1 秒あたりの例数"},
    "words": {"en": "words read", "ja": "読んだ単語数"},
    "examples_read": {"en": "examples read", "ja": "読んだ例数"},
    "epochs": {"en": "epochs", "ja": "エポック"},
    "epoch": {"en": "epoch", "ja": "エポック"},
    "as_numbers": {"en": "The same as numbers", "ja": "数値で見る"},
    # Words
    "learned": {"en": "Some words and their neighbours", "ja": "単語とその類似語"},
    "learned_note": {
        "en": "The nearest words by the cosine of their vectors. The words were chosen among "
        "frequent ones, function words left out.",
        "ja": "ベクトルのコサイン類似度が高い順です。機能語を除いた、頻度の高い単語から選びまし"
        "た。",
    },
    "word": {"en": "word", "ja": "単語"},
    "neighbours": {"en": "nearest words", "ja": "類似語"},
    "map": {"en": "Map of the words", "ja": "単語の地図"},
    "map_pca": {
        "en": "Each point is a word; the plane is the one in which the vectors differ most "
        "(PCA). Words near to each other here need not have near vectors: click one, and its "
        "neighbours by all {0} numbers of its vector are joined to it.",
        "ja": "点は単語、平面はベクトルの違いが最も大きく表れる平面 (PCA) です。地図の上で近くて"
        "も、ベクトルが近いとは限りません。単語をクリックすると、{0} 次元すべてで近い単語と線で"
        "結ばれます。",
    },
    "map_other": {
        "en": "Each point is a word, placed by {1} so that words with near vectors are near; "
        "distances between far words mean little. Click one, and its neighbours by all {0} "
        "numbers of its vector are joined to it.",
        "ja": "点は単語です。{1} が、ベクトルの近い単語どうしが近くなるように並べました。離れた"
        "単語の間の距離にあまり意味はありません。単語をクリックすると、{0} 次元すべてで近い単語"
        "と線で結ばれます。",
    },
    "map_keys": {
        "en": "Drag to move; click the map, then scroll to zoom. By keys: arrows, + - 0.",
        "ja": "ドラッグで移動、クリックしてからスクロールで拡大・縮小。キーボードでは矢印と + - "
        "0。",
    },
    "map_label": {
        "en": "Map of {0} words; the search beside it finds each of them.",
        "ja": "{0} 語の地図。横の検索欄で単語を探せます。",
    },
    "stored": {
        "en": "This page holds {0} of {1} words, {2} numbers each as one byte a number, {3} MB; "
        "{4} are on the map. Similarities are right to about 0.01.",
        "ja": "このページには {1} 語のうち {0} 語のベクトル ({2} 次元、1 次元 1 バイト、{3} MB) "
        "が入っています。地図にあるのは {4} 語です。類似度の誤差は 0.01 ほどです。",
    },
    "search": {"en": "Find a word", "ja": "単語を探す"},
    "search_none": {"en": "no word begins so", "ja": "そのように始まる単語はありません"},
    "chosen_none": {
        "en": "Search for a word, or click one, to see its neighbours.",
        "ja": "単語を検索するかクリックすると、類似語が表示されます。",
    },
    "count": {"en": "{0} times in the text", "ja": "テキストに {0} 回"},
    "larger": {"en": "zoom in", "ja": "拡大"},
    "smaller": {"en": "zoom out", "ja": "縮小"},
    "fit": {"en": "the whole map", "ja": "全体を表示"},
    # Analogies
    "analogies": {"en": "Analogies", "ja": "類推"},
    "analogies_note": {
        "en": "A is to B as C is to what? The words nearest to B − A + C, computed here from "
        "the stored vectors.",
        "ja": "A に対する B は、C に対する何か。B − A + C に近い単語を、このページにあるベクトル"
        "から計算します。",
    },
    "ask": {"en": "Ask", "ja": "計算"},
    "unknown": {
        "en": "“{0}” is not among the words of this page.",
        "ja": "「{0}」はこのページにない単語です。",
    },
    "answer": {"en": "{0} is to {1} as {2} is to", "ja": "{0} : {1} = {2} : ?"},
    # Scores
    "scores": {"en": "Scores on test sets", "ja": "評価データでの成績"},
    "scores_note": {
        "en": "How well similarities agree with people's judgements (Spearman's rank "
        "correlation), and how many analogies are answered rightly, over the questions whose "
        "words are known (of analogies at most 2,000 of them, spread evenly); with 95% "
        "intervals. A score over few questions says little.",
        "ja": "類似度と人の判断の一致 (スピアマンの順位相関) と、類推の正解率です。単語がすべて"
        "語彙にある問題だけを (類推は多くても 2,000 問を均等に選んで) 数え、95% 区間を付けました。"
        "問題が少ない成績はあてになりません。",
    },
    "set": {"en": "test set", "ja": "評価データ"},
    "score": {"en": "score", "ja": "成績"},
    "interval": {"en": "95% interval", "ja": "95% 区間"},
    "known": {"en": "questions known", "ja": "答えられた問題"},
    "of": {"en": "{0} of {1}", "ja": "{1} 問中 {0} 問"},
    "spearman": {"en": "Spearman", "ja": "順位相関"},
    "accuracy": {"en": "right answers", "ja": "正解率"},
    # The model
    "graph": {"en": "The model, step by step", "ja": "モデルを 1 ステップずつ"},
    "graph_note": {
        "en": "The forward expression of the loss on two examples, and the gradient that is "
        "derived from it.",
        "ja": "2 つの例についての損失の計算と、そこから導かれた勾配です。",
    },
    "graph_open": {"en": "Open the graph", "ja": "計算グラフを開く"},
    "graph_title": {"en": "graph of the model", "ja": "モデルの計算グラフ"},
    "kernel": {"en": "What the engine ran", "ja": "エンジンが実行したもの"},
    "kernel_note": {
        "en": "The model was compiled: these are the instructions for one example, and the "
        "source of the native code that was made of them.",
        "ja": "モデルはコンパイルされました。1 つの例に対する命令と、そこから作られたネイティブ"
        "コードのソースです。",
    },
    "instructions": {"en": "Instructions", "ja": "命令"},
    "source": {"en": "Source", "ja": "ソース"},
    "repeat": {"en": "Do it again", "ja": "もう一度実行する"},
    "table": {"en": "table: {0}", "ja": "表: {0}"},
    # Live questions
    "live": {
        "en": "Questions to a trained model, answered on this machine.",
        "ja": "学習済みのモデルに質問できます。計算はこのコンピュータの中で行われます。",
    },
    "open_report": {"en": "The report of the run", "ja": "学習のレポート"},
    "analogies_live": {
        "en": "A is to B as C is to what?",
        "ja": "A に対する B は、C に対する何か。",
    },
    "odd": {"en": "The odd one out", "ja": "仲間はずれ"},
    "odd_note": {
        "en": "The word that is farthest from the mean of all.",
        "ja": "全体の平均から最も遠い単語を探します。",
    },
    "odd_one": {
        "en": "{0} does not go with the others; how near each is to the mean:",
        "ja": "仲間はずれは {0} です。平均への近さは次のとおりです。",
    },
    "sentence": {"en": "A sentence as the model sees it", "ja": "モデルから見た文"},
    "sentence_note": {
        "en": "Its windows, the negative words that are drawn for each, and the loss of each. "
        "The graph of a window can be stepped through, forward and backward.",
        "ja": "文のウィンドウと、それぞれについて選ばれた負例、損失です。ウィンドウごとに、計算"
        "グラフを順伝播も逆伝播も 1 ステップずつたどれます。",
    },
    "words_field": {"en": "words", "ja": "単語 (空白区切り)"},
    "text_field": {"en": "sentence", "ja": "文"},
    "window_center": {"en": "centre", "ja": "中央の単語"},
    "window_contexts": {"en": "contexts", "ja": "コンテキスト"},
    "window_negatives": {"en": "negative words", "ja": "負例"},
    "window_loss": {"en": "loss", "ja": "損失"},
    "step": {"en": "step through", "ja": "たどる"},
    "left_out": {
        "en": "Not in the vocabulary, left out: {0}",
        "ja": "語彙になく、除いた単語: {0}",
    },
    "no_windows": {
        "en": "A window needs two words of the vocabulary.",
        "ja": "ウィンドウには、語彙にある単語が 2 つ必要です。",
    },
    "failed": {
        "en": "No answer: has the server ended?",
        "ja": "応答がありません。サーバが終了していませんか。",
    },
    "nearest": {"en": "Nearest words", "ja": "類似語"},
    # Several runs
    "comparison": {"en": "{0} runs side by side", "ja": "{0} 個の学習の比較"},
    "runs": {"en": "Runs", "ja": "学習"},
    "run": {"en": "run", "ja": "学習"},
    "group": {"en": "group", "ja": "グループ"},
    "groups_note": {
        "en": "Runs whose settings and texts are equal, but for the seed and the number of "
        "threads, are a group. Of runs of a group with the very same vectors one is counted.",
        "ja": "シードとスレッド数のほかの設定とテキストが同じ学習を、1 つのグループにまとめます。"
        "グループの中でベクトルがまったく同じ学習は、1 つと数えます。",
    },
    "last_loss": {"en": "last loss", "ja": "最後の損失"},
    "last_heldout": {"en": "last held-out loss", "ja": "最後の評価用テキストの損失"},
    "speed": {"en": "words a second", "ja": "単語/秒"},
    "differs": {"en": "Settings that differ", "ja": "異なる設定"},
    "differs_none": {"en": "All settings are equal.", "ja": "設定はすべて同じです。"},
    "compared_curves": {"en": "Losses", "ja": "損失"},
    "by_loss": {"en": "loss, on what is trained on", "ja": "学習データでの損失"},
    "by_heldout": {"en": "held-out loss", "ja": "評価用テキストでの損失"},
    "group_scores_note": {
        "en": "For a group of several runs: the mean ± the standard error over its runs, and "
        "the 95% interval of the mean by Student's t. For one run: the 95% interval by the "
        "number of questions.",
        "ja": "複数の学習のグループでは、平均 ± 標準誤差と、t 分布による平均の 95% 区間です。1 "
        "つの学習では、問題の数から求めた 95% 区間です。",
    },
    "number_of_runs": {"en": "runs", "ja": "学習の数"},
    "value": {"en": "value", "ja": "値"},
    "no_scores": {
        "en": "No test set was found of which enough words are known. An installed gensim "
        "brings some.",
        "ja": "語彙に十分な単語がある評価データが見つかりません。gensim をインストールすると、い"
        "くつか使えます。",
    },
    "their_neighbours": {"en": "Neighbours of some words", "ja": "単語の類似語"},
    "no_words": {
        "en": "No word is common to all runs.",
        "ja": "すべての学習に共通する単語がありません。",
    },
    "not_there": {"en": "not in its vocabulary", "ja": "語彙にない"},
    "drift": {"en": "Words that drifted", "ja": "使われ方が変わった単語"},
    "drift_note": {
        "en": "{0} words are frequent enough in {1} and {2}. The second vectors were rotated "
        "onto the first (orthogonal Procrustes), as the axes of a training have no meaning of "
        "their own; a word's drift is one minus the cosine of what is then left of its two "
        "vectors. The median is {3}.",
        "ja": "{1} と {2} の両方で十分に頻度の高い単語は {0} 語です。学習で得られる軸には意味が"
        "ないので、後者のベクトルを前者に重なるように回転しました (直交プロクラステス)。変化は、"
        "2 つのベクトルの 1 − コサイン類似度です。中央値は {3} です。",
    },
    "drift_chance": {
        "en": "Settings and text of both are equal: this much is chance.",
        "ja": "どちらも設定とテキストは同じなので、これは偶然による変化です。",
    },
    "vocabulary": {"en": "words", "ja": "語彙"},
    "drift_few": {
        "en": "Too few words are frequent in both {0} and {1} to tell what drifted.",
        "ja": "{0} と {1} の両方で頻度の高い単語が少ないため、変化はわかりません。",
    },
    "drifted": {"en": "drift", "ja": "変化"},
    "near_in": {"en": "nearest in {0}", "ja": "{0} での類似語"},
}

# Names in the tables of what was run; settings have the names that they are given by.
FACTS = {
    "sources": "入力",
    "words": "単語数",
    "known words": "語彙にある単語数",
    "sentences": "文の数",
    "vocabulary": "語彙数",
    "held-out words": "評価用の単語数",
    "learned on from": "もとの学習",
    "engine": "エンジン",
    "why": "選んだ理由",
    "threads": "スレッド数",
    "same bytes again": "毎回同じバイト列",
    "words per second": "単語/秒",
    "processor": "プロセッサ",
    "source": "種類",
    "units": "単位の数",
    "fields": "項目",
    "vectors of the words": "単語ベクトルのパラメータ",
}

# Those that the scripts of a page say.
IN_SCRIPTS = (
    "loss heldout unigram alpha speed_words speed_examples words examples_read epochs "
    "search_none chosen_none count larger smaller fit unknown answer map_label"
).split()
