"""The curve of a loss."""
