"""The receivers as the newest routes name them, each with its channel, and what people hold back or have seen to."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from agents import log
from agents.deliver.console import Console
from agents.deliver.lane import Channel
from agents.deliver.mail import Mail
from agents.deliver.pagerduty import PagerDuty
from agents.deliver.slack import Slack
from agents.deliver.teams import Teams
from agents.deliver.webhook import Webhook
from agents.deliver.wishes import Wishes
from agents.kafka import Incoming
from streams.controls import paused_in
from streams.errors import ConfigurationError
from streams.ids import ReceiverId
from streams.routing.muting import why_muted, why_not_permitted
from streams.routing.notification import Delivery
from streams.routing.receiver import (
    console_options,
    email_options,
    pagerduty_options,
    slack_options,
    teams_options,
    webhook_options,
)
from streams.routing.route import Receiver, Routes, RoutesVersion
from streams.topics import CONTROLS

LOG = log.named("deliver")


@dataclass(slots=True)
class Receivers:
    """What is known of receivers. A new version of the routes takes effect at once; a broken receiver is unknown."""

    session: aiohttp.ClientSession
    now: Callable[[], datetime]
    allow: Collection[str] = ()
    on_change: Callable[[], None] | None = None
    _known: dict[ReceiverId, tuple[Receiver, Channel]] = field(default_factory=dict)
    _routes: Routes | None = None
    _versions: set[str] = field(default_factory=set)
    _wishes: Wishes = field(init=False)

    def __post_init__(self) -> None:
        self._wishes = Wishes(self.now)

    def apply(self, record: Incoming) -> None:
        """Take one record of `routes` or `controls`; the last one in log order counts."""
        if record.topic.endswith(CONTROLS.name):
            self._wishes.apply(record)
            if self.on_change and paused_in(record.key):
                self.on_change()
            return
        routes = RoutesVersion.from_json(record.value, schema=record.schema)
        self._routes = routes.body
        self._versions.add(routes.version)
        known = {name: self._kept_or_built(receiver) for name, receiver in routes.body.receivers.items()}
        self._known = {name: pair for name, pair in known.items() if pair is not None}
        if self.on_change:
            self.on_change()

    def find(self, name: ReceiverId) -> tuple[Receiver, Channel] | None:
        """Return a receiver and its channel, or None if the newest routes don't know it."""
        return self._known.get(name)

    def why_muted(self, delivery: Delivery) -> str | None:
        """Return why a delivery is not to be sent now, though it was decided: forbidden or silenced since, or quiet."""
        if self._routes is None:
            return None
        return why_muted(delivery, self._routes, self._wishes.silences, at=self.now())

    def is_behind(self, delivery: Delivery) -> bool:
        """Return whether the desk may not see it by the routes that are known here, but newer ones decided it.

        They come within moments: until then nobody can say whether the desk lost anything or has just got it.
        """
        unknown = delivery.alert.routes_version not in self._versions
        return unknown and self._routes is not None and why_not_permitted(delivery, self._routes) is not None

    def why_acknowledged(self, delivery: Delivery, routed_at: datetime) -> str | None:
        """Return who has seen to a delivery that goes one step up unless somebody does; None if nobody has."""
        return self._wishes.why_acknowledged(delivery, routed_at)

    def paused_s(self, name: ReceiverId) -> float:
        """Return for how long nothing is to be sent to a receiver: 0 for one that is not paused, or infinite."""
        return self._wishes.paused_s(name)

    @property
    def known(self) -> Mapping[ReceiverId, tuple[Receiver, Channel]]:
        """Return all receivers with their channels."""
        return self._known

    def _kept_or_built(self, receiver: Receiver) -> tuple[Receiver, Channel] | None:
        kept = self._known.get(receiver.receiver_id)
        if kept is not None and kept[0] == receiver:
            return kept
        try:
            return receiver, self._channel(receiver)
        except ConfigurationError as err:
            LOG.warning("receiver can't be used", receiver=receiver.receiver_id, problems=list(err.problems))
            return None

    def _channel(self, receiver: Receiver) -> Channel:
        match receiver.type:
            case "slack":
                return Slack(slack_options(receiver), self.session, self.now, self.allow)
            case "webhook":
                return Webhook(webhook_options(receiver), self.session, self.now, self.allow)
            case "teams":
                return Teams(teams_options(receiver), self.session, self.now, self.allow)
            case "pagerduty":
                return PagerDuty(pagerduty_options(receiver), self.session, self.now, self.allow)
            case "email":
                return Mail(email_options(receiver), self.allow)
            case _:
                return Console(console_options(receiver), self.now)
