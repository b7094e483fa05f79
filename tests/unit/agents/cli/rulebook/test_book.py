from pathlib import Path

from agents.cli.rulebook.book import article, compiled, example_problems, tried
from config.rules import load_rules
from config.settings import Settings


def test_every_example_of_the_shipped_rules_is_as_its_rule_says() -> None:
    entries = load_rules(Path("/nonexistent"))
    assert sum(len(entry.place.at("examples").at("match").members) for entry in entries) > len(entries)
    assert example_problems(tried(entries, compiled(entries, Settings()))) == []


def test_a_text_is_tried_in_its_own_language() -> None:
    assert article(title="中国扩大稀土出口管制").language.startswith("zh")
