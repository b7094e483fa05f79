import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agents.apply import live_feeds
from agents.broker.folder import FolderError
from agents.broker.server import Broker
from agents.run.ground import RunGround, jar_cache, load_files
from agents.run.report import RunLog, RunReport
from config.settings import Settings
from streams.errors import ConfigurationError, UnavailableError
from tests.support.tocsin_run import write_files

pytestmark = pytest.mark.kafka


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


Make = Callable[..., RunGround]


@pytest.fixture
async def make(tmp_path: Path, out: io.StringIO) -> AsyncIterator[Make]:
    """A function that makes a ground in a folder of its own; nothing is left of it."""
    kept, made = RunLog(tmp_path / "log"), list[RunGround]()
    config = write_files(tmp_path / "config")

    def new_ground(*, fresh: bool = False, sample: bool = False, **settings: object) -> RunGround:
        read = Settings(**{"config_dir": config, "data_dir": tmp_path / "data", **settings})
        made.append(RunGround(read, fresh=fresh, sample=sample, report=RunReport(out, kept)))
        return made[-1]

    yield new_ground
    for each in made:
        await each.close()
    kept.close()


async def test_on_a_given_broker_it_applies_the_files_and_the_sample(
    make: Make, broker: Broker, topic_prefix: str, out: io.StringIO
) -> None:
    given = {"bootstrap": broker.bootstrap, "topic_prefix": topic_prefix}
    made = make(sample=True, allow_addresses=("10.0.0.1:80",), **given)
    await made.open()
    await made.prepare()
    allowed = made.environment["TOCSIN_ALLOW_ADDRESSES"].split(",")
    assert made.environment["TOCSIN_BOOTSTRAP"] == broker.bootstrap
    assert allowed[0] == "10.0.0.1:80"
    assert f"a sample wire on {allowed[1]}; --no-sample turns it off" in out.getvalue()
    live = await live_feeds(Settings(**given))
    assert {feed.managed_by for feed in live.values()} == {"sample"}
    assert all(feed.sample and allowed[1] in feed.fetch_url for feed in live.values())
    await made.close()

    without = make(**given)
    await without.open()
    await without.prepare()
    assert await live_feeds(Settings(**given)) == {}
    assert without.environment["TOCSIN_ALLOW_ADDRESSES"] == ""


async def test_a_given_broker_that_is_not_there_is_told_at_once(make: Make) -> None:
    made = make(bootstrap="127.0.0.1:1")
    await made.open()
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await made.prepare()


async def test_an_embedded_broker_comes_back_and_goes_when_its_records_are_gone(
    make: Make, out: io.StringIO, tmp_path: Path
) -> None:
    made = make()
    await made.open()
    await made.prepare()
    watch = asyncio.create_task(made.watch())
    broker = made._broker
    assert broker is not None
    assert broker._process is not None
    broker._process.kill()
    async with asyncio.timeout(60):
        while "back" not in out.getvalue():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)
    assert "broker   ended (the embedded broker was killed by signal 9" in out.getvalue()
    records = tmp_path / "data" / "broker" / "records"
    records.rename(records.with_name("taken-away"))
    with pytest.raises(FolderError, match="records were deleted"):
        await watch


async def test_fresh_deletes_what_was_there(make: Make, out: io.StringIO, tmp_path: Path) -> None:
    first = make()
    await first.open()
    await first.prepare()
    await first.close()
    records = (tmp_path / "data" / "broker" / "records" / "meta.properties").read_text()
    second = make(fresh=True)
    await second.open()
    await second.prepare()
    assert "everything that an earlier run kept was deleted (--fresh)" in out.getvalue()
    assert (tmp_path / "data" / "broker" / "records" / "meta.properties").read_text() != records


async def test_fresh_on_an_empty_folder_says_nothing(make: Make, out: io.StringIO) -> None:
    await make(fresh=True).open()
    assert out.getvalue() == ""


async def test_fresh_on_a_given_broker_is_refused(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="--fresh"):
        await make(fresh=True, bootstrap="127.0.0.1:1").open()


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    config = write_files(
        tmp_path / "config",
        feeds="version: 1\nfeed: []\n", rules="version: 1\nrules: [{id: a}]\n", routes="version: 1\nroute: {}\n",
    )  # fmt: skip
    with pytest.raises(ConfigurationError) as caught:
        load_files(Settings(config_dir=config))
    named = {problem.partition(":")[0] for problem in caught.value.problems}
    assert named == {"feeds.yaml", "rules.yaml", "routes.yaml"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param("/somewhere", "/somewhere/tocsin/broker", id="XDG_CACHE_HOME"),
        pytest.param("", str(Path.home() / ".cache/tocsin/broker"), id="home"),
    ],
)
def test_the_jars_are_kept_once_for_a_user(environment: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", environment)
    assert str(jar_cache()) == expected
