"""What a text states: figures, dates and denials as facts, and what a publisher says of its own article."""
