"""A script for gensim's Doc2Vec that runs on this library: the import line is all that differs.

python examples/doc2vec_script.py                        (Python's own manual; some seconds)
python examples/doc2vec_script.py FILE --output FOLDER   (a text, one document a line)
"""

import argparse
import collections
import logging
import re
from pathlib import Path
from pydoc_data.topics import topics

# In gensim: from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from tinygrad_w2v import Doc2Vec, TaggedDocument


def read_documents(path=None):
    """Return the documents as lists of words: the lines of a file, or Python's manual."""
    if path is None:
        texts = [topics[name] for name in sorted(topics)]
    else:
        texts = Path(path).read_text(encoding="utf-8").splitlines()
    documents = [re.findall(r"[^\W\d_]+", text.lower()) for text in texts]
    return [words for words in documents if words]


def ranks_of(model, documents):
    """Infer each document anew, and return the place that its own trained vector has."""
    ranks = []
    for tag, words in enumerate(documents):
        inferred_vector = model.infer_vector(words)
        sims = model.dv.most_similar([inferred_vector], topn=len(model.dv))
        ranks.append([near for near, _ in sims].index(tag))
    return ranks


def main(path=None, output=".", epochs=40):
    """Train, look for each document among all, ask about new ones, save and load."""
    logging.basicConfig(format="%(asctime)s : %(levelname)s : %(message)s", level=logging.INFO)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    documents = read_documents(path)
    corpus = [TaggedDocument(words, [number]) for number, words in enumerate(documents)]

    model = Doc2Vec(vector_size=50, min_count=2, epochs=epochs, seed=7, workers=1)
    model.build_vocab(corpus)
    print(f"{model.corpus_count} documents, {len(model.wv)} words, {len(model.dv)} tags")
    model.train(corpus, total_examples=model.corpus_count, epochs=model.epochs)

    ranks = ranks_of(model, documents)
    first = collections.Counter(ranks)[0]
    print(f"{first} of {len(ranks)} documents are nearest to themselves")

    number = min(3, len(documents) - 1)
    print("Document", number, ":", " ".join(documents[number][:12]))
    for tag, cosine in model.dv.most_similar(number, topn=min(3, len(documents) - 1)):
        print(f"  {cosine:.2f}  {tag}: {' '.join(documents[tag][:8])}")
    half = len(documents[number]) // 2
    words, others = documents[number][:half], documents[number][half:]
    print("its halves:", round(float(model.similarity_unseen_docs(words, others)), 2))

    model.save(str(folder / "doc2vec.model"))
    again = Doc2Vec.load(str(folder / "doc2vec.model"))
    print("vectors of a new document:", again.infer_vector(documents[0][:20]).shape)
    model.save_word2vec_format(str(folder / "tags.txt"), doctag_vec=True, word_vec=False)
    print(f"model and vectors are in {folder.resolve()}")
    return model, ranks


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", help="a UTF-8 text, one document a line")
    parser.add_argument("--output", default=".", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=40)
    main(**vars(parser.parse_args()))
