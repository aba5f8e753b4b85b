"""Instructions: a small closed set, immutable and typed; their meaning, listing and checks."""
