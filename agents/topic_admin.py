"""Topics at the broker against the catalogue: what differs, and how to make it so."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    CoordinatorNotAvailableError,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NotControllerError,
    TopicAlreadyExistsError,
    for_code,
)

from agents.kafka import connect, connection
from config.settings import Settings
from streams.errors import ConfigurationError, NoBrokerError, UnavailableError
from streams.topics import Names, Topic

SET_ON_THE_TOPIC = 1  # the protocol's source of a setting that somebody set on this very topic
FOR_A_MOMENT = (CoordinatorNotAvailableError, LeaderNotAvailableError, NotControllerError)
ATTEMPTS, LOOKS, PAUSE_S = 40, 4, 0.25  # a broker that just started says "not available" for a second or two


class DifferenceKind(StrEnum):
    """How a topic at the broker differs from the catalogue."""

    MISSING = "missing"
    SETTING = "setting"
    PARTITIONS = "partitions"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic differs; `topic` is its whole name."""

    topic: str
    kind: DifferenceKind
    there: str
    wanted: str

    @property
    def curable(self) -> bool:
        """Return whether `apply` may change it: partition counts never change on a live topic."""
        return self.kind is not DifferenceKind.PARTITIONS

    def __str__(self) -> str:
        return f"{self.topic}: {self.kind}: {self.there} at the broker, {self.wanted} in the catalogue"


async def plan(settings: Settings, topics: Sequence[Topic]) -> list[Difference]:
    """Return every difference between these topics at the broker and the catalogue; changes nothing."""
    async with _admin(settings) as admin:
        return await _differences(admin, _wanted(settings, topics))


async def apply(settings: Settings, topics: Sequence[Topic]) -> list[Difference]:
    """Create what is missing and set what differs; return what was changed.

    Raises: ConfigurationError for a partition count that differs, before anything is changed; UnavailableError
    when the broker refuses.
    """
    wanted = _wanted(settings, topics)
    async with _admin(settings) as admin:
        differences = await _differences(admin, wanted)
        if wrong := [
            str(found) + ": it can't be changed on a live topic" for found in differences if not found.curable
        ]:
            raise ConfigurationError(*wrong)
        await _create(admin, _names_of(differences, DifferenceKind.MISSING), wanted, settings.replication_factor)
        await _alter(admin, _names_of(differences, DifferenceKind.SETTING), wanted)
        if differences:
            await _settled(admin, wanted)
    return differences


async def check_catalogue(settings: Settings, topics: Sequence[Topic]) -> None:
    """Return if every topic is there. Raises: ConfigurationError naming each that is not, and the cure.

    A missing source topic would hang Faust in silence, so every process checks before it reads.
    """
    wanted = list(_wanted(settings, topics))
    async with _admin(settings) as admin:
        missing = await _missing(admin, wanted)
        for _ in range(LOOKS if missing else 0):
            await asyncio.sleep(PAUSE_S)  # a broker learns of a topic a moment after its creation was acknowledged
            missing = await _missing(admin, wanted)
    if missing:
        raise ConfigurationError(*(f"topic {name} is missing: run `tocsin topics apply`" for name in missing))


def _wanted(settings: Settings, topics: Sequence[Topic]) -> dict[str, Topic]:
    names = Names(settings.topic_prefix)
    return {names.of(topic): topic for topic in topics}


def _names_of(differences: Sequence[Difference], kind: DifferenceKind) -> list[str]:
    return list(dict.fromkeys(found.topic for found in differences if found.kind is kind))


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        admin.stop = admin.close  # as its sisters call it
        await connect(admin)
        yield admin
    except KafkaConnectionError as err:
        raise NoBrokerError(str(settings.bootstrap)) from err
    except KafkaError as err:
        raise UnavailableError(f"the broker at {settings.bootstrap} did not do it: {err!r}") from err
    finally:
        await admin.close()


async def _missing(admin: Any, wanted: Sequence[str]) -> list[str]:  # noqa: ANN401 - aiokafka ships no types
    there = set(await admin.list_topics())
    return [name for name in wanted if name not in there]


