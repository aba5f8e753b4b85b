"""Is every derivative right? The table of op cases, and the report on checking them all."""
