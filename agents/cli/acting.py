"""What a person does by a command: written into the audit first, then done."""

from collections.abc import Sequence

from agents.audit import perform
from agents.kafka import Outgoing, Producer
from config.settings import Settings
from streams.audit import Action


async def act(settings: Settings, actions: Sequence[Action], outputs: Sequence[Outgoing]) -> None:
    """Write the actions (`agents.audit.acted` makes them) into the audit, then the outputs that do what they say."""
    producer = Producer(settings)
    try:
        await producer.start()
        await perform(producer, actions, outputs)
    finally:
        await producer.stop()
