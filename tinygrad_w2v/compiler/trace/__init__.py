"""From a model to instructions: its loss runs on symbols, and so do the rules of backward."""
