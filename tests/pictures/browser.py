"""A headless Chromium that asks no network for anything."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tempfile

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--allow-file-access-from-files",
)


def find() -> str:
    """Path of the browser; empty where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), "")


def photograph(
    page: pathlib.Path, image: pathlib.Path, *, width: int, height: int, dark: bool = False
) -> None:
    """Write a picture of a page as PNG."""
    scheme = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    _run([*scheme, f"--screenshot={image}", f"--window-size={width},{height}", page.as_uri()])


def read(page: pathlib.Path, *, width: int) -> tuple[str, str]:
    """The document after its scripts ran, and what the browser logged."""
    done = _run([f"--window-size={width},900", "--dump-dom", page.as_uri()])
    return done.stdout, done.stderr


def _run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as profile:
        command = [find(), *_FLAGS, f"--user-data-dir={profile}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
