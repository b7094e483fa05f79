import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from agents.cli.rulebook.article import read_text
from streams.errors import ConfigurationError
from tests.support.command_line import Tocsin
from tests.support.matching import article


@pytest.fixture(autouse=True)
def rule(tocsin: Tocsin, tmp_path: Path) -> None:  # noqa: ARG001 - makes the folder
    """One rule in the files."""
    (tmp_path / "tocsin.d/rules.yaml").write_text("version: 1\nrules: [{id: a, query: 'title:tin AND body:zinc'}]\n")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(article("Tin", body="zinc").to_json(), ("Tin", "zinc"), id="an article of the topic"),
        pytest.param(b'{"title": "Tin", "body": "zinc"}\n', ("Tin", "zinc"), id="a short one"),
        pytest.param(b"Tin\n\nzinc\nfell\n", ("Tin", "zinc\nfell"), id="plain text"),
        pytest.param(b"\xef\xbb\xbfTin", ("Tin", ""), id="a headline alone, with a byte order mark"),
    ],
)
def test_a_file_is_json_or_text_with_its_headline_first(given: bytes, expected: tuple[str, str]) -> None:
    found = read_text(given, name="x")
    assert (found.title, found.body) == expected


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param(b"", "x: holds no text", id="nothing"),
        pytest.param(b"<html><body><h1>Tin</h1>", "`tocsin verify x`", id="a page"),
        pytest.param(b'{"titel": "x"}', "x: no article", id="another object"),
        pytest.param(b"{", "x: not JSON", id="half an object"),
    ],
)
def test_what_is_no_article_is_said(given: bytes, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        read_text(given, name="x")


def test_an_article_comes_from_a_file_or_stdin(tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "article.txt").write_text("Tin\nzinc\n")
    assert tocsin("rules", "explain", "a", "article.txt").code == 0
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"Tin\nlead")))
    assert tocsin("rules", "explain", "a", "-").code == 1


@pytest.mark.parametrize(
    "arguments",
    [pytest.param((), id="nothing"), pytest.param(("article.txt", "--title", "x"), id="two at once")],
)
def test_one_article_must_be_given(tocsin: Tocsin, arguments: tuple[str, ...]) -> None:
    said = tocsin("rules", "explain", "a", *arguments)
    assert said.code == 2
    assert "give an article" in said.err


def test_an_id_needs_a_broker(tocsin: Tocsin) -> None:
    said = tocsin("rules", "explain", "a", "0a1b2c3d")
    assert (said.code, said.err.partition(":")[0]) == (78, "no broker is configured")
