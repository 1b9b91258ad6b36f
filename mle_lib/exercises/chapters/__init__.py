"""A folder for each chapter: its number, and its exercises in their order."""
