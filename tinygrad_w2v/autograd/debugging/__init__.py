"""What errors know of the user's code, what `debug` watches, and why a gradient is missing."""
