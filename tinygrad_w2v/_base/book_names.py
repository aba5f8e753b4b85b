"""The book's names and ours: one table for the pages of the docs and for the errors.

Someone who reads *Deep Learning from Scratch 2* types its names. What is asked for by such a name
and is not there is answered with the line to write; ``docs/names.py`` makes the pages of the same
rows. The module is imported when an error needs it.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Row(NamedTuple):
    """One name of the book."""

    book: str  # as the book writes it
    ours: str  # the line to write; empty where there is none, which the note explains
    en: str = ""  # how it differs, in both languages
    ja: str = ""
    names: str = ""  # the names that are answered with this row; by default that in `book`
    on: str = ""  # the class whose attribute it is; else it is looked for in the package


class Part(NamedTuple):
    """A file of the book."""

    en: str
    ja: str
    rows: tuple[Row, ...]


_FUNCTIONS = Part(
    "Functions (`common/functions.py`)",
    "関数 (`common/functions.py`)",
    (
        Row(
            "softmax(x)",
            "F.softmax(x)",
            "any number of axes, along the last one; never overflows",
            "配列の次元数を問わず、最後の軸に沿って計算。オーバーフローしない",
        ),
        Row(
            "cross_entropy_error(y, t)",
            "F.cross_entropy(scores, t)",
            "takes scores and makes the softmax itself (after `F.softmax` it warns); `t` as ids or "
            "one-hot; the mean",
            "softmax を通す前のスコアを渡す (softmax は中で計算し、二重にかけると警告する)。"
            "`t` は ID でも one-hot でもよい。値はバッチの平均",
        ),
        Row("sigmoid(x)", "F.sigmoid(x)", "never overflows", "オーバーフローしない"),
        Row("relu(x)", "F.relu(x)"),
    ),
)

_LAYERS = Part(
    "Layers (`common/layers.py`) become expressions",
    "レイヤ (`common/layers.py`) は式になる",
    (
        Row("MatMul(W).forward(x)", "x @ W"),
        Row("Affine(W, b).forward(x)", "x @ W + b", "or `tw.nn.Linear`", "`tw.nn.Linear` でもよい"),
        Row("Softmax().forward(x)", "F.softmax(x)"),
        Row("SoftmaxWithLoss().forward(x, t)", "F.cross_entropy(x, t)"),
        Row("Sigmoid().forward(x)", "F.sigmoid(x)"),
        Row("SigmoidWithLoss().forward(x, t)", "F.sigmoid_cross_entropy(x, t)"),
        Row(
            "Dropout(ratio).forward(x)",
            "F.dropout(x, p, rng)",
            "or `tw.nn.Dropout(p)`",
            "`tw.nn.Dropout(p)` でもよい",
        ),
        Row(
            "Embedding(W).forward(idx)",
            "W[idx]",
            "or `F.embedding(W, idx)`; `tw.nn.Embedding` is a layer with a table of its own",
            "`F.embedding(W, idx)` でもよい。`tw.nn.Embedding` は重みを自分で持つレイヤ",
        ),
        Row(
            "from common.layers import MatMul",
            "x @ W",
            "a layer is an expression, in `forward` or `loss` of a `tw.Module`",
            "レイヤは式そのものになり、`tw.Module` の `forward` や `loss` に書く",
            names="layers",
        ),
        Row(
            "layer.params",
            "model.parameters()",
            "found among the attributes; with their names `model.named_parameters()`",
            "属性から自動で集まる。名前付きなら `model.named_parameters()`",
            names="params",
            on="Module",
        ),
        Row(
            "layer.grads",
            "[W.grad.data for W in model.parameters()]",
            "each parameter has its own gradient, `W.grad`; the array is `W.grad.data`",
            "勾配はパラメータごとの `W.grad` にあり、配列は `W.grad.data`",
            names="grads",
            on="Module",
        ),
        Row(
            "layer.forward(x)",
            "model(x)",
            "the expression itself stands in `forward` or `loss` of a `tw.Module`",
            "式そのものを `tw.Module` の `forward` や `loss` に書く",
            names="-",
        ),
        Row(
            "layer.backward(dout)",
            "loss.backward()",
            "once, for the whole model",
            "モデル全体に対して一度だけ",
            names="backward",
            on="Module",
        ),
        Row(
            "self.x, self.y, self.t",
            "self.save(x, W)",
            "what a layer keeps for backward the op saves, and reads as `self.saved`; y is "
            "`F.softmax(scores)`",
            "レイヤが逆伝播のために保持していたものは、関数 (op) が保存し、`self.saved` で読む。"
            "y は `F.softmax(scores)`",
            names="-",
        ),
        Row("dW", "W.grad.data", names="-"),
        Row(
            "dx",
            "x.grad.data",
            "if x is a `tw.Variable`",
            "x が `tw.Variable` のとき",
            names="-",
        ),
        Row(
            "dout", "g", "the argument of an op's `backward`", "関数の `backward` の引数", names="-"
        ),
    ),
)

_OPTIMIZERS = Part(
    "Optimizers (`common/optimizer.py`)",
    "最適化手法 (`common/optimizer.py`)",
    (
        Row("SGD(lr=0.01)", "tw.optim.SGD(lr=0.01)"),
        Row("Momentum(lr=0.01, momentum=0.9)", "tw.optim.Momentum(lr=0.01, momentum=0.9)"),
        Row("Nesterov(lr=0.01, momentum=0.9)", "tw.optim.Nesterov(lr=0.01, momentum=0.9)"),
        Row("AdaGrad(lr=0.01)", "tw.optim.AdaGrad(lr=0.01)"),
        Row("RMSprop(lr=0.01, decay_rate=0.99)", "tw.optim.RMSprop(lr=0.01, decay_rate=0.99)"),
        Row(
            "Adam(lr=0.001, beta1=0.9, beta2=0.999)",
            "tw.optim.Adam(lr=0.001, beta1=0.9, beta2=0.999)",
        ),
        Row(
            "optimizer.update(params, grads)",
            "optimizer.step()",
            "given `model.parameters()` once, when it is made: `tw.optim.Adam(model.parameters())`",
            "パラメータは作るときに一度だけ渡す。`tw.optim.Adam(model.parameters())`",
            names="update",
            on="Optimizer",
        ),
        Row(
            "from common.optimizer import Adam",
            "tw.optim.Adam()",
            names="optimizer",
        ),
        Row(
            "self.grads[0][...] = dW",
            "optimizer.zero_grad()",
            "`backward` adds to the gradients and does not overwrite them, so they are cleared "
            "before it; `model.cleargrads()`, `v.cleargrad()` do the same",
            "`backward` は勾配を上書きせずに加算するので、その前にクリアしておく。"
            "`model.cleargrads()`、`v.cleargrad()` も同じ働き",
            names="-",
        ),
    ),
)

_TRAINER = Part(
    "Trainer (`common/trainer.py`)",
    "Trainer (`common/trainer.py`)",
    (
        Row(
            "Trainer(model, optimizer)",
            "tw.Trainer(model, optimizer)",
            "`model(x, t)` returns the mean loss",
            "`model(x, t)` が平均の損失を返す",
        ),
        Row(
            "trainer.fit(x, t, max_epoch=10, batch_size=32, max_grad=None, eval_interval=20)",
            "trainer.fit(x, t, max_epoch=10, batch_size=32)",
            "the same arguments; a last, short batch counts; the loss is a true mean",
            "引数は同じ。最後の小さなバッチも使う。損失は全サンプルの平均",
            names="-",
        ),
        Row(
            "trainer.plot(ylim=None)",
            "trainer.plot(path=None, ylim=None)",
            "with a path it writes a picture, and needs no display",
            "パスを渡すと画像ファイルに保存する。画面のない環境でも使える",
            names="-",
        ),
        Row("trainer.loss_list", "trainer.losses", names="loss_list", on="Trainer"),
        Row(
            "remove_duplicate(params, grads)",
            "model.parameters()",
            "not needed: a parameter that is used twice is one Variable, and its gradients add up",
            "不要。二度使われるパラメータも 1 つの Variable で、勾配は自動で足し合わされる",
        ),
    ),
)

_UTILITIES = Part(
    "Utilities (`common/util.py`)",
    "ユーティリティ (`common/util.py`)",
    (
        Row("preprocess(text)", "tw.text.preprocess(text)"),
        Row(
            "create_contexts_target(corpus, window_size=1)",
            "tw.text.create_contexts_target(corpus, window_size=1)",
        ),
        Row(
            "convert_one_hot(corpus, vocab_size)",
            "tw.text.convert_one_hot(corpus, vocab_size)",
            "float32",
            "float32 の配列",
        ),
        Row(
            "cos_similarity(x, y, eps=1e-8)",
            "F.cosine_similarity(x, y)",
            "differentiable; for words `vectors.similarity('you', 'i')`",
            "微分できる。単語どうしなら `vectors.similarity('you', 'i')`",
        ),
        Row(
            "most_similar(query, word_to_id, id_to_word, word_matrix, top=5)",
            "tw.WordVectors(id_to_word, word_matrix).most_similar(query, topn=5)",
            "returns pairs and prints nothing",
            "(単語, 類似度) の組をリストで返す。表示はしない",
        ),
        Row(
            "analogy(a, b, c, word_to_id, id_to_word, word_matrix)",
            "tw.WordVectors(id_to_word, word_matrix).most_similar(positive=[b, c], negative=[a])",
        ),
        Row(
            "normalize(x)",
            "vectors.get_vector(word, norm=True)",
            "for `vectors = tw.WordVectors(id_to_word, x)`",
            "`vectors = tw.WordVectors(id_to_word, x)` として使う",
        ),
        Row(
            "clip_grads(grads, max_norm)",
            "tw.optim.clip_grads(model.parameters(), max_norm)",
            "takes the parameters; returns the norm before",
            "パラメータを渡す。クリッピング前のノルムを返す",
        ),
        Row(
            "to_cpu(x), to_gpu(x)",
            "",
            "not needed: everything runs on NumPy, on the CPU",
            "不要。すべて NumPy により CPU で動く",
            names="to_cpu to_gpu",
        ),
        Row(
            "from common.util import preprocess",
            "tw.text.preprocess(text)",
            names="util",
        ),
        Row(
            "from common.np import *",
            "import numpy as np",
            "there is no CuPy behind it",
            "CuPy への切り替えはない",
            names="np",
        ),
        Row(
            "config.GPU = True",
            "",
            "not needed: everything runs on the CPU; `engine='compiled'` is the fast way to train",
            "不要。すべて CPU で動く。速く学習するには `engine='compiled'` を使う",
            names="config GPU",
        ),
        Row(
            "BaseModel",
            "tw.Module",
            "`save_params`, `load_params` are `model.save(path)`, `model.load(path)`: no pickle",
            "`save_params`、`load_params` は `model.save(path)`、`model.load(path)`。"
            "pickle は使わない",
        ),
        Row(
            "model.save_params(file_name)",
            "model.save('model.npz')",
            names="save_params",
            on="Module",
        ),
        Row(
            "model.load_params(file_name)",
            "model.load('model.npz')",
            names="load_params",
            on="Module",
        ),
    ),
)

_CHAPTER_2 = Part(
    "Counting (chapter 2)",
    "カウントベースの手法 (2 章)",
    (
        Row(
            "create_co_matrix(corpus, vocab_size, window_size=1)",
            "tw.counting.cooccurrence(corpus, vocab_size, window=1)",
            "sparse, `.toarray()` is the book's matrix; needs SciPy",
            "疎行列を返し、`.toarray()` が本の行列になる。SciPy が必要",
            names="create_co_matrix create_to_matrix",
        ),
        Row(
            "ppmi(C, verbose=False, eps=1e-8)",
            "tw.counting.ppmi(C, smoothing=1, base=2)",
            "sparse; by default rare contexts are smoothed (0.75), and the logarithm is natural",
            "疎行列を返す。既定では出現の少ないコンテキストを平滑化し (0.75)、自然対数を使う",
        ),
        Row(
            "U, S, V = np.linalg.svd(W)",
            "tw.counting.svd_vectors(W, dim=100, vocabulary=id_to_word)",
            "the vectors as `tw.WordVectors`; from a text in one step `tw.counting.count_vectors`",
            "ベクトルを `tw.WordVectors` として返す。"
            "テキストから一度に求めるなら `tw.counting.count_vectors`",
            names="-",
        ),
        Row(
            "ptb.load_data('train')",
            "tw.LineSentence('ptb.train.txt')",
            "the text is not downloaded: give the file that you have; "
            "`tw.text.builtin_corpus_lines()` is a small text that is there",
            "テキストのダウンロードはしない。手元のファイルを渡す。"
            "`tw.text.builtin_corpus_lines()` は付属の小さなテキスト",
            names="ptb load_data dataset",
        ),
    ),
)

_MODELS = Part(
    "Models (chapters 3 and 4)",
    "モデル (3 章、4 章)",
    (
        Row(
            "SimpleCBOW(vocab_size, hidden_size)",
            "tw.CBOW(vocab_size, hidden_size, objective='softmax')",
            "takes ids; `w_out` is `(V, dim)`, a row a word",
            "ID を受け取る。`w_out` の形状は `(V, dim)` で、1 行が 1 単語",
        ),
        Row(
            "SimpleSkipGram(vocab_size, hidden_size)",
            "tw.SkipGram(vocab_size, hidden_size, objective='softmax')",
            "takes ids; `w_out` is `(V, dim)`",
            "ID を受け取る。`w_out` の形状は `(V, dim)`",
        ),
        Row(
            "CBOW(vocab_size, hidden_size, window_size, corpus)",
            "tw.CBOW(vocab_size, hidden_size, counts=np.bincount(corpus))",
            "negative sampling is the default; the window is that of the contexts",
            "既定で Negative Sampling を使う。ウィンドウサイズはコンテキストの数で決まる",
        ),
        Row(
            "SkipGram(vocab_size, hidden_size, window_size, corpus)",
            "tw.SkipGram(vocab_size, hidden_size, counts=np.bincount(corpus))",
            "negative sampling is the default",
            "既定で Negative Sampling を使う",
        ),
        Row(
            "NegativeSamplingLoss(W, corpus, power=0.75, sample_size=5)",
            "tw.CBOW(vocab_size, dim, negative=5)",
            "the objective of the model, and its default",
            "モデルの目的関数であり、既定で使われる",
        ),
        Row(
            "EmbeddingDot(W).forward(h, idx)",
            "F.sum(h * W[idx], axis=-1)",
            "for `h` and `idx` of one row each; several words a row: `h @ W[idx].swapaxes(-1, -2)`",
            "1 行に 1 単語のとき。1 行に複数の単語なら `h @ W[idx].swapaxes(-1, -2)`",
        ),
        Row(
            "UnigramSampler(corpus, power, sample_size)",
            "tw.CBOW(vocab_size, dim, negative=5, counts=counts)",
            "the model draws the negative words, never the true one",
            "負例はモデルがサンプリングし、正解の単語は選ばれない",
            names="UnigramSampler get_negative_sample",
        ),
        Row(
            "model.word_vecs",
            "model.w_in.data",
            "to ask it for words: `tw.WordVectors(id_to_word, model.w_in.data)`",
            "単語で調べるには `tw.WordVectors(id_to_word, model.w_in.data)`",
            names="word_vecs",
            on="Module",
        ),
        Row("W_in", "model.w_in", names="W_in", on="Module"),
        Row("W_out", "model.w_out", names="W_out", on="Module"),
        Row(
            "in_layer, loss_layer, ns_loss",
            "model.w_in",
            "a model has parameters and an expression, no layers: read its `loss`",
            "モデルにあるのはパラメータと式で、レイヤはない。`loss` に式が書いてある",
            names="in_layer in_layer0 in_layer1 out_layer loss_layer ns_loss",
            on="Module",
        ),
        Row(
            "pickle.dump(params, f)",
            "vectors.save('vectors.npz')",
            "no pickle; `vectors.save_word2vec_format` writes what other programs read",
            "pickle は使わない。`vectors.save_word2vec_format` はほかのプログラムでも読める形式",
            names="-",
        ),
    ),
)

PARTS = (_FUNCTIONS, _LAYERS, _OPTIMIZERS, _TRAINER, _UTILITIES, _CHAPTER_2, _MODELS)


# ---------------------------------------------------------------------- answers
def row_of(name: str, on: str = "") -> Row | None:
    """The row that answers a name, of a class or of the package.

    Examples
    --------
    >>> row_of("MatMul").ours, row_of("loss_list", "Trainer").ours
    ('x @ W', 'trainer.losses')
    """
    for part in PARTS:
        for row in part.rows:
            if row.on == on and name in answered(row):
                return row
    return None


def answered(row: Row) -> list[str]:
    """The names that a row answers."""
    if row.names == "-":
        return []
    return row.names.split() or re.findall(r"^\w+", row.book)


def answer(name: str, on: str = "") -> str:
    """What to write for a name of the book, as the end of a message; empty if it is none of those.

    Examples
    --------
    >>> answer("loss_list", "Trainer")
    ": for the book's `trainer.loss_list` write `trainer.losses`"
    """
    row = row_of(name, on)
    if row is None:
        return ""
    write = f" write `{row.ours}`" if row.ours else ""
    rest = f" ({row.en})" if row.en and write else f": {row.en}" if row.en else ""
    alias = "; F is `tinygrad_w2v.functions`" if re.search(r"\bF\.", row.ours) else ""
    return f": for the book's `{row.book}`{write}{rest}{alias}"
