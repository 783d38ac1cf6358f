"""What a unit keeps for itself: private files that outlive a hook."""

import errno
import os
import pathlib

import pytest

import unit_state
from unit_state import UnitState


@pytest.fixture
def folder(charm_root: pathlib.Path) -> pathlib.Path:
    """Where the files are."""
    return charm_root / unit_state.NAME


def mode(path: pathlib.Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_kept_is_read_again(files: UnitState):
    files.keep("a", "Société\n")
    assert files.read("a") == "Société\n"


def test_what_was_kept_is_replaced(files: UnitState, folder: pathlib.Path):
    files.keep("a", "a longer text")
    files.keep("a", "text")
    assert files.read("a") == "text"
    assert [path.name for path in folder.iterdir()] == ["a"]


def test_another_process_reads_it(files: UnitState, charm_root: pathlib.Path):
    files.keep("a", "text")
    assert UnitState(charm_root, "telemetry-coordinator/0").read("a") == "text"


def test_nothing_is_made_before_something_is_kept(files: UnitState, folder: pathlib.Path):
    assert files.read("a") == ""
    assert not folder.exists()


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_the_unit_may_read_it(files: UnitState, folder: pathlib.Path, umask: int):
    before = os.umask(umask)
    try:
        files.keep("a", "text")
    finally:
        os.umask(before)
    assert mode(folder) == 0o700
    assert mode(folder / "a") == 0o600


def test_a_folder_that_others_may_read_is_closed(files: UnitState, folder: pathlib.Path):
    folder.mkdir(mode=0o755)
    files.keep("a", "text")
    assert mode(folder) == 0o700


def test_what_a_crash_left_half_written_is_neither_read_nor_in_the_way(
    files: UnitState, folder: pathlib.Path
):
    files.keep("a", "old")
    (folder / ".new").write_text("ha")
    assert files.read("a") == "old"
    files.keep("a", "new")
    assert files.read("a") == "new"


def test_what_a_crash_left_half_written_goes_when_any_file_is_written(
    files: UnitState, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    def crash(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            files.keep("a", "text")
    assert len(list(folder.iterdir())) == 1
    files.keep("b", "text")
    assert [path.name for path in folder.iterdir()] == ["b"]


def test_a_reader_sees_the_old_text_until_the_new_one_is_whole(
    files: UnitState, monkeypatch: pytest.MonkeyPatch
):
    files.keep("a", "old")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: fail(errno.EIO))
    files.keep("a", "new")
    assert files.read("a") == "old"


def fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_nothing_is_a_warning(
    files: UnitState,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
):
    monkeypatch.setattr(os, "fsync", lambda _descriptor: fail(number))
    files.keep("a", "text")
    assert caplog.messages == [f"a could not be kept: {os.strerror(number)}"]
    assert files.read("a") == ""


def test_something_in_the_way_of_the_folder_is_a_warning(
    files: UnitState, folder: pathlib.Path, caplog: pytest.LogCaptureFixture
):
    folder.write_text("")
    files.keep("a", "text")
    assert len(caplog.messages) == 1
    assert files.read("a") == ""


def test_a_text_that_is_too_long_is_not_kept(files: UnitState, caplog: pytest.LogCaptureFixture):
    files.keep("a", "old")
    files.keep("a", "x" * (unit_state.LARGEST + 1))
    assert caplog.messages == [f"a is not kept: it has {unit_state.LARGEST + 1} bytes"]
    assert files.read("a") == "old"


def test_a_file_that_is_too_long_is_none(files: UnitState, folder: pathlib.Path):
    folder.mkdir()
    (folder / "a").write_bytes(b"x" * (unit_state.LARGEST + 1))
    assert files.read("a") == ""


def test_a_link_is_not_followed(files: UnitState, folder: pathlib.Path, tmp_path: pathlib.Path):
    folder.mkdir()
    (tmp_path / "secret").write_text("text")
    (folder / "a").symlink_to(tmp_path / "secret")
    assert files.read("a") == ""
    files.keep("a", "ours")
    assert files.read("a") == "ours"
    assert (tmp_path / "secret").read_text() == "text"


def test_a_link_in_place_of_the_folder_is_not_followed(
    files: UnitState, folder: pathlib.Path, tmp_path: pathlib.Path
):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "elsewhere/a").write_text("theirs")
    folder.symlink_to(tmp_path / "elsewhere")
    files.keep("a", "ours")
    assert files.read("a") == ""
    assert (tmp_path / "elsewhere/a").read_text() == "theirs"


def test_bytes_that_are_no_text_are_none(files: UnitState, folder: pathlib.Path):
    folder.mkdir()
    (folder / "a").write_bytes(b"\xff\xfe")
    assert files.read("a") == ""


def test_a_text_that_is_no_utf_8_is_a_warning(files: UnitState, caplog: pytest.LogCaptureFixture):
    files.keep("a", "\ud800")
    assert len(caplog.messages) == 1
    assert files.read("a") == ""


def test_what_is_no_file_is_none(files: UnitState, folder: pathlib.Path):
    folder.mkdir()
    os.mkfifo(folder / "a")
    (folder / "b").mkdir()
    assert files.read("a") == ""
    assert files.read("b") == ""


def test_a_report_for_people_is_readable(files: UnitState, public: pathlib.Path):
    path = pathlib.Path(files.publish("report.txt", "text"))
    assert path == public / "telemetry-coordinator-0/report.txt"
    assert path.read_text() == "text"
    assert mode(path) == 0o644


def test_a_report_that_cannot_be_written_says_why(files: UnitState, public: pathlib.Path):
    public.write_text("")
    found = files.publish("report.txt", "text")
    assert found.startswith(f"{public}/telemetry-coordinator-0/report.txt could not be written (")


def test_everything_is_removed(files: UnitState, folder: pathlib.Path, public: pathlib.Path):
    files.keep("a", "text")
    files.publish("report.txt", "text")
    files.remove()
    assert not folder.exists()
    assert list(public.iterdir()) == []


def test_nothing_is_removed_twice(files: UnitState):
    files.remove()
    files.remove()
    assert files.read("a") == ""
