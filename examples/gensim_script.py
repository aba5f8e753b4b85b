"""A script for gensim that runs on this library: the import line is the only one that differs.

python examples/gensim_script.py                        (Python's own manual; some seconds)
python examples/gensim_script.py FILE --output FOLDER   (a text, one sentence a line)
"""

import argparse
import logging
import re
from pathlib import Path
from pydoc_data.topics import topics

# In gensim: from gensim.models.word2vec import LineSentence, Word2Vec
from tinygrad_w2v import LineSentence, Word2Vec

PAIRS = """list\ttuple\t9.0
int\tfloat\t8.5
try\texcept\t8.0
class\tinstance\t7.0
key\tvalue\t8.0
bytes\tstring\t7.5
list\timport\t1.0
float\tmodule\t0.5
yield\tdictionary\t1.5
"""
ANALOGIES = """: numbers and containers
list lists tuple tuples
string strings object objects
function functions class classes
"""


class LossOfEpochs:
    """Print each epoch's loss; gensim's number only ever rises, so take differences."""

    def __init__(self):
        self.losses = []
        self.before = 0.0

    def on_train_begin(self, model):
        self.before = 0.0

    def on_epoch_begin(self, model):
        pass

    def on_epoch_end(self, model):
        loss = model.get_latest_training_loss()
        self.losses.append(loss - self.before)
        self.before = loss
        print(f"epoch {len(self.losses)}: loss {self.losses[-1]:,.0f}")

    def on_train_end(self, model):
        pass


def write_manual(path):
    """Write Python's manual as sentences, one a line, words apart and lower case."""
    with path.open("w", encoding="utf-8") as file:
        for topic in sorted(topics):
            for sentence in re.split(r"[.:;]\s|\n\n", topics[topic]):
                words = re.findall(r"[^\W\d_]+", sentence.lower())
                if words:
                    file.write(" ".join(words) + "\n")


def main(path=None, output=".", epochs=5):
    """Build, train, ask, evaluate, save and load; return the model and what was found."""
    logging.basicConfig(format="%(asctime)s : %(levelname)s : %(message)s", level=logging.INFO)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    if path is None:
        path = folder / "manual.txt"
        write_manual(path)

    sentences = LineSentence(str(path))
    model = Word2Vec(vector_size=50, window=5, min_count=5, sg=1, workers=2, seed=7)
    model.build_vocab(sentences)
    print(f"{len(model.wv)} words, {model.corpus_count} sentences")
    loss_of_epochs = LossOfEpochs()
    trained, raw = model.train(
        sentences,
        total_examples=model.corpus_count,
        epochs=epochs,
        compute_loss=True,
        callbacks=[loss_of_epochs],
    )
    print(f"trained on {trained} of {raw} words")

    for word in [word for word in ("list", "float", "class") if word in model.wv]:
        print(f"{word}: {', '.join(near for near, _ in model.wv.most_similar(word, topn=5))}")
    if all(word in model.wv for word in ("int", "float", "list", "tuple")):
        print("int and float:", round(float(model.wv.similarity("int", "float")), 2))
        print("does not match:", model.wv.doesnt_match(["int", "float", "tuple"]))

    (folder / "pairs.tsv").write_text(PAIRS, encoding="utf-8")
    (folder / "analogies.txt").write_text(ANALOGIES, encoding="utf-8")
    pairs = model.wv.evaluate_word_pairs(str(folder / "pairs.tsv"), dummy4unknown=True)
    analogies = model.wv.evaluate_word_analogies(str(folder / "analogies.txt"), dummy4unknown=True)
    print(f"word pairs: Spearman {pairs[1][0]:.2f}, unknown {pairs[2]:.0f} %")
    print(f"analogies: {analogies[0]:.0%} right")

    model.save(str(folder / "word2vec.model"))
    model = Word2Vec.load(str(folder / "word2vec.model"))
    model.train(sentences, total_examples=model.corpus_count, epochs=1)  # goes on
    model.wv.save_word2vec_format(str(folder / "vectors.txt"))
    print(f"word pairs, analogies, model and vectors are in {folder.resolve()}")
    return model, (trained, raw), loss_of_epochs.losses, pairs, analogies


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", help="a UTF-8 text, one sentence a line")
    parser.add_argument("--output", default=".", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=5)
    main(**vars(parser.parse_args()))
