import os
import pathlib
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from coordinator import private_files

HOUR = 3600


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def age(path: pathlib.Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_folder_is_for_its_owner_alone():
    with private_files.folder() as folder:
        assert mode(folder) == 0o700


def test_a_folder_and_all_in_it_is_removed_at_the_end(private_parent: pathlib.Path):
    with private_files.folder() as folder:
        private_files.write(folder / "secret", "s3cret")
        (folder / "deeper").mkdir()
    assert list(private_parent.iterdir()) == []


def leave_with_an_error() -> None:
    with private_files.folder() as folder:
        private_files.write(folder / "secret", "s3cret")
        raise RuntimeError("interrupted")


def test_a_folder_is_removed_after_an_exception(private_parent: pathlib.Path):
    with pytest.raises(RuntimeError, match="interrupted"):
        leave_with_an_error()
    assert list(private_parent.iterdir()) == []


def test_a_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: pathlib.Path):
    before = os.umask(0)
    try:
        path = private_files.write(tmp_path / "secret", "s3cret ä")
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert path.read_text(encoding="utf-8") == "s3cret ä"


def test_a_file_that_somebody_else_made_is_not_written_to(tmp_path: pathlib.Path):
    planted = tmp_path / "secret"
    planted.write_text("")
    with pytest.raises(FileExistsError):
        private_files.write(planted, "s3cret")


def test_a_planted_link_is_not_followed(tmp_path: pathlib.Path):
    (tmp_path / "secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        private_files.write(tmp_path / "secret", "s3cret")
    assert not (tmp_path / "elsewhere").exists()


def test_left_overs_of_a_killed_hook_are_removed(private_parent: pathlib.Path):
    left = private_parent / f"{private_files._PREFIX}killed"
    left.mkdir()
    (left / "ceilometer.conf").write_text("password")
    age(left, 2 * HOUR)
    with private_files.folder():
        assert not left.exists()


@pytest.fixture
def ended() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["/bin/true"])
    assert process.wait(timeout=10) == 0
    return process.pid


def test_left_overs_of_an_ended_process_are_removed_at_once(
    private_parent: pathlib.Path, ended: int
):
    left = private_parent / f"{private_files._PREFIX}{ended}-killed"
    left.mkdir()
    (left / "ceilometer.conf").write_text("password")
    with private_files.folder():
        assert not left.exists()


def test_a_folder_of_a_living_process_is_kept(private_parent: pathlib.Path):
    busy = private_parent / f"{private_files._PREFIX}{os.getpid()}-busy"
    busy.mkdir()
    with private_files.folder():
        assert busy.exists()


def test_a_folder_tells_whose_it_is():
    with private_files.folder() as folder:
        assert folder.name.startswith(f"{private_files._PREFIX}{os.getpid()}-")


def test_left_overs_are_removed_without_a_new_folder(private_parent: pathlib.Path, ended: int):
    left = private_parent / f"{private_files._PREFIX}{ended}-killed"
    left.mkdir()
    private_files.sweep()
    assert list(private_parent.iterdir()) == []


def test_left_overs_in_other_places_are_removed(tmp_path: pathlib.Path, ended: int):
    left = tmp_path / "snap" / f"{private_files._PREFIX}{ended}-killed"
    left.mkdir(parents=True)
    private_files.sweep(tmp_path / "snap", tmp_path / "nowhere")
    assert not left.exists()


def test_a_folder_of_a_process_whose_number_is_used_again_is_removed(
    private_parent: pathlib.Path,
):
    left = private_parent / f"{private_files._PREFIX}{os.getpid()}-before"
    left.mkdir()
    age(left, HOUR)
    private_files.sweep()
    assert not left.exists()


def test_a_folder_in_use_is_kept_however_old(private_parent: pathlib.Path):
    with private_files.folder() as folder:
        age(folder, HOUR)
        private_files.sweep()
        assert folder.exists()


HOOK = """
import pathlib, sys, time
from coordinator import private_files
private_files.remove_when_terminated()
with private_files.folder(pathlib.Path(sys.argv[1])) as folder:
    private_files.write(folder / "accounts.yaml", "password")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def hook(private_parent: pathlib.Path) -> Iterator[subprocess.Popen[str]]:
    """A process with a private folder in `private_parent`."""
    source = pathlib.Path(private_files.__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-c", HOOK, str(private_parent)],
        env={"PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait(timeout=10)
    process.stdout.close()


def test_a_terminated_hook_leaves_nothing(
    hook: subprocess.Popen[str], private_parent: pathlib.Path
):
    assert len(list(private_parent.iterdir())) == 1
    hook.terminate()
    assert hook.wait(timeout=10) == -signal.SIGTERM
    assert list(private_parent.iterdir()) == []


def test_the_folder_of_another_living_hook_is_kept(
    hook: subprocess.Popen[str], private_parent: pathlib.Path
):
    (folder,) = private_parent.iterdir()
    age(folder, HOUR)
    private_files.sweep()
    assert hook.poll() is None
    assert folder.exists()


def test_what_a_killed_hook_leaves_is_swept(
    hook: subprocess.Popen[str], private_parent: pathlib.Path
):
    hook.kill()
    hook.wait(timeout=10)
    private_files.sweep()
    assert list(private_parent.iterdir()) == []


def test_two_folders_of_one_process_live_side_by_side():
    with private_files.folder() as first, private_files.folder() as second:
        assert first != second
        assert first.exists()


def test_a_folder_in_use_is_kept(private_parent: pathlib.Path):
    busy = private_parent / f"{private_files._PREFIX}busy"
    busy.mkdir()
    with private_files.folder():
        assert busy.exists()


def test_other_folders_are_left_alone(private_parent: pathlib.Path):
    other = private_parent / "somebody-else"
    other.mkdir()
    age(other, 2 * HOUR)
    with private_files.folder():
        assert other.exists()


def test_a_link_that_looks_like_a_left_over_harms_nothing(
    private_parent: pathlib.Path, tmp_path: pathlib.Path
):
    target = tmp_path / "precious"
    target.mkdir()
    link = private_parent / f"{private_files._PREFIX}link"
    link.symlink_to(target)
    then = time.time() - 2 * HOUR
    os.utime(link, (then, then), follow_symlinks=False)
    with private_files.folder():
        assert target.exists()