async def _settled(admin: Any, wanted: Mapping[str, Topic]) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Return once the broker shows what was applied and every partition has a leader."""
    for _ in range(ATTEMPTS):
        led = {found["topic"] for found in await admin.describe_topics() if _is_led(found)}
        if led >= set(wanted) and not await _differences(admin, wanted):
            return
        await asyncio.sleep(PAUSE_S)
    raise UnavailableError("the broker acknowledged the topics, and doesn't show them as they were applied")


def _is_led(topic: Mapping[str, Any]) -> bool:
    return all(partition["leader"] >= 0 for partition in topic["partitions"])


async def _differences(admin: Any, wanted: Mapping[str, Topic]) -> list[Difference]:  # noqa: ANN401 - aiokafka ships no types
    there = {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics()}
    present = {name: topic for name, topic in wanted.items() if name in there}
    settings = await _settings_of(admin, list(present))
    found = [
        Difference(name, DifferenceKind.MISSING, "nothing", _form(wanted[name])) for name in wanted if name not in there
    ]
    for name, topic in present.items():
        if there[name] != topic.partitions:
            found.append(Difference(name, DifferenceKind.PARTITIONS, str(there[name]), str(topic.partitions)))
        for setting, value in topic.config().items():
            present_value = settings[name].get(setting, ("?", 0))[0]
            if not _equal(present_value, value):
                found.append(
                    Difference(name, DifferenceKind.SETTING, f"{setting}={present_value}", f"{setting}={value}")
                )
    return found


def _form(topic: Topic) -> str:
    return f"{topic.partitions} partitions"


def _equal(there: str, wanted: str) -> bool:
    return set(there.split(",")) == set(wanted.split(","))


async def _settings_of(admin: Any, names: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:  # noqa: ANN401 - aiokafka ships no types
    """Return, by topic, each setting's value and where it comes from."""
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await admin.describe_configs(resources)
    return {
        name: {entry[0]: (entry[1] or "", entry[3]) for entry in entries}
        for answer in answers
        for _code, _message, _kind, name, entries in answer.resources
    }


async def _create(admin: Any, names: Sequence[str], wanted: Mapping[str, Topic], replicas: int) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Create topics; one that somebody else created meanwhile is as good."""
    left = list(names)
    for _ in range(ATTEMPTS):
        if not left:
            return
        answer = await admin.create_topics([_new(name, wanted[name], replicas) for name in left])
        left = _try_again([(entry[0], entry[1], entry[-1]) for entry in answer.topic_errors])
        await asyncio.sleep(PAUSE_S if left else 0)
    raise UnavailableError(f"the broker is not ready to create topics: {', '.join(left)}")


def _new(name: str, topic: Topic, replicas: int) -> Any:  # noqa: ANN401 - aiokafka ships no types
    new = NewTopic(name, topic.partitions, max(1, replicas), topic_configs=topic.config())
    new.replication_factor = replicas  # -1, the cluster's default, is right on the wire, though the class refuses it
    return new


def _try_again(results: Sequence[tuple[str, int, str | None]]) -> list[str]:
    """Return the names whose refusal can pass. Raises: UnavailableError for any other refusal."""
    refused = [(name, for_code(code), message) for name, code, message in results if code]
    for name, error, message in refused:
        if error is not TopicAlreadyExistsError and not issubclass(error, FOR_A_MOMENT):
            raise UnavailableError(f"topic {name} can't be created: {message or error.__name__}")
    return [name for name, error, _ in refused if error is not TopicAlreadyExistsError]


async def _alter(admin: Any, names: Sequence[str], wanted: Mapping[str, Topic]) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Set our settings on the topics. The request replaces all of them, so those that others set are sent again."""
    present = await _settings_of(admin, names)
    resources = [
        ConfigResource(
            ConfigResourceType.TOPIC, name, configs={**_set_by_others(present[name]), **wanted[name].config()}
        )
        for name in names
    ]
    if not resources:
        return
    for answer in await admin.alter_configs(resources):
        for code, message, _kind, name in answer.resources:
            if code:
                raise UnavailableError(f"topic {name} can't be altered: {message or for_code(code).__name__}")


def _set_by_others(settings: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    return {name: value for name, (value, source) in settings.items() if source == SET_ON_THE_TOPIC}
