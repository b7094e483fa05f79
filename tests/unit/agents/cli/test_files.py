import json
from pathlib import Path

import pytest

from tests.support.command_line import Tocsin

ENTITIES = "version: 1\nentities:\n  - {id: rare_earths, type: thing, names: {en: [rare earths], zh: [稀土]}}\n"
RULE = """version: 1
rules:
  - id: rare-earths
    query: '@rare_earths AND (export* OR 出口)'
    labels: {topic: trade}
"""
EXAMPLES = "    examples: {match: [Rare earths export ban, 稀土出口], no_match: [Rare earths found]}\n"
FEEDS = "version: 1\ncontact: ops@x.test\nfeeds:\n  - {id: a, url: 'https://a.test/', publisher: A}\n"
ROUTES = (
    "version: 1\nreceivers: {console: {type: console}}\ndesks: {fx: {permissions: [public]}, ops: {permissions: []}}\n"
    "time_intervals: {night: {times: ['22:00-06:00'], location: UTC}}\n"
    "route:\n  routes:\n    - {matchers: ['topic=trade'], desk: fx, receivers: [console],\n"
    "       mute_time_intervals: [night]}\n"
    "    - {matchers: ['topic=ops'], desk: ops}\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, tocsin: Tocsin) -> Path:  # noqa: ARG001 - makes the folder
    """The folder tocsin.d with four right files."""
    found = tmp_path / "tocsin.d"
    files = {"entities": ENTITIES, "rules": RULE + EXAMPLES, "feeds": FEEDS, "routes": ROUTES}
    for name, text in files.items():
        (found / f"{name}.yaml").write_text(text)
    return found


def test_right_files_pass_with_a_count_of_what_they_hold(tocsin: Tocsin) -> None:
    said = tocsin("config", "check")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "1 feeds, 1 entities, 0 lists, 1 rules, 2 desks, 1 receivers"
    counted = json.loads(tocsin("config", "check", "--json").out)
    assert counted["files"] == ["feeds.yaml", "entities.yaml", "rules.yaml", "routes.yaml"]
    assert counted["rules"] == 1


def test_the_problems_of_all_files_are_shown_at_once_each_with_its_place(tocsin: Tocsin, folder: Path) -> None:
    (folder / "feeds.yaml").write_text("version: 1\nfeeds: [{id: a, url: x, publisher: A}]\n")
    (folder / "rules.yaml").write_text("version: 1\nrules: [{id: a, query: '@rare_earth', owner: fy}]\n")
    (folder / "routes.yaml").write_text(ROUTES.replace("[console]", "[consle]"))
    (folder / "entities.yaml").write_text(ENTITIES + "lists: {a: []}\n")
    said = tocsin("config", "check")
    assert (said.code, said.out) == (78, "")
    assert [line.split(" ")[0] for line in said.err.splitlines()] == [
        "feeds.yaml:2:22", "entities.yaml:4:12", "rules.yaml:2:25", "routes.yaml:7:57",
    ]  # fmt: skip


def test_an_owner_is_a_desk_of_the_routes(tocsin: Tocsin, folder: Path) -> None:
    (folder / "rules.yaml").write_text("version: 1\nrules: [{id: a, query: x, owner: fxx}]\n")
    for command in ("config", "rules"):
        said = tocsin(command, "check")
        assert said.code == 78
        assert 'unknown desk "fxx" (did you mean fx?)' in said.err


def test_shared_names_and_files_that_nobody_reads_are_noted(tocsin: Tocsin, folder: Path) -> None:
    (folder / "entities.yaml").write_text(ENTITIES + "  - {id: ree, type: thing, names: {en: [Rare Earths]}}\n")
    (folder / "rule.yaml").touch()
    said = tocsin("config", "check")
    assert said.code == 0
    assert 'note: "rare earths" is a name of @rare_earths and @ree' in said.out
    assert "note: rule.yaml is not read (did you mean rules.yaml?)" in said.out


def test_every_setting_is_shown_with_where_it_comes_from(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SASL_PASSWORD", "geheim")
    monkeypatch.setenv("TOCSIN_ALLOW_ADDRESSES", "a:1,b:2")
    said = tocsin("config", "show", "--metrics-port", "9100", "--json")
    rows = {row["setting"]: (row["value"], row["origin"]) for row in map(json.loads, said.out.splitlines())}
    assert rows["metrics_port"] == ("9100", "--metrics-port")
    assert rows["allow_addresses"] == (["a:1", "b:2"], "TOCSIN_ALLOW_ADDRESSES")
    assert rows["contact"] == ("ops@x.test", "feeds.yaml")
    assert rows["session_timeout_s"] == ("6.0", "default")
    assert rows["sasl_password"] == ("(secret)", "TOCSIN_SASL_PASSWORD")
    assert "geheim" not in said.out + tocsin("config", "show").out


def test_a_variable_that_nobody_reads_is_a_warning(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_BOOTSTRP", "x")
    said = tocsin("config", "check")
    assert said.code == 0
    assert "warning: TOCSIN_BOOTSTRP: no setting has this variable (did you mean TOCSIN_BOOTSTRAP?)" in said.err


def test_a_wrong_setting_is_exit_78(tocsin: Tocsin) -> None:
    said = tocsin("config", "check", "--log-level", "LOUD")
    assert said.code == 78
    assert said.err.startswith("--log-level: ")


def test_a_secret_that_this_machine_does_not_have_is_a_warning_and_no_error(
    tocsin: Tocsin, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = folder / "keys"
    hook = f"type: webhook, url_env: HOOK_URL, sign: {{keys_file: {keys}}}"
    (folder / "routes.yaml").write_text(ROUTES.replace("type: console", hook))
    said = tocsin("routes", "check", "--json")
    assert said.code == 0
    assert json.loads(said.out)["secrets_lacking"] == [
        f"receiver console: the secret file {keys} can't be read; check path and rights",
        "receiver console: no secret in the variable HOOK_URL",
    ]
    assert "warning: receiver console: no secret in the variable HOOK_URL" in said.err
    keys.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("HOOK_URL", "https://hook.test/")
    said = tocsin("routes", "check")
    assert (said.code, said.err) == (0, "")
    assert "hook.test" not in said.out


def test_feeds_are_checked_without_fetching_one(tocsin: Tocsin, folder: Path) -> None:
    said = tocsin("feeds", "check", "--json")
    assert json.loads(said.out)["url"] == "https://a.test/"
    (folder / "feeds.yaml").write_text("version: 1\nfeeds: []\n")
    assert tocsin("feeds", "check").out == "feeds.yaml is right, and holds no feed\n"


def test_rules_are_compiled_and_tried_on_their_examples(tocsin: Tocsin, folder: Path) -> None:
    assert tocsin("rules", "check").code == 0
    (folder / "rules.yaml").write_text(RULE + "    examples: {match: [Nothing here], no_match: [稀土出口]}\n")
    said = tocsin("rules", "check", "--json")
    assert said.code == 1
    assert json.loads(said.out)["failed_examples"] == 2
    first, second = said.err.splitlines()
    assert first.startswith('rules.yaml:6:24 rule "rare-earths": should match this example: Nothing here')
    assert second.startswith('rules.yaml:6:50 rule "rare-earths": should not match this example: 稀土出口')


def test_examples_are_listed_by_rule(tocsin: Tocsin, folder: Path) -> None:
    assert json.loads(tocsin("rules", "test", "--json").out) == {"rule": "rare-earths", "examples": 3, "failed": []}
    (folder / "rules.yaml").write_text(RULE + "    examples: {match: [Nothing here]}\n")
    said = tocsin("rules", "test")
    assert said.code == 1
    assert "should match this example: Nothing here" in said.err
    assert said.out == "1 rules, 1 examples, 1 fail\n"


def test_an_example_may_state_its_source_language_author_and_day(tocsin: Tocsin, folder: Path) -> None:
    (folder / "entities.yaml").write_text(
        "version: 1\nentities: [{id: chief, type: person, roles: [{title: the chief, from: 2025-01-01}]}]\n"
    )
    stated = "title: tin of the chief, source: The Wire, language: nl, author: Jane Doe, date: 2025-06-01"
    others = [
        stated.replace("Wire", "Daily"), stated.replace("nl", "en"), stated.replace("Jane", "Jo"),
        stated.replace("2025", "2024"), "title: tin of the chief",
    ]  # fmt: skip
    query = 'tin AND source:"the wire" AND lang:nl AND author:"jane doe" AND @chief'
    examples = f"{{match: [{{{stated}}}], no_match: [{', '.join(f'{{{one}}}' for one in others)}]}}"
    (folder / "rules.yaml").write_text(f"version: 1\nrules: [{{id: a, query: '{query}', examples: {examples}}}]\n")
    said = tocsin("rules", "test")
    assert (said.code, said.out) == (0, "1 rules, 6 examples, 0 fail\n")


def test_an_example_that_states_its_source_and_fails_can_be_explained_as_the_line_says(
    tocsin: Tocsin, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (folder / "rules.yaml").write_text(
        "version: 1\nrules:\n  - id: a\n    query: 'source:wire AND x'\n    examples:\n      match:\n"
        "        - {title: y, lead: z, source: Wire, date: 2025-06-01}\n"
    )
    said = tocsin("rules", "check")
    assert said.code == 1
    assert said.err.startswith('rules.yaml:7:11 rule "a": should match this example: y | z (`tocsin rules explain a -`')
    (tmp_path / "stated").write_text(said.err[said.err.index("{") : said.err.rindex("}") + 1])
    with (tmp_path / "stated").open() as text:
        monkeypatch.setattr("sys.stdin", text)
        shown = tocsin("rules", "explain", "a", "-")
    assert shown.code == 1
    assert "yes source:wire" in shown.out


def test_one_rule_can_be_tried_alone_and_one_that_is_not_there_is_named(tocsin: Tocsin, folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULE + "  - {id: b, query: x, examples: {match: [y]}}\n")
    assert tocsin("rules", "test", "rare-earths").code == 0
    assert tocsin("rules", "test", "b").code == 1
    assert tocsin("rules", "test", "rare-erths").code == 78


def test_a_check_notes_what_is_unclear_and_which_rule_has_no_examples(tocsin: Tocsin, folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULE)
    (folder / "entities.yaml").write_text(ENTITIES + "  - {id: ree, type: thing, names: {en: [Rare Earths, It]}}\n")
    said = tocsin("rules", "check")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        'note: "rare earths" is a name of @rare_earths and @ree',
        'note: "It" of @ree is an everyday word: put it under case: or names_in_context:',
        "note: rule rare-earths has no examples",
        "1 rules, 2 entities, 0 lists are right, 0 examples fail",
    ]  # fmt: skip


def test_a_rule_that_holds_is_explained_with_its_places(tocsin: Tocsin) -> None:
    said = tocsin("rules", "explain", "rare-earths", "--title", "Quiet", "--body", "China: rare earths exported.")
    assert said.code == 0
    assert said.out.splitlines() == [
        "rare-earths matches",
        "title     Quiet",
        "body      China: [rare earths] [exported].",
        'yes @rare_earths AND (export* OR 出口) <- body "rare earths", body "exported"',
        '  yes @rare_earths <- body "rare earths"',
        '  yes export* OR 出口 <- body "exported"',
        '    yes export* <- body "exported"',
        "    no 出口",
    ]


def test_a_rule_that_does_not_hold_is_exit_1(tocsin: Tocsin) -> None:
    said = tocsin("rules", "explain", "rare-earths", "--title", "Rare earths found", "--json")
    assert said.code == 1
    found = json.loads(said.out)
    assert (found["matched"], found["language"]) == (False, "en")
    assert [part["held"] for part in found["tree"]["parts"]] == [True, False]


def test_a_rule_that_is_not_there_is_named_with_its_neighbour(tocsin: Tocsin) -> None:
    said = tocsin("rules", "explain", "rare-erths", "--title", "x")
    assert (said.code, said.err) == (78, 'no rule "rare-erths" in the files (did you mean rare-earths?)\n')


def test_a_text_may_come_from_stdin(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("稀土出口")
    with (tmp_path / "text").open() as text:
        monkeypatch.setattr("sys.stdin", text)
        assert tocsin("rules", "explain", "rare-earths", "--title", "x", "--body", "-").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("poll",), ("agents",), ("deliver",), ("topics", "plan"), ("feeds", "list"), ("rules", "diff"),
        ("routes", "apply"),
        ("alerts", "list"), ("receivers", "list"), ("deliveries", "list"),
        ("dead-letters", "list"), ("silences", "list"), ("explain", "x"),
    ],
)  # fmt: skip
def test_without_a_broker_a_command_says_how_to_name_one(tocsin: Tocsin, arguments: tuple[str, ...]) -> None:
    said = tocsin(*arguments)
    assert said.code == 78
    assert said.err.startswith("no broker is configured: give --bootstrap HOST:PORT or TOCSIN_BOOTSTRAP")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(("rule=x", "--for", "8h", "--comment", "c", "--target", "x"), '"x" is no target', id="a target"),
        pytest.param(("topic~x", "--for", "8h", "--comment", "c"), "not a condition: topic~x", id="a condition"),
        pytest.param(("topic=x", "--for", "8", "--comment", "c"), "write 8s for seconds", id="a time"),
        pytest.param(("--for", "8h", "--comment", "c"), "it means nothing", id="nothing meant"),
        pytest.param(("topic=x", "--for", "8h"), "Missing option '--comment'", id="no reason"),
    ],
)
def test_a_silence_that_cannot_be_meant_is_exit_2(tocsin: Tocsin, arguments: tuple[str, ...], problem: str) -> None:
    said = tocsin("silences", "add", *arguments, "--bootstrap", "127.0.0.1:1")
    assert said.code == 2
    assert problem in said.err
