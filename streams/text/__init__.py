"""Plain text: HTML to text, boilerplate, tokens with their offsets, folding, language."""
