"""`tocsin replay`: what was decided, decided again and compared."""
