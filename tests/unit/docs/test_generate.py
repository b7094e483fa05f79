from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from agents.metrics import Metrics
from config.settings import Settings
from docs import generate
from streams.topics import CATALOGUE


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    committed = (generate.FOLDER / name).read_text(encoding="utf-8")
    assert committed == generate.PAGES[name](), f"docs/{name} is old: make docs"


def test_every_page_is_written(tmp_path: Path) -> None:
    generate.main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(generate.PAGES)


def test_every_setting_is_told_with_its_variable_default_and_values() -> None:
    text = generate.configuration()
    assert len([line for line in text.splitlines() if line.startswith("| `TOCSIN_")]) == len(Settings.model_fields)
    assert "| `TOCSIN_FEED_GAP_MIN_S` | `15.0` | number |" in text
    assert "| `TOCSIN_SASL_PASSWORD` |  | secret |" in text
    assert "| `TOCSIN_ALLOW_ADDRESSES` |  | list of text |" in text
    assert "`auto`, `console`, `json`" in text


def test_every_topic_is_told_with_its_cleanup() -> None:
    text = generate.topics()
    assert "| `stories` | 1 |" in text
    assert "compact, delete after 8 d" in text
    assert "`alerts.<desk>`" in text
    assert len([line for line in text.splitlines() if line.startswith("| `")]) == len(CATALOGUE) + 1


def test_every_metric_is_told_with_its_labels() -> None:
    text = generate.metrics()
    for each in Metrics(CollectorRegistry()).described():
        assert f"| `{each.name}` | {each.type} |" in text
    assert "`relation`, `urgency`, `outcome`" in text
