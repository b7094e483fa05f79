"""Matching: the rules that an article satisfies, and the spans that prove it."""
