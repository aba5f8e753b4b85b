"""Finding and joining phrases: `tw.Phrases` beside gensim's, on the same text.

    python benchmarks/phrases.py TEXT [--repeat 1] [--connectors] [--only ours,gensim] [--json]

TEXT has a sentence a line, split at white space. Each of the two counts all words and pairs,
exports the phrases, and joins them in the whole text by the frozen phrases; each in a process of
its own, whose peak of memory is that of counting and exporting, less what its imports took. The
smallest times are compared. That the phrases and their scores are equal, and so is the number of
words of the joined text, is checked. Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import time
from typing import Any


def measured(path: str, library: str, connectors: bool) -> dict[str, Any]:
    """Count, export and join with one library, in this process."""
    from tinygrad_w2v.text.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
    from tinygrad_w2v.text.sentences import LineSentence

    source: Any = LineSentence(path)
    kind: Any = Phrases
    if library == "gensim":
        from gensim.models.phrases import Phrases as kind
        from gensim.models.word2vec import LineSentence as TheirLineSentence

        source = TheirLineSentence(path, max_sentence_length=10**9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    words = ENGLISH_CONNECTOR_WORDS if connectors else frozenset()
    start = time.perf_counter()
    phrases = kind(source, connector_words=words)
    counted = time.perf_counter()
    frozen = phrases.freeze()
    exported = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    joined = frozen[source]
    if library == "ours":
        length = sum(len(chunk.words) for chunk in joined.chunks())
    else:
        length = sum(map(len, joined))
    end = time.perf_counter()
    found = json.dumps(sorted(frozen.phrasegrams.items())).encode()
    return {
        "words": phrases.corpus_word_count,
        "phrases": len(frozen.phrasegrams),
        "joined words": length,
        "digest": hashlib.sha256(found).hexdigest(),
        "count": counted - start,
        "export": exported - counted,
        "join": end - exported,
        "peak MB": peak / 1024,
    }


def main() -> int:
    """Measure both in turn and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--connectors", action="store_true", help="English connector words")
    parser.add_argument("--only", default="ours,gensim")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measured(options.text, options.here, options.connectors)))
        return 0
    results: dict[str, dict[str, Any]] = {}
    for _ in range(options.repeat):
        for library in options.only.split(","):
            command = [sys.executable, __file__, options.text, "--here", library]
            command += ["--connectors"] * options.connectors
            one = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
            old = results.setdefault(library, one)
            for name in ("count", "export", "join", "peak MB"):
                old[name] = min(old[name], one[name])
    same = ("words", "phrases", "joined words", "digest")
    if len({tuple(one[name] for name in same) for one in results.values()}) != 1:
        raise SystemExit(f"the two do not find the same phrases: {results}")
    if options.json:
        print(json.dumps(results))
        return 0
    for library, one in results.items():
        print(
            f"{library:7} {one['words']:,} words, {one['phrases']:,} phrases: count "
            f"{one['count']:.2f} s, export {one['export']:.2f} s, join {one['join']:.2f} s, "
            f"peak {one['peak MB']:.0f} MB"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
