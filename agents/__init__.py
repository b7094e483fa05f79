"""Who moves it: the only package that does I/O, keeps time and counts."""
