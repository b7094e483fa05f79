import sys
from pathlib import Path

import pytest

from requirements import install


def test_an_environment_that_broke_off_before_pip_was_in_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    install.make_environment()
    assert (binaries / "pip").exists()
    made = (binaries / "pip").stat()
    install.make_environment()
    assert (binaries / "pip").stat() == made, "one that is whole is left alone"
