"""`tocsin version`."""

from importlib.metadata import version as version_of


def version() -> None:
    """Print the version."""
    print(f"tocsin {version_of('tocsin')}")
