import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.broker.folder import LOG_SIZE_BYTES, MARKER, BrokerFolder, FolderError, FolderInUseError, delete_data


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[BrokerFolder]:
    folder = BrokerFolder(tmp_path / "broker")
    folder.claim()
    yield folder
    folder.release()


def with_records(folder: BrokerFolder) -> Path:
    folder.records.mkdir()
    meta = folder.records / "meta.properties"
    meta.write_text("version=1\n")
    return meta


def test_a_second_broker_on_one_folder_is_refused_before_java_starts(folder: BrokerFolder) -> None:
    with pytest.raises(FolderInUseError, match="another tocsin runs its broker there; stop it") as caught:
        BrokerFolder(folder.path).claim()
    assert caught.value.path == folder.path
    assert caught.value.retry_helps


def test_a_folder_that_was_let_go_can_be_claimed_again(folder: BrokerFolder) -> None:
    folder.release()
    folder.release()
    other = BrokerFolder(folder.path)
    assert other.claim() == other.claim()
    other.release()


def test_a_refused_claim_leaves_no_descriptor_open(folder: BrokerFolder) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with contextlib.suppress(FolderInUseError):
        BrokerFolder(folder.path).claim()
    assert set(Path("/proc/self/fd").iterdir()) == before


@pytest.mark.parametrize(
    "below", [pytest.param(("file", "data"), id="below a file"), pytest.param(("file",), id="a file")]
)
def test_a_folder_that_cant_be_written_is_one_line_with_its_cure(tmp_path: Path, below: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("in the way")
    place = tmp_path.joinpath(*below)
    with pytest.raises(FolderError, match=r"the broker can't write there \(.+\); give another --data-dir") as caught:
        BrokerFolder(place).claim()
    assert str(caught.value).startswith(str(place))
    assert "\n" not in str(caught.value)


def test_records_of_another_program_are_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    with pytest.raises(FolderError, match="not tocsin's"):
        BrokerFolder(tmp_path).claim()
    assert not (tmp_path / MARKER).exists()


def test_records_count_as_formatted_only_with_the_file_that_says_whose_they_are(folder: BrokerFolder) -> None:
    assert not folder.is_formatted()
    meta = with_records(folder)
    assert folder.is_formatted()
    meta.unlink()
    with pytest.raises(FolderError, match="restore it, or begin anew with --fresh"):
        folder.is_formatted()


def test_a_folder_made_anew_has_another_identity(folder: BrokerFolder, tmp_path: Path) -> None:
    meta = with_records(folder)
    before = folder.identity()
    meta.rename(tmp_path / "kept, so that its inode is not used again")
    assert folder.identity() is None
    meta.write_text("version=1\n")
    assert folder.identity() not in {None, before}


def test_the_log_of_the_last_run_is_kept_beside_the_new_one(folder: BrokerFolder) -> None:
    folder.turn_log()
    folder.log.write_text("first run")
    folder.turn_log()
    assert folder.log_end() == ""
    assert folder.path.joinpath("broker.log.1").read_text() == "first run"


def test_a_log_cant_fill_the_disk_while_java_writes_on(folder: BrokerFolder) -> None:
    folder.cut_log()
    with folder.log.open("ab") as java:
        java.write(b"x" * LOG_SIZE_BYTES)
        java.flush()
        folder.cut_log()
        assert folder.log.stat().st_size == LOG_SIZE_BYTES
        java.write(b"x")
        java.flush()
        folder.cut_log()
        java.write(b"the newest line")
    assert folder.log.read_bytes() == b"the newest line"


def test_the_end_of_a_long_log_is_its_end(folder: BrokerFolder) -> None:
    folder.log.write_text("x" * 100_000 + "\nthe last line")
    assert folder.log_end().endswith("x\nthe last line")
    assert len(folder.log_end()) < 100_000


def test_fresh_deletes_what_a_broker_wrote_and_nothing_else(folder: BrokerFolder) -> None:
    with_records(folder)
    for path in (folder.trash, folder.unformatted):
        path.mkdir()
    for path in (folder.log, folder.log.with_suffix(".log.1"), folder.properties, folder.path / "my notes"):
        path.write_text("x")
    folder.release()
    assert delete_data(folder.path)
    assert {path.name for path in folder.path.iterdir()} == {MARKER, "my notes"}


def test_fresh_has_nothing_to_delete_where_nothing_is(tmp_path: Path) -> None:
    assert not delete_data(tmp_path)
    assert not delete_data(tmp_path / "absent")


def test_fresh_leaves_a_folder_alone_that_is_not_a_brokers(tmp_path: Path) -> None:
    thesis = tmp_path / "records" / "thesis"
    thesis.parent.mkdir()
    thesis.write_text("five years of work")
    with pytest.raises(FolderError, match="nothing was deleted"):
        delete_data(tmp_path)
    assert thesis.read_text() == "five years of work"


def test_fresh_leaves_a_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(FolderError, match="nothing was deleted"):
        delete_data(file)
    assert file.exists()


def test_fresh_waits_for_nobody_while_a_broker_runs(folder: BrokerFolder) -> None:
    with_records(folder)
    with pytest.raises(FolderInUseError):
        delete_data(folder.path)
    assert folder.is_formatted()
