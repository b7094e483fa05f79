"""Feeds: bytes to entries, which of them are new, and when to poll next."""
