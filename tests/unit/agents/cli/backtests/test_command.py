import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.cli.backtests.reading import Progress
from tests.support.command_line import Tocsin
from tests.support.matching import article

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENTITIES = "version: 1\nentities:\n  - {id: china, type: place, names: {en: [China]}}\n"
LIVE = "version: 1\nrules:\n  - {id: metals, query: tin}\n"
PROPOSED = LIVE.replace("query: tin", "query: (tin OR zinc) AND NOT ore")
Lines = Callable[..., Path]


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, tocsin: Tocsin) -> None:  # noqa: ARG001 - makes the folder
    """The proposed rules in tocsin.d, the live ones in live."""
    (tmp_path / "live").mkdir()
    for folder, rules in (("tocsin.d", PROPOSED), ("live", LIVE)):
        (tmp_path / folder / "entities.yaml").write_text(ENTITIES)
        (tmp_path / folder / "rules.yaml").write_text(rules)


@pytest.fixture
def articles(tmp_path: Path) -> Lines:
    """Write headlines into a file, one an hour; return the file."""

    def write(*titles: str) -> Path:
        path = tmp_path / "articles.jsonl"
        given = [
            article(title, article_id=f"{number:016x}", fetched_at=NOW + timedelta(hours=number)).to_json()
            for number, title in enumerate(titles)
        ]
        path.write_bytes(b"\n".join(given) + b"\n")
        return path

    return write


def test_what_is_gained_and_lost_is_shown_with_the_words_that_count(tocsin: Tocsin, articles: Lines) -> None:
    file = articles("Tin rises", "Zinc falls", "Tin ore found", "Quiet")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file))
    assert said.code == 0
    assert said.out.splitlines() == [
        "4 articles, 2026-03-02 09:30 to 2026-03-02 12:30 UTC (0.1 days)",
        "1 of 1 rules can match otherwise than live",
        "",
        "rule    what    was  now  gained  lost  share   per day  alerts/day",
        "metals  change  2    2    1       1     50.00%  16.0     16.0",
        "",
        "metals gained, such as",
        "03-02     10:30 The Wire: [Zinc] falls (0000000000000001)",
        "",
        "metals lost, such as",
        "03-02     11:30 The Wire: [Tin] ore found (0000000000000002)",
    ]
    assert said.err == 'warning: rule "metals" would fire 16 times a day: it matches 50.0% of all articles, over 5%\n'


def test_rules_that_the_files_no_longer_hold_are_counted_apart(tocsin: Tocsin, articles: Lines, tmp_path: Path) -> None:
    (tmp_path / "tocsin.d/rules.yaml").write_text("version: 1\nrules: [{id: other, query: tin}]\n")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(articles("Tin")))
    assert said.out.splitlines()[1] == "1 of 1 rules can match otherwise than live, and 1 would be deleted"


def test_samples_of_the_first_ten_rules_are_shown_and_all_are_in_the_json(
    tocsin: Tocsin, articles: Lines, tmp_path: Path
) -> None:
    many = "\n".join(f"  - {{id: r{number:02}, query: tin}}" for number in range(12))
    (tmp_path / "tocsin.d/rules.yaml").write_text(f"version: 1\nrules:\n{many}\n")
    given = ("rules", "backtest", "--articles", str(articles("Tin")))
    lines = tocsin(*given).out.splitlines()
    assert len([line for line in lines if line.endswith("gained, such as")]) == 10
    assert lines[-1] == "2 more rules: --json has samples of all"
    assert all(rule["gained_samples"] for rule in json.loads(tocsin(*given, "--json").out)["rules"])


def test_a_backtest_is_one_json_object(tocsin: Tocsin, articles: Lines) -> None:
    file = articles("Tin rises", "Zinc falls")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file), "--days", "2", "--json")
    found = json.loads(said.out)
    assert (found["articles"], found["days"], found["interrupted"], found["exceeded"]) == (2, 2.0, False, [])
    (rule,) = found["rules"]
    assert (rule["rule"], rule["what"], rule["gained"], rule["lost"]) == ("metals", "change", 1, 0)
    assert (rule["per_day"], rule["alerts_per_day"], rule["alerts_per_day_live"]) == (1.0, 1.0, 0.5)
    (sample,) = rule["gained_samples"]
    assert (sample["title"], sample["passages"][0]["spans"][0]["surface"]) == ("Zinc falls", "Zinc")


