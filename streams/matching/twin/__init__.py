"""The slow twin of the matcher: each tree straight over the tokens, to be compared with."""
