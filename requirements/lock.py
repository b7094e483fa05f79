"""Resolve pyproject.toml into dev.lock and run.lock: hashes for every platform, and no address."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    ROOT / ".venv/bin/uv",
    *("pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
)


def main() -> None:
    """Write both locks; the run-time set is held to the versions of the whole set, so the two always agree."""
    subprocess.run([*COMPILE, "--group", "dev", "-o", "requirements/dev.lock"], cwd=ROOT, check=True)
    subprocess.run([*COMPILE, "-c", "requirements/dev.lock", "-o", "requirements/run.lock"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
