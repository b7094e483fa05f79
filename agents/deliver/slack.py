"""Slack: a root message for each story, replies below it, edits of the root for confirmations.

A bot token allows all of that; an incoming webhook is the lesser mode: each notification is a message of its own.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

import aiohttp
from pydantic import JsonValue

from agents.deliver.attempt import Attempt
from agents.deliver.outcome import Outcome, OutcomeKind, ambiguous, delivered, failed
from agents.deliver.slack_api import PAGE, SlackApi
from streams.latency import Hop
from streams.routing.notification import Thread
from streams.routing.receiver import SlackOptions
from streams.routing.render_digest import digest_slack, members_shown
from streams.routing.render_slack import Payload, metadata_ids, slack_message, with_sources

EDIT_EVERY = timedelta(seconds=10)
LOOK_BACK = timedelta(seconds=60)
WITH_METADATA = MappingProxyType({"limit": str(PAGE), "include_all_metadata": "true"})
ROOT_LOST = frozenset({"thread_not_found", "message_not_found", "cant_update_message", "edit_window_closed"})
INCOMING = ("text", "blocks", "unfurl_links", "unfurl_media")


@dataclass(slots=True)
class Slack:
    """One channel at Slack."""

    options: SlackOptions
    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    _api: SlackApi = field(init=False)
    _lost: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._api = SlackApi(self.options, self.session, self.now, self.allow)

    async def send(self, attempt: Attempt) -> Outcome:
        """Return what came of one attempt: an edit, a reply, a root message, or what was found already there."""
        if attempt.members:
            return await self._send_digest(attempt)
        if not self.options.bot:
            message = _message(attempt)
            return await self._api.incoming({name: message[name] for name in INCOMING})
        if attempt.doubtful and (found := await self._read_back(attempt)):
            return found
        delivery, thread = attempt.delivery, attempt.thread
        if thread and thread.root_ref in self._lost:
            thread = None
        if thread and delivery.manner == "edit_root" and delivery.alert.firm:
            edited = await self._edit(attempt, thread)
            if edited.detail not in ROOT_LOST and edited.kind is not OutcomeKind.REFUSED:
                return edited
            thread = None if edited.detail in ROOT_LOST else thread  # a token that may not edit can still reply
        posted = await self._post(attempt, thread)
        if thread is None or posted.detail not in ROOT_LOST:
            return posted
        # Somebody deleted the root. The call counted at Slack, so the new root is posted by the next attempt.
        self._lost.add(thread.root_ref)
        return Outcome(kind=OutcomeKind.POSTPONED, detail="root_was_deleted", retry_after_s=1.0)

    async def _send_digest(self, attempt: Attempt) -> Outcome:
        """Return what came of a digest, a message of no thread; what was found there already holds for its members."""
        digest = attempt.digest()
        message = digest_slack(digest)
        if not self.options.bot:
            return await self._api.incoming({name: message[name] for name in INCOMING})
        if attempt.doubtful:
            messages = await self._since(attempt, "conversations.history", {})
            if isinstance(messages, Outcome):
                return messages
            sent_at, shown = members_shown(messages, digest.members)
            if shown:
                return delivered(sent_at, detail="read_back", members=shown)
        reply = await self._api.write("chat.postMessage", message)
        return reply if isinstance(reply, Outcome) else delivered(str(reply.get("ts", "")))

    async def _post(self, attempt: Attempt, thread: Thread | None) -> Outcome:
        delivery = attempt.delivery
        payload = _message(attempt)
        if thread and self.options.mode == "thread":
            payload |= {"thread_ts": thread.root_ref, "reply_broadcast": delivery.manner == "broadcast"}
        reply = await self._api.write("chat.postMessage", payload)
        if isinstance(reply, Outcome):
            return reply
        return self._taken(attempt, str(reply.get("ts", "")), thread)

    def _taken(self, attempt: Attempt, sent_at: str, thread: Thread | None, detail: str = "ok") -> Outcome:
        """Return `delivered`; the first notification of a story that gets through becomes its root."""
        alert = attempt.delivery.alert
        if thread is None:
            thread = Thread(
                receiver=attempt.delivery.receiver,
                story_id=alert.story_id,
                root_ref=sent_at,
                event_id=alert.event_id,
                sources=max(len(alert.sources), 1),
            )
        return delivered(sent_at, thread=thread, detail=detail)

    async def _edit(self, attempt: Attempt, thread: Thread) -> Outcome:
        """Return what came of putting the alert's sources into the root; nothing to do if they stand there."""
        sources = len(attempt.delivery.alert.sources)
        if sources <= thread.sources:
            return delivered(thread.root_ref, thread=thread, detail="already_shown")
        if thread.edited_at and (wait := thread.edited_at + EDIT_EVERY - self.now()) > timedelta():
            return Outcome(kind=OutcomeKind.POSTPONED, detail="edited_just_now", retry_after_s=wait.total_seconds())
        root = await self._api.messages("conversations.replies", {"ts": thread.root_ref, "limit": "1"})
        if isinstance(root, Outcome):
            return root
        update = _update(root, thread.root_ref, attempt)
        if update is None:
            return failed("message_not_found")
        reply = await self._api.write("chat.update", update)
        if isinstance(reply, Outcome):
            return reply
        later = thread.model_copy(update={"edited_at": self.now(), "sources": sources})
        return delivered(thread.root_ref, thread=later, detail="edited")

    async def _read_back(self, attempt: Attempt) -> Outcome | None:
        """Return `delivered` if an earlier attempt is in the channel, None if it is not, else why nobody can say."""
        replies = [("conversations.replies", {"ts": attempt.thread.root_ref})] if attempt.thread else []
        for method, query in [*replies, ("conversations.history", {})]:
            messages = await self._since(attempt, method, query)
            if isinstance(messages, Outcome):
                return messages
            if sent_at := metadata_ids(messages).get(attempt.delivery.delivery_id):
                return self._taken(attempt, sent_at, attempt.thread, "read_back")
        return None

    async def _since(self, attempt: Attempt, method: str, query: Mapping[str, str]) -> list[JsonValue] | Outcome:
        """Return the messages since then, none if the token may not read them, or why nobody can say."""
        began = attempt.ledger.at(Hop.ROUTED) or attempt.delivery.alert.head.fetched_at
        oldest = f"{(began - LOOK_BACK).timestamp():.6f}"
        since = {} if "ts" in query else {"oldest": oldest}
        messages = await self._api.messages(method, {**query, **since, **WITH_METADATA})
        if not isinstance(messages, Outcome):
            return messages
        # A token that may post but not read can't be in doubt for ever: then a twin is better than silence.
        if messages.detail in ROOT_LOST or messages.kind is OutcomeKind.REFUSED:
            return []
        return messages if messages.kind is not OutcomeKind.FAILED else ambiguous(f"read_back_{messages.detail}")


def _message(attempt: Attempt) -> Payload:
    delivery = attempt.delivery
    return slack_message(
        delivery.alert, attempt.ledger, delivery_id=delivery.delivery_id, unless_acked=delivery.unless_acked
    )


def _update(messages: list[JsonValue], root_ref: str, attempt: Attempt) -> Payload | None:
    """Return what `chat.update` takes to show the alert's sources in the root, or None if it is not there."""
    root = messages[0] if messages else None
    if not isinstance(root, dict):
        return None
    blocks = root.get("blocks")
    changed = with_sources(blocks, attempt.delivery.alert) if isinstance(blocks, list) else None
    return None if changed is None else {"ts": root_ref, "text": root.get("text", ""), "blocks": changed}
