"""Routing: who is told of an alert, as what, through which receivers, or why not."""
