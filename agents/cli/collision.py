"""The guard against foreign packages: other distributions own the names `agents` and `config` too."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("streams", "agents", "config")
MARKS = {"streams": "topics.py", "agents": "kafka.py", "config": "yaml_source.py"}  # a file that only ours has


def collision() -> str | None:
    """Return a line that names the foreign package and the cure, or None when all three packages are ours."""
    ours = Path(__file__).resolve().parents[2]
    for name in PACKAGES:
        folder = _folder(find_spec(name))
        if folder is None:
            return f"the package {name} is not there: {_cure()}"
        if folder != ours / name or not (folder / MARKS[name]).is_file():
            return f"the package {name} at {folder} belongs to {_owner(name)}, not to tocsin: {_cure()}"
    return None


def _folder(spec: ModuleSpec | None) -> Path | None:
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve() if places else None


def _owner(name: str) -> str:
    # Reads the metadata of every distribution, so only once something is wrong.
    from importlib.metadata import packages_distributions  # noqa: PLC0415 - as the comment says

    others = sorted(set(packages_distributions().get(name, [])) - {"tocsin"})
    return " and ".join(others) or "another project"


def _cure() -> str:
    return f"install tocsin alone, in an environment of its own (this one is {sys.prefix})"
