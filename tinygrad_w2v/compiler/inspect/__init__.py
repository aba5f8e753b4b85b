"""Looking at what was compiled: its picture, its source in a checked mode, every form compared."""