def test_the_place_in_the_text_is_shown_where_the_headline_has_none(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"title": "Quiet", "body": "As traders said, zinc fell."}))
    said = tocsin("rules", "backtest", "--against", "live", "--articles", "a.jsonl")
    assert "  body    …As traders said, [zinc] fell.…" in said.out.splitlines()


@pytest.mark.parametrize(
    ("limits", "code", "line"),
    [
        pytest.param(("--max-per-day", "16"), 0, "", id="no more than allowed"),
        pytest.param(
            ("--max-per-day", "15"), 1, 'rule "metals": 16.0 alerts a day, over --max-per-day 15', id="too often"
        ),
        pytest.param(("--max-lost", "1"), 0, "", id="as much lost as allowed"),
        pytest.param(("--max-lost", "0"), 1, 'rule "metals": loses 1 articles, over --max-lost 0', id="too much lost"),
    ],
)
def test_a_limit_that_is_passed_is_exit_1(
    tocsin: Tocsin, articles: Lines, limits: tuple[str, ...], code: int, line: str
) -> None:
    file = articles("Tin rises", "Zinc falls", "Tin ore found", "Quiet")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file), *limits)
    assert said.code == code
    assert line in said.err


def test_without_a_period_nothing_is_said_per_day(tocsin: Tocsin, articles: Lines) -> None:
    command = ("rules", "backtest", "--against", "live", "--articles", str(articles("Zinc")))
    said = tocsin(*command)
    assert "(too short for figures a day: see --days)" in said.out
    assert 'warning: rule "metals" matches 100.0% of all articles, over 5%' in said.err
    said = tocsin(*command, "--max-per-day", "5")
    assert (said.code, said.err.partition(":")[0]) == (78, "--max-per-day")
    assert tocsin(*command, "--max-per-day", "5", "--days", "1").code == 0


def test_without_a_broker_and_a_folder_everything_counts_as_new(tocsin: Tocsin, articles: Lines) -> None:
    said = tocsin("rules", "backtest", "--articles", str(articles("Zinc", "Tin")), "--json")
    found = json.loads(said.out)
    assert found["against"].startswith("nothing")
    assert [(rule["what"], rule["gained"]) for rule in found["rules"]] == [("new", 2)]


def test_a_file_stands_in_the_place_of_the_rules(tocsin: Tocsin, articles: Lines, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("version: 1\nrules: [{id: place, query: '@china'}]\n")
    given = (
        "rules",
        "backtest",
        "other.yaml",
        "--against",
        "live",
        "--articles",
        str(articles("China", "Tin")),
        "--json",
    )
    rules = {rule["rule"]: rule["what"] for rule in json.loads(tocsin(*given).out)["rules"]}
    assert rules == {"place": "new", "metals": "delete"}
    drafted = {rule["rule"]: rule["what"] for rule in json.loads(tocsin(*given, "--draft").out)["rules"]}
    assert drafted == {"place": "new"}


def test_entities_beside_a_file_are_those_that_it_means(tocsin: Tocsin, articles: Lines, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk/entities.yaml").write_text(ENTITIES.replace("China]", "Tin]"))
    (tmp_path / "desk/rules.yaml").write_text(LIVE.replace("tin", "'@china'"))
    said = tocsin("rules", "backtest", "desk/rules.yaml", "--articles", str(articles("Tin")), "--json")
    assert json.loads(said.out)["rules"][0]["gained"] == 1


