"""Packs the charm for the base of this machine, and unpacks it as Juju does."""

from __future__ import annotations

import hashlib
import os
import pathlib
import platform
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable

import yaml

from tests.support.agent import processes
from tests.support.packing import charmcraft_tool

PACKED = charmcraft_tool.CHECKOUT / ".tools" / "charm"
NOT_PACKED = ("tests", "docs", "terraform")
"""Folders whose content cannot change the package (charmcraft.yaml says what it ships)."""
PACK_LIMIT = 540
KEPT = 3600.0
"""Seconds that a .charm of an earlier tree is kept: checkouts may share the folder."""


class PackingError(Exception):
    """The charm cannot be packed; the text holds what charmcraft said."""


def pack(tell: Callable[[str], None] = print) -> pathlib.Path:
    """Pack the tree as it is now and give the .charm; an unchanged tree is not packed again.

    `tell` is told when it is packed.

    Raises:
        UnavailableError: if charmcraft cannot run on this machine.
        PackingError: if charmcraft refuses the tree.
    """
    base = host_base()
    python = charmcraft_tool.ensure()
    with charmcraft_tool.locked(PACKED / "lock"):
        files = tree_files()
        charm = PACKED / f"{digest(files, base, python)}.charm"
        if not charm.exists():
            for old in PACKED.glob("*.charm"):
                if time.time() - old.stat().st_mtime > KEPT:  # a run may be using it still
                    old.unlink()
            tell("packing the charm")
            with tempfile.TemporaryDirectory(dir=PACKED, prefix="packing-") as folder:
                _pack(files, base, python, pathlib.Path(folder)).rename(charm)
        return charm


def host_base() -> str:
    """This machine as a platform of charmcraft, such as debian@12:amd64.

    Raises:
        UnavailableError: if charmcraft could not know it.
    """
    release = platform.freedesktop_os_release()
    name, version = release.get("ID", ""), release.get("VERSION_ID", "")
    if name not in ("debian", "ubuntu") or not version:
        raise charmcraft_tool.UnavailableError(
            f"charmcraft packs on releases of Debian and Ubuntu, not on {name} {version}"
        )
    architecture = _run(["dpkg", "--print-architecture"], pathlib.Path("/")).stdout.strip()
    return f"{name}@{version}:{architecture}"


def tree_files() -> list[pathlib.Path]:
    """The files of the checkout that git tracks or would track, relative to it."""
    # Root may pack a checkout of someone else: git then wants to be told that this is meant.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = _run([*git, "--cached", "--others", "--exclude-standard"], charmcraft_tool.CHECKOUT)
    names = sorted(set(filter(None, listed.stdout.split("\0"))))
    return [pathlib.Path(name) for name in names if (charmcraft_tool.CHECKOUT / name).is_file()]


def copy_tree(files: list[pathlib.Path], target: pathlib.Path, base: str) -> None:
    """Copy files of the checkout, with charmcraft.yaml made to pack for one base only."""
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(charmcraft_tool.CHECKOUT / name, target / name)
    path = target / "charmcraft.yaml"
    project = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**project, "platforms": {base: None}}, sort_keys=False))


def unpack(charm: pathlib.Path, folder: pathlib.Path) -> None:
    """Unzip a charm with the modes of its files, which zipfile alone would drop."""
    with zipfile.ZipFile(charm) as archive:
        for member in archive.infolist():
            path = pathlib.Path(archive.extract(member, folder))
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                path.chmod(mode)


def place(charm: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Give a unit a folder of its own with an unpacked charm; what is packed is shared by links.

    What ops and the charm keep between hooks is in that folder, never in the shared one.
    """
    folder.mkdir(parents=True)
    for path in charm.iterdir():
        if not path.name.startswith("."):
            (folder / path.name).symlink_to(path)
    return folder


def digest(files: list[pathlib.Path], base: str, python: pathlib.Path) -> str:
    """A name for all that decides what is in the package."""
    whole = hashlib.sha256(f"{base} {python}".encode())
    for name in files:
        if name.parts[0] in NOT_PACKED:
            continue
        path = charmcraft_tool.CHECKOUT / name
        executable = os.access(path, os.X_OK)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{name}\0{executable}\0{content}\n".encode())
    return whole.hexdigest()[:16]


def _pack(
    files: list[pathlib.Path], base: str, python: pathlib.Path, folder: pathlib.Path
) -> pathlib.Path:
    tree, home = folder / "tree", folder / "home"
    home.mkdir(mode=0o700)
    copy_tree(files, tree, base)
    command = [python, "-m", "charmcraft", "pack", "--destructive-mode", "--verbosity=brief"]
    # craftctl, which charmcraft.yaml calls, is beside charmcraft's interpreter
    packed = charmcraft_tool.run(command, tree, home, PACK_LIMIT, python.parent)
    charms = list(tree.glob("*.charm"))
    if packed.exit_code != 0 or len(charms) != 1:
        said = packed.stdout[-2000:] + packed.stderr[-6000:]
        raise PackingError(f"charmcraft pack failed:\n{said}")
    return charms[0]


def _run(command: list[str], folder: pathlib.Path) -> processes.Outcome:
    done = charmcraft_tool.run(command, folder, folder, 60)
    if done.exit_code != 0:
        raise PackingError(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
    return done
