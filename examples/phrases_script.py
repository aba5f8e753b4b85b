"""A script of gensim's Phrases that runs on this library: only the import lines differ.

python examples/phrases_script.py                        (Python's own manual; some seconds)
python examples/phrases_script.py FILE --output FOLDER   (a text, one sentence a line)
"""

import argparse
from pathlib import Path

from gensim_script import write_manual

# In gensim: from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phraser, Phrases
# and:       from gensim.models.word2vec import LineSentence, Word2Vec
from tinygrad_w2v import ENGLISH_CONNECTOR_WORDS, LineSentence, Phraser, Phrases, Word2Vec


def main(path=None, output=".", epochs=5):
    """Find phrases of two words and more, save, load and join them, and train on them."""
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    if path is None:
        path = folder / "manual.txt"
        write_manual(path)
    sentences = LineSentence(str(path))

    phrases = Phrases(sentences, min_count=5, threshold=10, connector_words=ENGLISH_CONNECTOR_WORDS)
    found = phrases.export_phrases()
    print(f"{len(found)} phrases in {phrases.corpus_word_count} words; the best:")
    for phrase, score in sorted(found.items(), key=lambda item: -item[1])[:5]:
        print(f"{phrase:24} {score:.1f}")

    phrases.add_vocab([["garbage", "collection", "in", "new", "york"]] * 20)
    print(phrases[["garbage", "collection", "in", "new", "york"]])
    for phrase, score in phrases.analyze_sentence(["new", "york", "is", "new"]):
        print(phrase, "" if score is None else f"(score {score:.1f})")

    phrases.save(str(folder / "phrases.model"))
    phrases = Phrases.load(str(folder / "phrases.model"))
    bigrams = Phraser(phrases)  # the same as phrases.freeze(): no more counting, but quicker
    trigrams = Phrases(bigrams[sentences], min_count=5, threshold=10)
    longest = max(trigrams[bigrams[sentences]], key=lambda words: max(map(len, words), default=0))
    print("the longest:", max(longest, key=len))

    model = Word2Vec(trigrams[bigrams[sentences]], vector_size=50, sg=1, epochs=epochs, seed=7)
    joined = [word for word in model.wv.index_to_key if "_" in word]
    print(f"{len(joined)} of {len(model.wv)} words are phrases: {', '.join(joined[:5])}")
    print(f"{joined[0]}: {', '.join(word for word, _ in model.wv.most_similar(joined[0], topn=5))}")
    return found, phrases.find_phrases(sentences), joined


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", nargs="?", help="a UTF-8 text, one sentence a line")
    parser.add_argument("--output", default=".", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=5)
    main(**vars(parser.parse_args()))
