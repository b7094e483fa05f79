"""`tocsin rules` against what is live on the real Kafka, and the documents that tell how to use it."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from agents.kafka import Outgoing, Producer, outgoing
from config.settings import load_settings
from streams.articles.article import Article
from streams.articles.notes import heartbeat
from streams.topics import ARTICLES
from tests.support.command_line import Tocsin
from tests.support.matching import article

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/ci-example"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ENTITIES = "version: 1\nentities: [{id: china, type: place, names: {en: [China]}}]\n"
RULES = "version: 1\nrules: [{id: metals, query: tin, examples: {match: [Tin]}}, {id: place, query: '@china'}]\n"
CHANGED = RULES.replace("query: tin", "query: tin OR zinc")
TOO_MUCH = RULES.replace("query: tin", "query: tin OR gold").replace("'@china'", "'@china AND gold'")
Write = Callable[..., None]


@pytest.fixture(autouse=True)
def applied(tocsin: Tocsin, write: Write) -> None:
    """Topics, and two rules that are live."""
    write(RULES)
    for group in ("topics", "routes", "rules"):
        said = tocsin(group, "apply")
        assert said.code == 0, said.err


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the rules, and the entities, into the folder."""

    def files(rules: str, entities: str = ENTITIES) -> None:
        (tmp_path / "tocsin.d/rules.yaml").write_text(rules)
        (tmp_path / "tocsin.d/entities.yaml").write_text(entities)

    return files


def publish(*articles: Article) -> None:
    """Append articles to the topic, and a record that is none."""

    async def run() -> None:
        producer = Producer(load_settings())
        await producer.start()
        try:
            await producer.deliver(
                [
                    outgoing(ARTICLES, one, key=one.article_id, by=one.article_id, ce_id="x", stage="test", at=NOW)
                    for one in articles
                ]
            )
            await producer.deliver([Outgoing(topic=ARTICLES, partition=0, key="poison", value=b"{")])
        finally:
            await producer.stop()

    asyncio.run(run())


def told(number: int, title: str, revision: int = 1) -> Article:
    return article(title, article_id=f"{number:016x}", revision=f"{revision}-x")


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_diff_names_the_change_and_changes_nothing(tocsin: Tocsin, write: Write) -> None:
    write(CHANGED, ENTITIES.replace("[China]", "[China, PRC]"))
    said = tocsin("rules", "diff")
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].startswith("changed entity china (live since ")
    assert lines[1:4] == ["named by  rule place", "  names.en", "    + PRC"]
    assert lines[5:] == ["  query", "    - tin", "    + tin OR zinc", "2 differences, 1 kept as they are"]
    assert tocsin("rules", "apply", "--dry-run").out == said.out
    assert [row["id"] for row in rows(tocsin("rules", "diff", "--json").out)] == ["china", "metals"]


def test_every_version_is_in_the_history_with_its_author(tocsin: Tocsin, write: Write) -> None:
    write(CHANGED)
    assert tocsin("rules", "apply").code == 0
    write(RULES.replace("{id: metals, query: tin, examples: {match: [Tin]}}, ", ""))
    assert tocsin("rules", "apply").code == 0
    lines = tocsin("rules", "history", "metals").out.splitlines()
    assert [line.partition(",")[0] for line in lines if line[:1] != " "] == ["version 1", "version 2", "deleted"]
    assert lines[-4:-1] == ["  query", "    - tin", "    + tin OR zinc"]
    assert lines[-1].endswith(", by ann (files)")
    versions = rows(tocsin("rules", "history", "metals", "--json").out)
    assert [(row["version"], row["deleted"]) for row in versions] == [(1, False), (2, False), (3, True)]
    assert tocsin("rules", "history", "@china").code == 0
    said = tocsin("rules", "history", "metal")
    assert (said.code, said.err) == (78, 'no rule "metal" was ever live (did you mean metals?)\n')


