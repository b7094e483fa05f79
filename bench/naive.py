"""The baseline: what one would write in an afternoon - poll, parse, match, post, in one loop and one process.

No Kafka, no state, no retries, no stories, no proof: it loses whatever it holds when it ends. It reads the same feeds
at the same gap and posts to the same kind of webhook, so that the price of the guarantees is seen in the same run.
"""

import asyncio
import io
import json
import re
import sys
from itertools import count

import aiohttp
import feedparser

PATTERN = re.compile(r"\btariffs?\b|\brare earths?\b|\btrump\b.*\bxi\b|\bexport controls?\b", re.IGNORECASE)


async def poll(session: aiohttp.ClientSession, url: str, hook: str, gap_s: float, names: "count[int]") -> None:
    """Poll one feed for ever; post each new entry that matches."""
    etag, seen = "", set[str]()
    while True:
        async with session.get(url, headers={"If-None-Match": etag} if etag else {}) as answer:
            etag, body = answer.headers.get("ETag", ""), await answer.read() if answer.status == 200 else b""
        for entry in feedparser.parse(io.BytesIO(body)).entries if body else ():
            if entry.id not in seen and PATTERN.search(entry.title):
                event = {"data": {"head": {"title": entry.title}}}
                await session.post(hook, data=json.dumps(event), headers={"webhook-id": f"naive-{next(names)}"})
            seen.add(entry.id)
        await asyncio.sleep(gap_s)


async def main(urls: list[str], hook: str, gap_s: float) -> None:
    """Poll all feeds, staggered over one gap."""
    names = count()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        for number, url in enumerate(urls):
            await asyncio.sleep(gap_s / len(urls))
            tasks.create_task(poll(session, url, hook, gap_s, names), name=f"poll {number}")


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
