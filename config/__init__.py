"""How it is set: the only package that reads files and the environment."""
