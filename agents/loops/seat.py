"""The seat that a process with a name has in its group: kept over a crash, given up at the end, never fought over.

aiokafka says no goodbye for a member with a name (a static one). And it joins anew under the name alone once its member
id is unknown: two processes of one name throw each other out for ever.
"""

import asyncio
from typing import Any

from aiokafka.errors import BrokerResponseError, KafkaError, UnknownError, for_code, kafka_errors
from aiokafka.protocol.group import LeaveGroupRequest

from agents import log
from streams.errors import ConfigurationError

APART = "leaving"  # a connection of its own: on the coordinator's a join may stand before us until all others joined
LEAVE_S = 1.0  # a broker that is gone delays an end no longer than this

LOG = log.named("seat")


class FencedInstanceIdError(BrokerResponseError):  # type: ignore[misc]  # aiokafka ships no types
    """Another process joined under this one's name. aiokafka does not know the code, and would call it unknown."""

    errno = 82
    message = "FENCED_INSTANCE_ID"


if kafka_errors.get(FencedInstanceIdError.errno, UnknownError) is UnknownError:
    kafka_errors[FencedInstanceIdError.errno] = FencedInstanceIdError


class Seat:
    """One member's seat; without a name (`instance`) the client's own goodbye is enough, and all of this is idle."""

    def __init__(self, instance: str | None, group: str) -> None:
        self._instance = instance
        self._group = group
        self._coordinator: Any = None
        self._member = ""

    def take(self, client: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
        """Note as whom the group knows us: after each assignment."""
        self._coordinator = client._coordinator  # noqa: SLF001 - the client has no word for its member id
        self._member = self._coordinator.member_id

    def claim(self) -> None:
        """Have the client join anew as who it was: at the end of each revocation.

        The broker then says whether somebody else has the name now; if nobody has, the client joins as a new member.
        """
        if self._instance and self._coordinator is not None and not self._coordinator.member_id:
            self._coordinator.member_id = self._member

    def trouble(self) -> Exception | None:
        """Return what keeps the client out of the group for good; it waits until somebody asks, and joins no more."""
        if self._coordinator is None:
            return None
        task = self._coordinator._coordination_task  # noqa: SLF001 - as above
        pending: Exception | None = self._coordinator._pending_exception  # noqa: SLF001 - as above
        return task.exception() or pending if task.done() and not task.cancelled() else pending

    def stolen(self, err: BaseException | None) -> ConfigurationError | None:
        """Return in words that another process has the name, if that is what the error says."""
        if FencedInstanceIdError.__name__ not in str(err):  # the client wraps it, and keeps only its text
            return None
        return ConfigurationError(
            f"another process named {self._instance!r} took this one's place in group {self._group}: "
            "stop one of the two, or give each an --instance of its own"
        )

    async def leave(self) -> None:
        """Give the seat up, so that others share its partitions now, not when its session ends; once work is committed.

        The member id names nobody else: a seat that is lost already costs nobody theirs. What fails costs a session.
        """
        coordinator = self._coordinator
        if not (self._instance and self._member) or (node := coordinator.coordinator_id) is None:
            return
        request = LeaveGroupRequest(self._group, self._member)
        try:
            async with asyncio.timeout(LEAVE_S):
                await _rest(coordinator)
                answer = await coordinator._client.send(node, request, group=APART)  # noqa: SLF001 - the client has no call for it
            LOG.info("left", group=self._group, error=for_code(answer.error_code).message)
        except (KafkaError, TimeoutError) as err:
            LOG.warning("left without a goodbye: the broker does not answer", group=self._group, error=repr(err))


async def _rest(coordinator: Any) -> None:  # noqa: ANN401 - aiokafka ships no types
    """Have the client beat and join no more; it would find out that it left, and join again."""
    joining = coordinator._coordination_task  # noqa: SLF001 - close() would wait until every other member joined
    joining.cancel()
    await asyncio.wait({joining})
    await coordinator._stop_heartbeat_task()  # noqa: SLF001 - as above
