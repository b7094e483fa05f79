import functools
import hashlib
import http.server
import re
import resource
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.broker.jars import Jar, JarError, lock_digest, locked_jars, read_lock, resolve_jars
from requirements.broker_lock import WANTED
from streams.errors import UnavailableError

JARS = tuple(
    Jar(group="org.example", artifact=name, version="1.0", sha256=hashlib.sha256(name.encode()).hexdigest())
    for name in ("broker", "clients")
)


class Repository(http.server.ThreadingHTTPServer):
    """A Maven repository on 127.0.0.1 that remembers what it was asked for."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(Answer, directory=str(folder)))
        self.folder = folder
        self.asked: list[str] = []


class Answer(http.server.SimpleHTTPRequestHandler):
    def log_message(self, _format: str, *_arguments: object) -> None:
        self.server.asked.append(self.path)


def put(folder: Path, jar: Jar, content: str) -> Path:
    path = folder.joinpath(*jar.group.split("."), jar.artifact, jar.version, jar.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's own Maven repository and jgo's settings, made for the test; the network leads nowhere."""
    folder = tmp_path / "m2"
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[settings]\nrepo_cache = {folder}\n[repositories]\ncentral = http://127.0.0.1:1\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    monkeypatch.delenv("M2_REPO", raising=False)
    return folder


@pytest.fixture
def repository(tmp_path: Path, local: Path) -> Iterator[Repository]:
    with Repository(tmp_path / "served") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings = local.with_name("jgo.conf")
        settings.write_text(settings.read_text().replace("127.0.0.1:1", f"127.0.0.1:{server.server_port}"))
        for jar in JARS:
            put(server.folder, jar, jar.artifact)
        yield server
        server.shutdown()
        thread.join()


def test_the_first_start_fetches_every_jar_and_the_second_asks_nobody(tmp_path: Path, repository: Repository) -> None:
    cache = tmp_path / "cache"
    paths = resolve_jars(JARS, cache)
    assert [path.read_text() for path in paths] == ["broker", "clients"]
    asked = len(repository.asked)
    assert asked
    assert resolve_jars(JARS, cache) == paths
    assert len(repository.asked) == asked
    assert not list(cache.glob("incoming-*"))


def test_a_cache_that_holds_all_and_takes_nothing_is_good_enough(tmp_path: Path) -> None:
    held = tuple(put(tmp_path, jar, jar.artifact).rename(tmp_path / jar.name) for jar in JARS)
    (tmp_path / f"proven-{lock_digest(JARS)}").symlink_to(tmp_path / "missing" / "marker")
    assert resolve_jars(JARS, tmp_path) == held


def test_only_what_the_cache_lacks_is_fetched(tmp_path: Path, repository: Repository) -> None:
    first, _ = resolve_jars(JARS, tmp_path)
    first.unlink()
    repository.asked.clear()
    resolve_jars(JARS, tmp_path)
    assert first.read_text() == "broker"
    assert not any("clients" in path for path in repository.asked)


def test_jars_of_the_local_maven_repository_need_no_network(tmp_path: Path, local: Path) -> None:
    kept = [put(local, jar, jar.artifact) for jar in JARS]
    paths = resolve_jars(JARS, tmp_path / "cache")
    assert [path.read_text() for path in paths] == ["broker", "clients"]
    assert all(path.exists() for path in kept)


def test_a_first_start_without_network_is_one_line_with_its_cure(
    tmp_path: Path, local: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    put(local, JARS[0], "broker")
    with pytest.raises(UnavailableError, match=r"connect this machine for the first start.*--bootstrap") as caught:
        resolve_jars(JARS, tmp_path / "cache")
    assert "1 of 2 missing, first clients-1.0.jar" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_jar_that_no_repository_serves_is_the_same_line(tmp_path: Path, repository: Repository) -> None:
    shutil.rmtree(repository.folder)
    with pytest.raises(UnavailableError, match=r"2 of 2 missing, first broker-1\.0\.jar"):
        resolve_jars(JARS, tmp_path / "cache")


def test_a_jar_that_is_served_with_another_content_is_refused_and_not_kept(
    tmp_path: Path, repository: Repository
) -> None:
    put(repository.folder, JARS[1], "malice")
    with pytest.raises(JarError, match=r"clients-1\.0\.jar: not the file that jars\.lock names; came from the Maven"):
        resolve_jars(JARS, tmp_path / "cache")
    assert not (tmp_path / "cache" / "clients-1.0.jar").exists()


def test_a_differing_jar_of_the_local_maven_repository_is_named(tmp_path: Path, local: Path) -> None:
    path = put(local, JARS[0], "half of i")
    with pytest.raises(JarError, match="delete it and start again") as caught:
        resolve_jars(JARS, tmp_path / "cache")
    assert caught.value.place == path
    assert path.exists()


@pytest.mark.usefixtures("repository")
def test_a_jar_that_changed_after_it_was_proven_is_refused_until_it_is_deleted(tmp_path: Path) -> None:
    path = resolve_jars(JARS, tmp_path)[1]
    path.write_text("malice!")
    assert len("malice!") == len("clients")
    for _ in range(2):
        with pytest.raises(JarError, match=r"clients-1\.0\.jar: .*; delete it and start again"):
            resolve_jars(JARS, tmp_path)
    path.unlink()
    assert resolve_jars(JARS, tmp_path)[1].read_text() == "clients"


@pytest.mark.usefixtures("local")
def test_a_cache_that_cant_be_written_is_one_line_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JarError, match=r"can't be kept there \(Not a directory\); give another cache folder"):
        resolve_jars(JARS, tmp_path / "file" / "cache")


def test_a_full_disk_is_not_taken_for_a_missing_network(tmp_path: Path, repository: Repository) -> None:
    put(repository.folder, JARS[0], "x" * 2_000_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(JarError, match=r"can't be kept there \(File too large\); give another cache folder"):
            resolve_jars(JARS, tmp_path / "cache")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("org.example:broker:1.0", id="no hash"),
        pytest.param("org.example:broker:1.0 ", id="an empty hash"),
        pytest.param("org.example:broker:jar:1.0 ab", id="a part too many"),
        pytest.param("org.example:../../broker:1.0 ab", id="a way out of the cache"),
    ],
)
def test_a_broken_lock_names_its_line_and_the_cure(line: str) -> None:
    with pytest.raises(JarError, match=r"jars\.lock:2: .*make lock"):
        read_lock(f"org.example:broker:1.0 ab\n{line}\n")


def test_the_committed_lock_holds_what_the_broker_is_made_of_and_no_address() -> None:
    jars = locked_jars()
    assert set(WANTED) < {f"{jar.group}:{jar.artifact}:{jar.version}" for jar in jars}
    assert len({jar.name for jar in jars}) == len(jars)
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in jars)
