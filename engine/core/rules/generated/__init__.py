"""Data that `tools/` writes."""
