"""From a `Program` to a picture: nodes and edges, placed by Graphviz."""
