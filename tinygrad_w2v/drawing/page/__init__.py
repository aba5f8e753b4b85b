"""The page that steps through both passes, and the picture of it that moves."""
