"""Stories: articles about one event."""
