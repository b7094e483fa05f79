"""What a person does by a command: written into the audit first, then done."""

from collections.abc import Sequence

from agents.audit import perform
from agents.kafka import Outgoing, Producer
from config.settings import Settings
from streams.audit import Action


async def act(settings: Settings, actions: Sequence[Action], *writes: Sequence[Outgoing]) -> None:
    """Write the actions (`agents.audit.acted` makes them) into the audit, then what does them: each write in turn."""
    producer = Producer(settings)
    try:
        await producer.start()
        await perform(producer, actions, *writes)
    finally:
        await producer.stop()
