"""One Slack receiver on the emulator, and the deliveries of one story to it."""

from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome
from agents.deliver.slack import Slack
from streams.alerts.alert import AlertSource, Relation
from streams.routing.notification import Delivery, Thread
from streams.routing.receiver import SlackOptions
from tests.support.notices import alert, delivery, ledger
from tests.support.slack_emulator import TOKEN, SlackEmulator

CHANNEL = "C0FXDESK"
STORY = "5t0ry00000000001"


class Desk:
    """One Slack receiver, with the thread that its ledger would keep."""

    def __init__(self, channel: Slack, session: aiohttp.ClientSession) -> None:
        self.channel, self.session = channel, session
        self.thread: Thread | None = None

    async def send(self, sent: Delivery, *, doubtful: bool = False) -> Outcome:
        """Return what came of one attempt; remember the root that it made."""
        journey = ledger().stamped(routed=datetime.now(UTC))
        outcome = await self.channel.send(Attempt(delivery=sent, ledger=journey, thread=self.thread, doubtful=doubtful))
        self.thread = outcome.thread or self.thread
        return outcome


def built(folder: Path, slack: SlackEmulator, session: aiohttp.ClientSession, **given: object) -> Slack:
    """Return the way to the emulator with these options changed; its token stands in a file of the folder."""
    (folder / "token").write_text(TOKEN + "\n")
    usual: dict[str, object] = {
        "token_file": str(folder / "token"),
        "channel": CHANNEL,
        "api_url": slack.api_url,
        "allow_insecure": True,
        "timeout_s": 1.0,
    }
    return Slack(SlackOptions.model_validate(usual | given), session, lambda: datetime.now(UTC), slack.allow)


def told(number: int, relation: Relation = Relation.FIRST, *, manner: str = "thread", **given: object) -> Delivery:
    """Return the delivery of the story's `number`th alert, with these fields of the alert changed."""
    sent = delivery("slack-fx", number=number, story=STORY, manner=manner)
    return sent.model_copy(update={"alert": alert(relation, event_id=sent.alert.event_id, story_id=STORY, **given)})


def confirmed(number: int, sources: int, **given: object) -> Delivery:
    """Return a confirmation, which edits the root to show so many sources."""
    return told(number, Relation.CONFIRMATION, manner="edit_root", sources=many(sources), **given)


def many(count: int) -> tuple[AlertSource, ...]:
    """Return so many sources."""
    return tuple(AlertSource(publisher=f"P{n}", permission="public", lag_s=n) for n in range(count))
