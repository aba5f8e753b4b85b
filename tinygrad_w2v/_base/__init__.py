"""What every other package may use: errors, safe files, progress, shared types."""
