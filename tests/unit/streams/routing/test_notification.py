import pytest

from streams.ids import EventId, ReceiverId, StoryId
from streams.routing.notification import Delivery, DeliveryStatus, Thread
from tests.support.notices import delivery


@pytest.mark.parametrize("status", DeliveryStatus, ids=str)
def test_every_state_but_a_hand_off_is_final(status: DeliveryStatus) -> None:
    assert status.final is (status != "handed_off")


def test_a_thread_is_kept_by_receiver_and_story() -> None:
    thread = Thread(receiver=ReceiverId("r"), story_id=StoryId("s"), root_ref="1.1", event_id=EventId("e"))
    assert thread.key == "r/s"


def test_a_delivery_reads_back_as_it_was_written() -> None:
    one = delivery()
    assert Delivery.from_json(one.to_json()) == one


def test_equal_deliveries_have_equal_ids_and_other_receivers_have_others() -> None:
    assert delivery("a", number=1).delivery_id == delivery("a", number=1).delivery_id
    assert len({delivery(name, number=n).delivery_id for name in "ab" for n in range(3)}) == 6
