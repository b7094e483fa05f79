from pathlib import Path

import pytest

from config.yaml_source import load, load_file, parse, unread_files


def problems(text: str | bytes) -> list[str]:
    return parse(text, name="x.yaml").source.report()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", ['x.yaml:3:1 key "a" stands twice (first on line 1)'], id="a key twice"),
        pytest.param(
            "a: &x 1\nb: *x\n",
            [
                "x.yaml:1:4 anchors and aliases (& and *) are not allowed: write the value out",
                "x.yaml:2:4 anchors and aliases (& and *) are not allowed: write the value out",
            ],
            id="an anchor and its alias",
        ),
        pytest.param(
            "a:\n\t- b\n\t- c\n", ["x.yaml:2:1 a tab indents this line (and 1 more lines): indent with"], id="tabs"
        ),
        pytest.param(" \ta: 1\n", ["x.yaml:1:2 a tab indents this line: indent with spaces"], id="one tab"),
        pytest.param(b"a: 1\nb: caf\xe9\n", ["x.yaml:2:7 not UTF-8 (byte 0xe9): save the file as UTF-8"], id="Latin-1"),
        pytest.param("a: x\x07y\n", ["x.yaml:1:5 the character U+0007 is not allowed: take it out"], id="a bell"),
        pytest.param(
            "a: !!python/object:os.system x\n",
            ["x.yaml:1:4 the tag tag:yaml.org,2002:python/object:os.system is"],
            id="a tag",
        ),
        pytest.param("a: 1\n---\nb: 2\n", ["x.yaml:2:1 a second document: one file holds one"], id="two documents"),
        pytest.param("? [a]\n: 1\n", ["x.yaml:1:3 a key is a word, not a list or nothing"], id="a list as key"),
        pytest.param("a: b: c\n", ["x.yaml:1:5 not YAML: mapping values are not allowed"], id="a colon"),
        pytest.param(
            "a: @b\n", ["x.yaml:1:4 not YAML: found character that cannot start any token"], id="an unquoted @"
        ),
        pytest.param("a: 1\r\nb: 2\r\na: 3\r\n", ['x.yaml:3:1 key "a" stands twice'], id="lines of Windows"),
        pytest.param("\ufeffa: 1\n".encode(), [], id="a byte order mark"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_what_people_do_not_mean_is_refused_with_its_place(text: str | bytes, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        pytest.param(
            "a: @b\n", "a value that begins with @, ` or % needs single quotes around the whole of it", id="@"
        ),
        pytest.param("a: b: c\n", "a value that holds a colon and a space needs single quotes around it", id="a colon"),
        pytest.param('a: "b" AND c\n', "a value with quotes inside needs quotes around it all", id="quotes inside"),
        pytest.param("a: 'b\n", "a quote is not closed", id="an open quote"),
    ],
)
def test_a_syntax_error_that_people_make_has_its_cure(text: str, cure: str) -> None:
    (line,) = problems(text)
    assert line.endswith(cure)


def test_utf_16_is_one_problem_and_nothing_after_it() -> None:
    (line,) = problems("a: 1".encode("utf-16"))[:1]
    assert line.startswith("x.yaml:1:1 not UTF-8 (byte 0xff)")


def test_a_bomb_of_nested_lists_is_refused_at_its_depth() -> None:
    assert problems("[" * 40 + "]" * 40) == ["x.yaml:1:33 nested deeper than 32"]
    assert len(problems("[" * 5_000)) == 1


def test_a_bomb_of_aliases_is_never_multiplied_out() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    root = parse("\n".join(lines), name="x.yaml")
    assert len(root.source.report()) == 1 + 39 * 3
    assert all(len(item.items()) == 2 for _, item in root.pairs())


def test_what_stands_before_a_syntax_error_is_read_all_the_same() -> None:
    root = parse("a: 1\nb: [2, 3\nc: }\n", name="x.yaml")
    assert root.at("a").text("") == "1"
    assert root.source.cut
    assert len(root.source.report()) == 1


def test_scalars_stay_what_was_written() -> None:
    root = parse("a: no\nb: 1.10\nc: 2025-01-28\nd: 0x10\ne: ~\nf: 'null'\n", name="x.yaml")
    assert [root.at(key).content for key in "abcdef"] == ["no", "1.10", "2025-01-28", "0x10", None, "null"]


def test_a_file_that_is_not_there_falls_back_to_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("version: 1\n")
    assert load_file(tmp_path, "feeds.yaml").source.name == "feeds.yaml"
    assert load_file(tmp_path, "routes.yaml").source.name == "defaults/routes.yaml"


def test_a_file_that_cannot_be_read_is_a_problem_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").mkdir()
    assert load(tmp_path / "feeds.yaml").source.report() == ["feeds.yaml:1:1 can't be read: Is a directory"]


def test_a_slip_in_a_files_name_is_named(tmp_path: Path) -> None:
    for name in ("rule.yaml", "feeds.yaml", "notes.txt"):
        (tmp_path / name).touch()
    assert unread_files(tmp_path) == ["rule.yaml is not read (did you mean rules.yaml?)"]
