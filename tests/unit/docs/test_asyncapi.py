import ast
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from docs import asyncapi
from docs.flow import WRITERS
from streams import topics
from streams.alerts.alert import Relation
from streams.topics import CATALOGUE, PREFIX, Topic
from tests.support.schema_judges import broken_document

ROOT = Path(__file__).parents[3]
DOCUMENT: Any = asyncapi.document()
Change = Callable[[Any], object]


def test_the_written_document_is_what_the_code_says(tmp_path: Path) -> None:
    asyncapi.write(tmp_path / "asyncapi.json")
    made = (tmp_path / "asyncapi.json").read_text(encoding="utf-8")
    assert asyncapi.FILE.read_text(encoding="utf-8") == made, "docs/asyncapi.json is old: make docs"


def test_the_document_is_a_right_one() -> None:
    assert broken_document(DOCUMENT) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda d: d.pop("info"), id="no info"),
        pytest.param(lambda d: d.update(asyncapi="2.6.0"), id="an older version"),
        pytest.param(lambda d: d.update(topics={}), id="an unknown field"),
        pytest.param(lambda d: d["info"].pop("title"), id="no title"),
        pytest.param(lambda d: d["channels"]["articles"].update(topic="x"), id="an unknown field of a channel"),
        pytest.param(lambda d: d["channels"]["articles"]["bindings"]["kafka"].update(partitions=0), id="no partitions"),
        pytest.param(
            lambda d: d["channels"]["articles"]["bindings"]["kafka"]["topicConfiguration"].update(
                {"cleanup.policy": ["keep"]}
            ),
            id="a cleanup that Kafka does not have",
        ),
        pytest.param(lambda d: d["channels"]["alerts-desk"].pop("parameters"), id="an address with no parameter"),
        pytest.param(lambda d: d["channels"]["alerts"].update(parameters={"desk": {}}), id="a parameter with no place"),
        pytest.param(lambda d: d["channels"]["alerts"].update(address="tocsin.matches"), id="an address twice"),
        pytest.param(
            lambda d: d["operations"]["poll-send-articles"].update(action="publish"), id="an action of version 2"
        ),
        pytest.param(lambda d: d["operations"]["poll-send-articles"].pop("channel"), id="an operation on nothing"),
        pytest.param(
            lambda d: d["operations"]["poll-send-articles"].update(channel={"$ref": "#/components/messages/article"}),
            id="an operation on a message",
        ),
        pytest.param(
            lambda d: d["channels"]["alerts"]["messages"]["alert-first"].update({"$ref": "#/components/messages/x"}),
            id="a message that is not there",
        ),
        pytest.param(lambda d: d["components"]["schemas"].pop("Head"), id="a schema that is not there"),
        pytest.param(
            lambda d: d["components"]["schemas"]["Head"]["properties"]["title"].update(type="text"),
            id="a type that JSON does not have",
        ),
        pytest.param(
            lambda d: d["components"]["messages"]["article"]["headers"].update(required="all"), id="broken headers"
        ),
    ],
)
def test_a_broken_document_is_refused(change: Change) -> None:
    broken = deepcopy(DOCUMENT)
    change(broken)
    assert broken_document(broken)


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: topic.name)
def test_a_topic_is_a_channel_as_the_catalogue_has_it(topic: Topic) -> None:
    channel = DOCUMENT["channels"][topic.name.replace(".", "-")]
    bound = channel["bindings"]["kafka"]
    assert channel["address"] == bound["topic"] == PREFIX + topic.name
    assert bound["partitions"] == topic.partitions
    told = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in bound["topicConfiguration"].items()
    }
    assert told == topic.config()
    assert ("tombstone" in channel["messages"]) == topic.compact


def test_the_topic_of_a_desk_is_a_channel_with_the_desk_as_parameter() -> None:
    channel = DOCUMENT["channels"]["alerts-desk"]
    assert channel["address"] == "tocsin.alerts.{desk}"
    assert set(channel["parameters"]) == {"desk"}
    assert len(DOCUMENT["channels"]) == len(CATALOGUE) + 2


@pytest.mark.parametrize("channel", ["alerts", "alerts-desk"])
def test_each_relation_is_a_message_of_its_own(channel: str) -> None:
    names = DOCUMENT["channels"][channel]["messages"]
    messages = [DOCUMENT["components"]["messages"][name] for name in names]
    said = {message["headers"]["properties"]["ce_type"]["const"] for message in messages}
    assert said == {*(f"tocsin.alert.{relation}.v1" for relation in Relation), "tocsin.heartbeat.v1"}


def test_every_topic_that_a_stage_names_is_read_or_written_by_somebody() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "agents").rglob("*.py")]
    names = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named = [getattr(topics, name) for name in names & set(vars(topics))]
    single = {topic.name for topic in named if isinstance(topic, Topic)}
    several = {topic.name for group in (topics.DELIVERIES, topics.RETRIES) for topic in group.values()}
    told = {topic.name for writer in WRITERS for topic in (*writer.shared, *writer.reads, *writer.writes)}
    assert len(single) > 12
    assert single | several <= told, "docs/flow.py does not know who reads or writes them"


def test_two_parts_of_one_name_that_differ_are_refused() -> None:
    first, second = ({"title": name, "$defs": {"Head": {"title": name}}} for name in ("One", "Other"))
    with pytest.raises(ValueError, match="different things by Head"):
        asyncapi.merged({"One": first, "Other": second})
