"""`python -m tests.pictures`: photographs the HTML report for the documentation.

It needs Chromium, for example Debian's package `chromium`; nothing is asked of a network.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

from coordinator.blueprint import loader
from coordinator.report import render
from coordinator.report.render import Form
from tests.pictures import browser, example

ROOT = pathlib.Path(__file__).parents[2]
IMAGE = ROOT / "docs" / "images" / "report.png"


def main() -> int:
    if not browser.find():
        print("needs Chromium: on Debian, apt install chromium", file=sys.stderr)
        return 1
    text = render.report_as(Form.HTML, example.REPORT, loader.load(), example.CHANGES)
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "report.html"
        page.write_text(text, encoding="utf-8")
        browser.photograph(page, IMAGE, width=1040, height=2150)
    print(IMAGE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
