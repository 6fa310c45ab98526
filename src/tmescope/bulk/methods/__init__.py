"""Scoring methods for bulk expression, one file a method; `METHODS` in `registry` lists them."""
