"""What runs a training: NumPy on the graph, or the model compiled to native code."""
