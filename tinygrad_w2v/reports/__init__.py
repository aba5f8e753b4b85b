"""Pages about runs: the report of one, several side by side, and a server for live questions."""
