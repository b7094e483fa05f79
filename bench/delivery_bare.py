"""The least that could be done: a consumer, and a POST of its own for each record. The baseline of bench.delivery.

`python -m bench.delivery_bare BOOTSTRAP PREFIX URL`. It reads what the deliver process reads, and keeps no state,
order, rate, retry, signature or rendering: what is lost is lost.
"""

import asyncio
import json
import signal
import sys

import aiohttp

from agents.kafka import incoming, new_consumer
from config.settings import Settings
from streams.topics import DELIVERIES, Names


async def main(bootstrap: str, prefix: str, url: str) -> None:
    """Post until SIGTERM; say once that it is ready."""
    settings = Settings(bootstrap=bootstrap, topic_prefix=prefix)
    consumer = new_consumer(settings, group_id=f"{prefix}bare", fetch_max_wait_ms=500)
    consumer.subscribe([Names(prefix).of(topic) for topic in DELIVERIES.values()])
    await consumer.start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)  # type: ignore[union-attr]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as tasks:
        await consumer.getmany(timeout_ms=100)
        print(json.dumps({"ready": True}), flush=True)
        while True:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in map(incoming, records):
                    name = (record.header("ce_id") or b"").decode()
                    tasks.create_task(post(session, f"{url}/{record.key}", name, record.value or b""))


async def post(session: aiohttp.ClientSession, url: str, name: str, body: bytes) -> None:
    """Send one record."""
    async with session.post(url, data=body, headers={"webhook-id": name}) as response:
        await response.read()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