def test_a_backtest_reads_the_articles_of_a_time_and_compares_with_what_is_live(tocsin: Tocsin, write: Write) -> None:
    publish(told(1, "Zinc"), told(2, "Tin"), told(3, "Zinc"), told(3, "Gold", 2), heartbeat(3, now=NOW))
    time.sleep(0.01)
    between = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    publish(told(4, "Zinc"))
    write(CHANGED)
    command = ("rules", "backtest", "--json", "--from", "1h")
    said = tocsin(*command, "--save", "kept.jsonl")
    assert said.code == 0
    whole = json.loads(said.out)
    assert (whole["articles"], whole["revisions"], whole["unreadable"], whole["against"]) == (4, 5, 2, "what is live")
    (rule,) = whole["rules"]
    assert (rule["rule"], rule["live"], rule["proposed"], rule["gained"], rule["lost"]) == ("metals", 1, 3, 2, 0)
    assert [one["title"] for one in rule["gained_samples"]] == ["Zinc", "Zinc"]
    earlier = json.loads(tocsin(*command, "--to", between).out)
    later = json.loads(tocsin("rules", "backtest", "--json", "--from", between).out)
    assert (earlier["articles"], later["articles"]) == (3, 1)
    (kept,) = json.loads(tocsin(*command[:3], "--articles", "kept.jsonl").out)["rules"]
    assert {name: kept[name] for name in ("live", "proposed", "gained", "lost")} == {
        name: rule[name] for name in ("live", "proposed", "gained", "lost")
    }
    nothing = tocsin("rules", "backtest", "--from", "2020-01-01", "--to", "2020-01-02")
    assert (nothing.code, nothing.out.splitlines()[0]) == (0, "0 articles")


def test_a_draft_may_name_what_is_live_and_deletes_nothing(tocsin: Tocsin, tmp_path: Path) -> None:
    publish(told(1, "China buys tin"))
    (tmp_path / "draft.yaml").write_text("version: 1\nrules: [{id: both, query: '@china AND tin'}]\n")
    said = tocsin("rules", "backtest", "draft.yaml", "--draft", "--from", "1h", "--json")
    assert [(rule["rule"], rule["gained"]) for rule in json.loads(said.out)["rules"]] == [("both", 1)]


def test_an_article_of_the_topic_is_explained_as_its_newest_revision(tocsin: Tocsin) -> None:
    publish(told(0xA1, "Tin"), told(0xA1, "Gold", 2), told(0xA2, "Tin"))
    said = tocsin("rules", "explain", "metals", f"{0xA1:016x}")
    assert (said.code, said.out.splitlines()[1]) == (1, "title     Gold")
    assert tocsin("rules", "explain", "metals", f"{0xA2:016x}").code == 0
    said = tocsin("rules", "explain", "metals", "0000")
    assert (said.code, said.err.startswith("0000 is the beginning of 2 articles")) == (78, True)
    said = tocsin("rules", "explain", "metals", "ffff")
    assert (said.code, said.err.startswith("no article ffff: no such file, and looked at articles (")) == (78, True)


def test_an_apply_warns_of_a_rule_that_matches_much_of_what_came_last(tocsin: Tocsin, write: Write) -> None:
    said = tocsin("rules", "apply")
    assert (said.code, said.err) == (0, "")
    publish(*(told(number, "Gold" if number % 10 else "Tin") for number in range(100)), heartbeat(3, now=NOW))
    write(RULES.replace("query: tin", "query: gold").replace("'@china'", "'@china AND gold'"))
    said = tocsin("rules", "apply")
    assert said.code == 0
    assert said.err == 'warning: rule "metals" matches 90.0% of the newest 100 articles, over 5%\n'


def test_a_topic_that_is_missing_is_named_with_the_cure(tocsin: Tocsin) -> None:
    said = tocsin("rules", "diff", "--topic-prefix", "none.")
    assert said.code == 78
    assert "run `tocsin topics apply`" in said.err


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=ann", "-c", "user.email=ann@x.test", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    who = {f"GIT_{role}_{what}": "ann" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {**os.environ, **who, "PATH": path}


