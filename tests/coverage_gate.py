"""Branch coverage after `make test ARGS=--cov`: streams 100 %, the rest at least 90 %; exit 1 below."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

BOUNDS = {"streams": 100.0, "config": 90.0, "agents": 90.0}


def measured() -> dict[str, tuple[int, int]]:
    """Return (covered, all) lines and branches for each package."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        for started in Path().glob(".coverage.*"):  # by a process that was killed before it wrote anything
            if not started.stat().st_size:
                started.unlink()
        # The tests have combined what their processes left; of one that ended later this keeps both.
        subprocess.run([sys.executable, "-m", "coverage", "combine", "--append", "--quiet"], check=False)
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)], check=True)
        files = json.loads(report.read_text())["files"]
    totals = dict.fromkeys(BOUNDS, (0, 0))
    for name, data in files.items():
        package, summary = name.partition("/")[0], data["summary"]
        covered, possible = totals[package]
        totals[package] = (
            covered + summary["covered_lines"] + summary["covered_branches"],
            possible + summary["num_statements"] + summary["num_branches"],
        )
    return totals


def main() -> int:
    """Print each package's share beside its bound."""
    red = False
    for package, (covered, possible) in measured().items():
        share = 100 * covered / possible if possible else 0.0
        red |= share < BOUNDS[package]
        print(f"coverage: {package} {share:.2f} % (at least {BOUNDS[package]:.0f} %), {possible - covered} missed")
    return int(red)


if __name__ == "__main__":
    sys.exit(main())
