"""A script for gensim's FastText that runs on this library: the import line alone differs.

python examples/fasttext_script.py                        (Python's own manual; some seconds)
python examples/fasttext_script.py FILE --output FOLDER   (a text, one sentence a line)
"""

import argparse
import re
from pathlib import Path
from pydoc_data.topics import topics

# In gensim: from gensim.models.fasttext import FastText
from tinygrad_w2v import FastText


def manual():
    """Python's manual as sentences, words apart and lower case."""
    sentences = re.split(r"[.:;]\s|\n\n", "\n\n".join(topics[topic] for topic in sorted(topics)))
    return [words for text in sentences if (words := re.findall(r"[a-z]+", text.lower()))]


def main():
    """Train, ask for words that are not in the text, teach more, keep the model and its vectors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="?", type=Path, help="one sentence a line")
    parser.add_argument("--output", type=Path, help="a folder for the model and its vectors")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--bucket", type=int, default=20_000)
    options = parser.parse_args()
    if options.text is None:
        sentences = manual()
    else:
        lines = options.text.read_text(encoding="utf-8").lower().splitlines()
        sentences = [line.split() for line in lines]

    model = FastText(
        vector_size=50, window=5, min_count=5, sg=1, min_n=3, max_n=6, bucket=options.bucket
    )
    model.build_vocab(corpus_iterable=sentences)
    model.train(corpus_iterable=sentences, total_examples=model.corpus_count, epochs=options.epochs)
    print(model)
    known = model.wv.index_to_key[0]
    unseen = known + "ish"
    print(f"{known!r} known: {known in model.wv.key_to_index}")
    print(f"{unseen!r} known: {unseen in model.wv.key_to_index}, a vector: {unseen in model.wv}")
    print("nearest to it:", [word for word, _ in model.wv.most_similar(unseen, topn=3)])
    print(f"cosine with {known!r}: {model.wv.similarity(known, unseen):.2f}")

    more = [[unseen, known, unseen]] * 10
    model.build_vocab(more, update=True)
    model.train(more, total_examples=len(more), epochs=options.epochs)
    print(f"{unseen!r} known now: {unseen in model.wv.key_to_index}")

    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        model.save(str(options.output / "fasttext.model"))
        model.wv.save(str(options.output / "fasttext.kv"))
        model.wv.save_word2vec_format(str(options.output / "fasttext.vec"))
        again = FastText.load(str(options.output / "fasttext.model"))
        print("loaded:", (again.wv[unseen] == model.wv[unseen]).all())


if __name__ == "__main__":
    main()