def test_rules_that_a_changed_entity_does_not_move_are_counted_only(
    tocsin: Tocsin, articles: Lines, tmp_path: Path
) -> None:
    for folder, name in (("tocsin.d", "China"), ("live", "Japan")):
        (tmp_path / folder / "rules.yaml").write_text("version: 1\nrules: [{id: place, query: '@china'}]\n")
        (tmp_path / folder / "entities.yaml").write_text(ENTITIES.replace("China]", f"{name}]"))
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(articles("Tin")))
    assert said.out.splitlines()[-1] == "1 rules that name a changed entity match the same articles as before"
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(articles("China")))
    assert "place  same  0    1    1" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        pytest.param(("--articles", "none.jsonl"), 78, "none.jsonl: No such file", id="a file that is not there"),
        pytest.param(
            ("--articles", "empty.jsonl"), 78, "empty.jsonl: holds no article", id="a file without an article"
        ),
        pytest.param(("--against", "none", "--articles", "empty.jsonl"), 78, "none is no folder", id="no folder"),
        pytest.param(("--draft",), 2, "--draft needs a FILE", id="a draft of nothing"),
        pytest.param(("--from", "yesterday"), 2, '"yesterday" is no time', id="no time"),
        pytest.param((), 78, "no broker is configured", id="neither a broker nor a file"),
        pytest.param(("wrong.yaml", "--articles", "empty.jsonl"), 78, "wrong.yaml:2:25", id="a wrong query"),
        pytest.param(
            ("wrong.yaml", "--draft", "--articles", "empty.jsonl"), 78, "unknown entity @nobody", id="a wrong draft"
        ),
    ],
)
def test_what_cannot_be_meant_is_said(
    tocsin: Tocsin, tmp_path: Path, arguments: tuple[str, ...], code: int, problem: str
) -> None:
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "wrong.yaml").write_text("version: 1\nrules: [{id: a, query: '@nobody'}]\n")
    said = tocsin("rules", "backtest", *arguments)
    assert (said.code, said.out) == (code, "")
    assert problem in said.err


def test_lines_that_are_no_article_are_passed_over_and_named(tocsin: Tocsin, tmp_path: Path) -> None:
    lines = [
        "{",
        "[]",
        '{"title": 1}',
        '{"titel": "x"}',
        '{"title": "x", "tier": "one"}',
        "[" * 9_999,
        "",
        '{"title": "Zinc"}',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    said = tocsin("rules", "backtest", "--against", "live", "--articles", "a.jsonl")
    assert said.code == 0
    assert said.out.startswith("1 articles")
    assert said.err.count("warning: passed over: a.jsonl:") == 5
    assert "warning: passed over: 1 more" in said.err


def test_only_articles_of_the_period_count(tocsin: Tocsin, articles: Lines) -> None:
    file = articles("Zinc", "Zinc", "Zinc", "Zinc")
    period = ("--from", "2026-03-02T10:00Z", "--to", "2026-03-02T12:30Z")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file), *period, "--json")
    assert json.loads(said.out)["articles"] == 2


def test_articles_are_saved_as_they_are_read(tocsin: Tocsin, articles: Lines, tmp_path: Path) -> None:
    file = articles("Zinc", "Tin")
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file), "--save", "kept.jsonl")
    assert said.code == 0
    assert (tmp_path / "kept.jsonl").read_bytes() == file.read_bytes()


def test_nothing_is_saved_of_a_reading_that_failed(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    given = ("rules", "backtest", "--against", "live", "--articles", "empty.jsonl", "--save")
    assert tocsin(*given, "kept.jsonl").code == 78
    assert not list(tmp_path.glob("kept.jsonl*"))
    said = tocsin(*given, "none/kept.jsonl")
    assert (said.code, said.err) == (78, "none/kept.jsonl.part: No such file or directory\n")


def test_newer_revisions_are_counted_apart(tocsin: Tocsin, tmp_path: Path) -> None:
    both = [article("Zinc", revision="1-a", fetched_at=NOW), article("Tin", revision="2-b", fetched_at=NOW)]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(one.to_json() for one in both))
    said = tocsin("rules", "backtest", "--against", "live", "--articles", "a.jsonl")
    assert said.out.startswith("1 articles in 2 revisions, the newest of each counts")


def test_an_interrupted_backtest_reports_what_it_has(
    tocsin: Tocsin, articles: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = articles("Zinc", "Zinc", "Zinc")
    step = Progress.step

    def interrupted(progress: Progress, share: float) -> None:
        if progress.read == 1:
            signal.raise_signal(signal.SIGINT)
        step(progress, share)

    monkeypatch.setattr(Progress, "step", interrupted)
    said = tocsin("rules", "backtest", "--against", "live", "--articles", str(file), "--json")
    found = json.loads(said.out)
    assert (said.code, found["interrupted"], found["articles"]) == (130, True, 2)
    assert said.err.splitlines()[-1] == "interrupted: these are the figures of the 2 articles until then"
