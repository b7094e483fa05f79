"""Deliver: who sends notifications, each receiver in its own lane, and what becomes of a delivery."""
