"""`make check`: every gate of the house, all of them run, exit 1 if one is red."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("streams", "agents", "config", "tests", "bench", "requirements", "docs")
MOST_LINES, MOST_FUNCTION_LINES = 300, 50
DRAWERS = frozenset(
    {
        *("util", "utils", "helper", "helpers", "common", "misc", "base", "core"),
        *("manager", "handler", "handlers", "types", "models", "shared", "lib", "tools"),
    }
)
COMMANDS = (
    ("ruff", "format", "--check", "--quiet", "."),
    ("ruff", "check", "--quiet", "."),
    ("mypy",),
    ("lint-imports", "--no-cache"),
)


def problems_of_size() -> Iterator[str]:
    """Yield a line for each file or function that is too long, and each module whose name is a drawer."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name, text = path.relative_to(ROOT), path.read_text(encoding="utf-8")
            if (lines := text.count("\n")) > MOST_LINES:
                yield f"{name}: {lines} lines, {MOST_LINES} at most: split it by what it is about"
            if DRAWERS & {path.stem, path.parent.name}:
                yield f"{name}: a drawer, not a name: say what is inside"
            yield from (f"{name}:{line}" for line in long_functions(text))


def long_functions(text: str) -> Iterator[str]:
    """Yield `line name: length` for each function over one screen."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                yield f"{node.lineno} {node.name}: {length} lines, {MOST_FUNCTION_LINES} at most: one screen a function"


def main() -> int:
    """Run every gate; print what is red."""
    red = []
    for command in COMMANDS:
        done = subprocess.run(
            [str(Path(sys.executable).parent / command[0]), *command[1:]],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            red.append(command[0])
            print(done.stdout + done.stderr)
    sizes = list(problems_of_size())
    print("\n".join(sizes), end="\n" if sizes else "")
    red += ["sizes"] if sizes else []
    print(f"check: {'red: ' + ', '.join(red) if red else 'green'}")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
