"""The way out: one HTTP client, and the guard over every address that it connects to."""
