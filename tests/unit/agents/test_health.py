import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from agents import health as health_module
from agents.health import Health, PortTakenError
from agents.metrics import Metrics

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
async def served(metrics: Metrics) -> AsyncIterator[Health]:
    health = Health(metrics.registry)
    await health.start()
    yield health
    await health.stop()


async def get(health: Health, path: str, **headers: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{health.port}{path}", headers=headers) as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def get_json(health: Health, path: str) -> tuple[int, dict[str, object]]:
    status, _, text = await get(health, path)
    return status, json.loads(text)


async def test_a_running_loop_is_live(served: Health) -> None:
    status, body = await get_json(served, "/livez")
    assert (status, body["live"]) == (200, True)


async def test_a_blocked_loop_turns_livez_red_and_the_server_still_answers(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "LIVE_WITHIN_S", 0.3)
    monkeypatch.setattr(health_module, "BEAT_EVERY_S", 0.05)
    monkeypatch.setattr(health_module, "ANSWER_WITHIN_S", 0.1)
    health = Health(metrics.registry)
    health.part("broker", lambda: True, waiting="waits for the broker")
    await health.start()
    asked = asyncio.get_running_loop().run_in_executor(None, _ask_until_red, health.port)
    time.sleep(1.5)  # noqa: ASYNC251 - the blocked loop is what is tested
    live, ready, scraped = await asked
    assert b" 503 " in live.splitlines()[0]
    assert b'"live": false' in live
    assert b'"loop": "does not answer"' in ready
    assert b"tocsin_build_info" in scraped
    await health.stop()


def _ask_until_red(port: int) -> tuple[bytes, bytes, bytes]:
    time.sleep(0.6)
    return _ask(port, "/livez"), _ask(port, "/readyz"), _ask(port, "/metrics")


def _ask(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answer:
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return answer.read()


async def test_a_loop_that_recovers_is_live_again(served: Health) -> None:
    served._beaten_at -= 11
    assert (await get_json(served, "/livez"))[0] == 503
    served._beaten_at += 11
    assert (await get_json(served, "/livez"))[0] == 200


async def test_ready_needs_every_part_and_says_what_is_missing(served: Health) -> None:
    restored = False
    served.part("broker", lambda: True, waiting="waits for the broker")
    served.part("state", lambda: restored, waiting="reads its state")
    assert await get_json(served, "/readyz") == (
        503,
        {"ready": False, "parts": {"broker": "ready", "state": "reads its state"}},
    )
    restored = True
    assert await get_json(served, "/readyz") == (200, {"ready": True, "parts": {"broker": "ready", "state": "ready"}})


async def test_a_process_that_named_no_part_yet_is_not_ready(served: Health) -> None:
    assert await get_json(served, "/readyz") == (503, {"ready": False, "parts": {}})


async def test_a_check_that_fails_is_a_part_that_is_not_ready(served: Health) -> None:
    def broken() -> bool:
        raise KeyError

    served.part("rules", broken, waiting="reads the rules")
    assert (await get_json(served, "/readyz"))[1]["parts"] == {"rules": "can't tell: KeyError"}


async def test_parts_are_asked_on_the_loop_where_their_data_lives(served: Health) -> None:
    asked_in: list[object] = []

    def ready() -> bool:
        asked_in.append(asyncio.get_running_loop())
        return True

    served.part("state", ready, waiting="")
    await get(served, "/readyz")
    assert asked_in == [asyncio.get_running_loop()]


@pytest.mark.parametrize(
    ("accept", "kind", "end"),
    [
        pytest.param(OPENMETRICS, "application/openmetrics-text", "# EOF\n", id="prometheus asks for openmetrics"),
        pytest.param("*/*", "text/plain", "\n", id="a person with a browser"),
    ],
)
async def test_metrics_are_served_in_the_form_that_was_asked_for(
    served: Health, accept: str, kind: str, end: str
) -> None:
    status, content_type, text = await get(served, "/metrics", Accept=accept)
    assert status == 200
    assert content_type.startswith(kind)
    assert text.endswith(end)
    assert "tocsin_articles_total" in text


async def test_an_exemplar_carries_the_trace_id(served: Health, metrics: Metrics) -> None:
    metrics.stage_latency.labels("total").observe(0.7, {"trace_id": "0af7651916cd43dd8448eb211c80319c"})
    _, _, text = await get(served, "/metrics", Accept=OPENMETRICS)
    assert 'trace_id="0af7651916cd43dd8448eb211c80319c"' in text


async def test_lag_is_read_from_the_consumer_at_the_scrape(served: Health, metrics: Metrics) -> None:
    lag = 5
    served.at_scrape(lambda: metrics.consumer_lag.labels("articles", "3").set(lag))
    lag = 7
    assert 'tocsin_consumer_lag{partition="3",topic="articles"} 7.0' in (await get(served, "/metrics"))[2]


async def test_a_gauge_that_can_not_be_read_does_not_hide_the_others(served: Health, metrics: Metrics) -> None:
    def broken() -> None:
        raise RuntimeError

    served.at_scrape(broken)
    served.at_scrape(lambda: metrics.stories_open.set(3))
    assert "tocsin_stories_open 3.0" in (await get(served, "/metrics"))[2]


async def test_an_unknown_path_says_which_there_are(served: Health) -> None:
    status, body = await get_json(served, "/healthz?full=1")
    assert status == 404
    assert body == {"paths": ["/metrics", "/livez", "/readyz"]}


async def test_a_taken_port_is_one_line_with_its_cure(served: Health, metrics: Metrics) -> None:
    with pytest.raises(PortTakenError) as caught:
        await Health(metrics.registry, port=served.port).start()
    assert str(caught.value) == (
        f"--metrics-port 127.0.0.1:{served.port}: Address already in use; give another port, or 0 for a free one"
    )
    assert caught.value.exit_code == 69


async def test_stopping_frees_the_port_and_may_be_done_twice(metrics: Metrics) -> None:
    first = Health(metrics.registry)
    await first.start()
    await first.stop()
    await first.stop()
    second = Health(metrics.registry, port=first.port)
    await second.start()
    assert (await get(second, "/livez"))[0] == 200
    await second.stop()


async def test_a_client_that_goes_away_hurts_nobody(served: Health, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
    assert (await get(served, "/livez"))[0] == 200
    assert "Traceback" not in capsys.readouterr().err


async def test_before_the_start_nothing_is_ready(metrics: Metrics) -> None:
    assert Health(metrics.registry).answer("/readyz").status == 503
