import subprocess
import sys
from pathlib import Path

import pytest

from agents.cli.collision import PACKAGES, collision

ROOT = Path(__file__).parents[4]


SCRIPT = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
sys.path[:0] = [sys.argv[2]]
spec = spec_from_file_location("guard", sys.argv[1])
guard = module_from_spec(spec)
spec.loader.exec_module(guard)
print(guard.collision())
"""


def foreign_run(site: Path) -> str:
    """Return what the guard says while `site` comes first, as it does where another distribution was installed."""
    guard = str(ROOT / "agents/cli/collision.py")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, guard, str(site)], capture_output=True, text=True, check=True, cwd=site
    )
    return done.stdout


def package(folder: Path, name: str, *files: str) -> Path:
    (folder / name).mkdir(parents=True)
    for file in ("__init__.py", *files):
        (folder / name / file).touch()
    return folder


def test_our_own_packages_share_a_folder() -> None:
    assert collision() is None
    assert len({Path(str(__import__(name).__file__)).parents[1] for name in PACKAGES}) == 1


@pytest.mark.parametrize("name", ["config", "agents"])
def test_a_foreign_package_is_named_with_the_cure(tmp_path: Path, name: str) -> None:
    said = foreign_run(package(tmp_path / "other", name))
    assert said.startswith(f"the package {name} at {tmp_path}/other/{name} belongs to another project, not to tocsin")
    assert "install tocsin alone, in an environment of its own" in said


def test_our_own_folder_whose_contents_were_overwritten_is_found(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in PACKAGES:
        package(site, name)
    (site / "agents/cli").mkdir()
    (site / "agents/cli/collision.py").write_text((ROOT / "agents/cli/collision.py").read_text())
    script = SCRIPT.replace("sys.argv[1]", "sys.argv[2] + '/agents/cli/collision.py'")
    done = subprocess.run(
        [sys.executable, "-c", script, "", str(site)], capture_output=True, text=True, check=True, cwd=site
    )
    assert f"the package streams at {site}/streams belongs to" in done.stdout


def test_the_distribution_that_owns_a_foreign_package_is_named(tmp_path: Path) -> None:
    site = package(tmp_path / "other", "config")
    about = site / "config_kit-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: config-kit\nVersion: 1.0\n")
    (about / "top_level.txt").write_text("config\n")
    (about / "RECORD").write_text("config/__init__.py,,\n")
    assert "belongs to config-kit, not to tocsin" in foreign_run(site)
