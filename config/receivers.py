"""The receivers of routes.yaml: where notifications go, how fast, and where their secrets stand."""

from collections.abc import Mapping
from typing import get_args

from config.node import Node
from config.problems import did_you_mean
from streams.ids import ReceiverId
from streams.matching.rule import Urgency
from streams.routing.digest import MOST_ITEMS
from streams.routing.receiver import option_problems
from streams.routing.route import DigestPlan, Rate, Receiver, ReceiverType, StormLimit

OWN_KEYS = ("type", "rate", "concurrency", "ttl", "fallback", "digest", "storm")
TYPES: tuple[str, ...] = get_args(ReceiverType)
RATES: Mapping[str, Rate] = {
    "email": Rate(per_second=1.0, burst=10),
    "slack": Rate(per_second=1.0, burst=3),  # Slack allows about one message a second a channel
    "teams": Rate(per_second=1.0, burst=3),  # a workflow's connector allows 100 calls a minute
    "pagerduty": Rate(per_second=100 / 60, burst=10),  # an integration takes at least 120 events a minute
}
MOST_CONCURRENCY = 64
ROOTS_PER_MINUTE = 30  # more than anybody reads; half of what Slack lets through, so that replies keep their room
STORMS: Mapping[str, StormLimit] = dict.fromkeys(
    ("slack", "teams", "email", "pagerduty"), StormLimit(roots_per_minute=ROOTS_PER_MINUTE)
)
OFF = "off"
LEAST_EVERY_S, MOST_EVERY_S = 60.0, 86_400.0
LEAST_TTL_S, MOST_TTL_S = 1.0, 7 * 86_400.0  # deliveries and their states are kept a day longer
MOST_PER_SECOND = 10_000


def read_receivers(node: Node) -> dict[ReceiverId, Receiver]:
    """Return the receivers by id; problems are added to the node's source."""
    receivers: dict[ReceiverId, Receiver] = {}
    nodes: dict[ReceiverId, Node] = {}
    for key, value in node.pairs():
        name = ReceiverId(key.ident())
        nodes[name] = value.named(f'receiver "{name}"')
        receivers[name] = _receiver(name, nodes[name])
    for name, value in nodes.items():
        _check_fallback(name, receivers, value)
    return receivers


def _receiver(name: ReceiverId, node: Node) -> Receiver:
    given = {key.text("") for key, _ in node.pairs()}
    fields = node.fields({*OWN_KEYS, *given}, required=("type",))
    kind = fields["type"].one_of(TYPES, "console")
    rate = fields["rate"]
    receiver = Receiver.model_validate(
        {
            "receiver_id": name,
            "type": kind,
            "options": {key: fields[key].data() for key in sorted(given - set(OWN_KEYS))},
            "rate": RATES.get(kind, Rate()) if rate.absent else _rate(rate),
            "concurrency": fields["concurrency"].whole(1, least=1, most=MOST_CONCURRENCY),
            "ttl_s": _ttl(fields["ttl"]),
            "fallback": fields["fallback"].text(None),
            "digest": _digest(fields["digest"]),
            "storm": _storm(fields["storm"], kind),
        }
    )
    if kind == fields["type"].content:
        _check_options(receiver, node)
    return receiver


def _rate(node: Node) -> Rate:
    fields = node.fields(("per_second", "per_minute", "burst"))
    if "per_second" in fields and "per_minute" in fields:
        fields["per_minute"].refuse("give per_second or per_minute, not both")
    if "per_second" not in fields and "per_minute" not in fields:
        node.refuse("needs per_second or per_minute")
    by_minute = fields["per_minute"].number(600.0, least=0.1, most=60.0 * MOST_PER_SECOND) / 60
    per_second = fields["per_second"].number(by_minute, least=0.001, most=MOST_PER_SECOND)
    burst = fields["burst"].whole(max(1, round(per_second)), least=1, most=MOST_PER_SECOND)
    return Rate(per_second=per_second, burst=burst)


def _digest(node: Node) -> DigestPlan | None:
    if node.absent:
        return None
    fields = node.fields(("every", "max_items", "flash"), required=("every",))
    every_s = fields["every"].duration_s(LEAST_EVERY_S)
    if not LEAST_EVERY_S <= every_s <= MOST_EVERY_S:
        fields["every"].refuse("every is from 1m to 24h")
    flash = fields["flash"].one_of(get_args(DigestPlan.model_fields["flash"].annotation), "at_once")
    items = fields["max_items"].whole(MOST_ITEMS, least=1, most=MOST_ITEMS)
    return DigestPlan.model_validate({"every_s": every_s, "max_items": items, "flash": flash})


def _storm(node: Node, kind: str) -> StormLimit | None:
    """Return from when on a digest tells of new stories; None where it never does, as `off` says."""
    if node.absent:
        return STORMS.get(kind)
    if node.kind == "scalar" and node.content is not None:
        if node.content != OFF:
            node.refuse(f'"{node.content}" is no limit: write {{roots_per_minute: {ROOTS_PER_MINUTE}}}, or {OFF}')
        return None
    roots = node.fields(("roots_per_minute",), required=("roots_per_minute",))["roots_per_minute"]
    return StormLimit(roots_per_minute=roots.whole(ROOTS_PER_MINUTE, least=1, most=10_000))


def _ttl(node: Node) -> dict[str, float]:
    """Return the seconds that a delivery may take, by urgency; one duration counts for all."""
    if node.kind != "mapping":
        seconds = _time_to_live(node)
        return {} if seconds is None else {urgency.value: seconds for urgency in Urgency}
    fields = node.fields([urgency.value for urgency in Urgency])
    found = {name: _time_to_live(fields[name]) for name in fields}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _time_to_live(node: Node) -> float | None:
    seconds = node.duration_s(None)
    if seconds is None or LEAST_TTL_S <= seconds <= MOST_TTL_S:
        return seconds
    expires = "nothing would ever be sent" if seconds < LEAST_TTL_S else "its state would be forgotten first"
    node.refuse(f'ttl "{node.content}": {expires}; write {LEAST_TTL_S:g}s to {MOST_TTL_S / 86_400:g}d')
    return None


def _check_options(receiver: Receiver, node: Node) -> None:
    for problem in option_problems(receiver):
        place = node
        for step in problem.path:
            place = place.at(step)
        named = not problem.path or problem.path[-1] in problem.text
        where = "" if named else f"{'.'.join(problem.path)}: "
        place.refuse(f"{where}{problem.text}")


def _check_fallback(name: ReceiverId, receivers: Mapping[ReceiverId, Receiver], node: Node) -> None:
    fallback = receivers[name].fallback
    if fallback is None:
        return
    place = node.at("fallback")
    if fallback not in receivers:
        place.refuse(f'unknown receiver "{fallback}"{did_you_mean(fallback, receivers)}')
        return
    seen = {name}
    while fallback is not None and fallback in receivers:
        if fallback in seen:
            place.refuse(f'its fallbacks lead back to "{fallback}": let the last one have none')
            return
        seen.add(fallback)
        fallback = receivers[fallback].fallback
