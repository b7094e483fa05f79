"""`tocsin verify` as a user's script calls it: a page in, a verdict and an exit code out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.children import ROOT
from tests.support.data import shared_data

pytestmark = pytest.mark.kafka
EXPECTED = "tariffs,rare-earths,trump-xi-summit"
NEWS = """\
<!doctype html><html lang="en"><head><title>Tariffs today</title></head><body>
<header><nav><ul><li><a href="/tariffs">Tariffs</a></li><li>Trump and Xi summit: rare earths</li></ul></nav></header>
<article><h1>Beijing and Washington extend truce on tariffs</h1>
<p>The United States and China agreed on Monday to hold tariffs at their present level, and Beijing will grant licences
for rare earth exports.</p>
<p>President Trump and President Xi will hold a summit in November, officials said.</p>
<h2>Related Articles</h2><ul><li>Tariffs on steel doubled</li><li>Rare earths: who mines them</li></ul></article>
<aside><h3>Most Popular</h3><p>Trump-Xi summit explained</p></aside><footer>Tariffs newsletter</footer></body></html>
"""
OTHER = "<html><body><nav>Tariffs</nav><h1>Choir wins prize</h1><p>A choir from Penang won a prize.</p></body></html>"


def verify(page: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-m", "agents.cli.main", "verify", str(page), "--json", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else {"said": done.stderr}


def rules(verdict: dict[str, object]) -> set[str]:
    return {alert["rule_id"] for alert in verdict["alerts"]}


@pytest.mark.corpus
def test_the_seed_page_alerts_as_expected() -> None:
    code, verdict = verify(next(shared_data("seed").glob("*.txt")), "--expect", EXPECTED)
    assert rules(verdict) >= set(EXPECTED.split(","))
    assert (verdict["spans_ok"], verdict["boilerplate_matches"], verdict["missing"], code) == (True, 0, [], 0)


def test_a_page_in_html_alerts_by_its_text_and_not_by_what_stands_around_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(NEWS)
    code, verdict = verify(tmp_path / "page.html", "--expect", EXPECTED)
    assert (verdict["spans_ok"], verdict["boilerplate_matches"], verdict["missing"], code) == (True, 0, [], 0)


def test_a_page_that_no_rule_is_about_fails_what_was_expected_of_it(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(OTHER)
    code, verdict = verify(tmp_path / "page.html", "--expect", "tariffs")
    assert (verdict["alerts"], verdict["missing"], code) == ([], ["tariffs"], 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(None, "name a page that can be read", id="no such file"),
        pytest.param("<p>no heading</p>", "no title", id="no title"),
    ],
)
def test_a_page_that_can_not_be_read_is_refused_before_anything_starts(
    tmp_path: Path, text: str | None, says: str
) -> None:
    page = tmp_path / "page.html"
    if text is not None:
        page.write_text(text)
    code, answer = verify(page)
    assert code == 78
    assert says in str(answer["said"])
