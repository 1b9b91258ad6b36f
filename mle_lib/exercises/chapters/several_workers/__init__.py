"""The exercises of a chapter."""
