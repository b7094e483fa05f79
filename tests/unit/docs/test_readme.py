import re
from pathlib import Path

import pytest

from tests.support.command_line import command_line

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
FILES = re.compile(r"```yaml\n# tocsin\.d/(\w+\.yaml)\n(.*?)```", re.DOTALL)


def test_the_files_of_the_readme_are_right_as_they_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = FILES.findall(README)
    assert [name for name, _ in found] == ["rules.yaml", "routes.yaml"]
    for name, text in found:
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = command_line(capsys)("config", "check", "--config-dir", str(tmp_path))
    assert (said.code, said.err) == (0, "")
    assert "1 rules, 1 desks, 2 receivers" in said.out