def test_every_command_of_the_page_on_rules_does_what_it_says(tocsin: Tocsin, tmp_path: Path) -> None:
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) <= 80
    publish(article("Rare earths: China tightens export licences", article_id="5b0e6f2a91c4d387"), told(2, "Tin"))
    (tmp_path / "tocsin.d/entities.yaml").unlink()
    (tmp_path / "tocsin.d/rules.yaml").write_text("version: 1\nrules: []\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "tocsin.d")
    git(tmp_path, "commit", "-qm", "before")
    assert tocsin("rules", "apply").code == 0
    (rules,) = re.findall(r"```yaml\n# tocsin\.d/rules\.yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "tocsin.d/rules.yaml").write_text(rules, encoding="utf-8")
    git(tmp_path, "commit", "-qam", "rare-earth-exports")

    ran = []
    for line in filter(None, "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines()):
        command, _, note = line.partition("#")
        if command.startswith("git "):
            subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment(), check=True, capture_output=True)
            continue
        program, *arguments = shlex.split(command)
        days = ("--days", "1") if "--max-per-day" in arguments else ()
        said = tocsin(*arguments, *days)
        assert program == "tocsin"
        assert said.code == (1 if "exit 1" in note else 0), f"{line}: {said.out}{said.err}"
        ran.append(arguments[1])
    assert set(ran) == {"check", "test", "explain", "backtest", "diff", "apply", "history"}
    assert tocsin("rules", "diff").out == "what is live is what the files say\n"
    assert [row["deleted"] for row in rows(tocsin("rules", "history", "rare-earth-exports", "--json").out)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("rules", "code", "said"),
    [
        pytest.param(CHANGED, 0, "    + tin OR zinc", id="a change that is fine"),
        pytest.param(
            RULES.replace("query: tin", "query: tim"), 1, "should match this example: Tin", id="an example fails"
        ),
        pytest.param(RULES.replace("query: tin", "query: a b"), 78, "rules.yaml:2:29", id="a wrong query"),
        pytest.param(TOO_MUCH, 1, "alerts a day, over --max-per-day 10", id="a rule that fires too often"),
    ],
)
def test_the_example_for_a_users_ci_lets_by_what_is_right_alone(
    tmp_path: Path, rules: str, code: int, said: str
) -> None:
    workflow = yaml.safe_load((EXAMPLE / "workflow.yaml").read_text(encoding="utf-8"))
    steps = {step.get("name"): step for step in workflow["jobs"]["rules"]["steps"]}
    titles = ["China", "Zinc", *(f"Gold number {word} {word}s" for word in "abcdefghijklmnopqrstuvwxyz")]
    sample = [
        {"title": title, "fetched_at": f"2026-03-0{1 + n % 2}T0{n % 10}:00:00Z"} for n, title in enumerate(titles)
    ]
    (tmp_path / "sample.jsonl").write_text("\n".join(json.dumps(line) for line in sample))
    (tmp_path / "check-rules.sh").write_bytes((EXAMPLE / "check-rules.sh").read_bytes())
    (tmp_path / "check-rules.sh").chmod(0o755)
    git(tmp_path, "init", "-q", "work")
    work = tmp_path / "work"
    for name in ("tocsin.d", "sample.jsonl", "check-rules.sh"):
        (tmp_path / name).rename(work / name)
    git(work, "add", ".")
    git(work, "commit", "-qm", "live")
    git(work, "update-ref", "refs/remotes/origin/main", "HEAD")
    (work / "tocsin.d/rules.yaml").write_text(rules)

    given = environment() | {"BASE": "main"}
    subprocess.run(["sh", "-c", steps["the rules of the main branch"]["run"]], cwd=work, env=given, check=True)
    checking = steps["check, test, diff, backtest"]
    limits = checking["env"] | {"MAX_PER_DAY": "10", "MAX_LOST": "0"}
    done = subprocess.run(
        ["sh", "-c", checking["run"]], cwd=work, env=given | limits, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
    assert (work / "backtest.json").exists() is ("== backtest" in done.stdout)
    assert ("loses 1 articles, over --max-lost 0" in done.stderr) is (rules == TOO_MUCH)
