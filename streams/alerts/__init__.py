"""Alerts: what is new about a story for the rules that matched."""
