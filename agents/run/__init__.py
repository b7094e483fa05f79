"""`tocsin run`: everything on one machine, supervised."""
