"""A real Prometheus on 127.0.0.1 for tests, and the two programs that the Debian package `prometheus` brings."""

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

START_TIMEOUT_S = 60.0


def program(name: str) -> str:
    """Return the program's path. Raises: AssertionError with the cure; a check that can't run is no check."""
    path = shutil.which(name)
    assert path, f"{name} is not on PATH: sudo apt-get install prometheus"
    return path


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def query(port: int, expression: str) -> list[dict[str, object]]:
    """Return the series of an instant query. Raises: AssertionError with Prometheus' own words for a wrong one."""
    url = f"http://127.0.0.1:{port}/api/v1/query?{urlencode({'query': expression})}"
    try:
        with urlopen(url, timeout=10) as answer:
            body = json.load(answer)
    except URLError as err:
        words = err.read().decode() if hasattr(err, "read") else str(err)
        raise AssertionError(f"{expression}: {words}") from err
    result: list[dict[str, object]] = body["data"]["result"]
    return result


@contextlib.contextmanager
def scraping(folder: Path, targets: Mapping[str, int], rules: Sequence[Path] = ()) -> Iterator[int]:
    """Yield the port of a Prometheus that scrapes these processes, by name and port, each second."""
    port = free_port()
    jobs = [{"targets": [f"127.0.0.1:{each}"], "labels": {"process": name}} for name, each in targets.items()]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [{"job_name": "tocsin", "static_configs": jobs}],
    }
    (folder / "prometheus.json").write_text(json.dumps(config))  # JSON is YAML
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program("prometheus"), f"--config.file={folder / 'prometheus.json'}",
             f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def until_scraped(port: int, times: int) -> None:
    """Return once every target was scraped so often and answered. Raises: AssertionError if that takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError, OSError):
            found = query(port, f'min(count_over_time((up{{job="tocsin"}} == 1)[1h:1s])) >= {times}')
            if found:
                return
        time.sleep(0.3)
    raise AssertionError("prometheus did not scrape in time")
