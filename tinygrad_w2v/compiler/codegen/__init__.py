"""From loop code to Python source, and from that to a native kernel in a cache."""
