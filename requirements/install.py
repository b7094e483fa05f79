"""Make .venv from a hashed lock: `install.py run` or `install.py dev`. Standard library only."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
NO_VENV = "this Python can't make virtual environments; on Debian or Ubuntu: sudo apt-get install python3-venv"


def run(*command: str | Path) -> None:
    """Run a command quietly; show what it said, and stop, if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nfailed: {' '.join(str(part) for part in command)}")


def make_environment() -> None:
    """Create .venv when it isn't there, its interpreter is gone, or its making broke off before pip was in."""
    if (VENV / "bin" / "python").exists() and (VENV / "bin" / "pip").exists():
        return
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships Python without it; venv would fail half way
    except ImportError:
        sys.exit(f"tocsin: {NO_VENV}")
    run(sys.executable, "-m", "venv", "--clear", VENV)


def main(lock: str) -> None:
    """Install the named lock and this checkout, then leave the stamp that make looks at."""
    if sys.version_info < (3, 11):
        sys.exit(f"tocsin: Python 3.11 or later is needed, this is {sys.version.split()[0]}; set PYTHON=python3.11")
    started = time.monotonic()
    print(f"tocsin: installing the {lock} set into .venv ...", file=sys.stderr, flush=True)
    make_environment()
    pip = (VENV / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "--no-deps", "-r", f"requirements/{lock}.lock")
    run(*pip, "--no-build-isolation", "--no-deps", "--no-index", "-e", ".")
    for stamp in ("run", lock):
        (VENV / f".{stamp}").touch()
    print(f"tocsin: installed in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
