"""`make bench`: every bench in turn, each printing its figures beside their targets; exit 1 if one misses a target."""

import subprocess
import sys

from tests.support.children import ROOT

BENCHES = ("pipeline", "delivery", "stories", "twin", "oracles", "rules", "backtest")


def main(arguments: list[str]) -> int:
    """Run the benches with the arguments that were given (`--quick`, `--json`)."""
    missed = []
    for name in BENCHES:
        print(f"== bench.{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, check=False).returncode:
            missed.append(name)
    print(f"bench: {'missed in ' + ', '.join(missed) if missed else 'every target reached'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
