"""The graph that CBOW leaves: its architecture and its backward pass, as pictures and as a program.

The page shows both passes on one graph, a step at a time: open it and press the arrow keys.

python examples/ch3_05_graph.py --output pictures
"""

import argparse

import numpy as np

import tinygrad_w2v as tw
from ch3_03_cbow import CBOW, data, folder


def main(output=".", suffix="svg"):
    """Draw both graphs into `output`, print the program; return it and the pictures' paths."""
    contexts, target, id_to_word = data()
    model = CBOW(len(id_to_word), 5, np.random.default_rng(0))
    with tw.debug():  # every op knows its line, and its value the name that it is given there
        loss = model(tw.text.convert_one_hot(contexts, len(id_to_word)), target)
    loss.name = "loss"

    forward = folder(output) / f"ch3_05_cbow.{suffix}"
    tw.graph(loss).save(forward)
    backward = folder(output) / f"ch3_05_cbow_backward.{suffix}"
    drawing = tw.graph(loss, backward=True)
    drawing.save(backward)
    page = folder(output) / "ch3_05_steps.html"
    if suffix != "dot":  # which needs no engine that lays a graph out
        labels = {"w_in": id_to_word, "w_out": (None, id_to_word)}
        tw.graph(loss, labels=labels, detail="book").save(page)

    print(model)
    print(f"\n{drawing.text}")
    print(f"\npictures: {forward}, {backward}")
    if suffix != "dot":
        print(f"to be stepped through: {page}")
    return drawing.text, forward, backward


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", default=".", help="folder for the pictures")
    parser.add_argument("--suffix", default="svg", choices=["svg", "png", "html", "dot"])
    arguments = parser.parse_args()
    main(arguments.output, arguments.suffix)
