"""`python -m tests.pictures`: makes the pictures of the documentation.

The report is a page of an example; the dashboard shows what a real Prometheus saw of the
rehearsal, in which metricd of Gnocchi is dead at the end. It needs Chromium, for example Debian's
package `chromium`; no browser asks a network for anything.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time

from coordinator.blueprint import loader
from coordinator.report import render
from coordinator.report.render import Form
from tests.pictures import browser, dashboard, example
from tests.rehearsal import source_charm
from tests.rehearsal.story import Story
from tests.support.agent.agent import Agent
from tests.support.monitoring.collector import collecting
from tests.support.openstack import Release, Stack

ROOT = pathlib.Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
PAUSE = 10.0
"""Seconds after a step, so that it can be seen in the picture."""


def main() -> int:
    if not browser.find():
        print("needs Chromium: on Debian, apt install chromium", file=sys.stderr)
        return 1
    report = render.report_as(Form.HTML, example.REPORT, loader.load(), example.CHANGES)
    _photograph(report, "report.png", width=1040, height=2150)
    _photograph(_rehearsed(), "dashboard.png", width=dashboard.WIDTH, height=dashboard.height())
    return 0


def _photograph(text: str, name: str, *, width: int, height: int) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.html"
        page.write_text(text, encoding="utf-8")
        browser.photograph(page, IMAGES / name, width=width, height=height)
    print((IMAGES / name).relative_to(ROOT))


def _rehearsed() -> str:
    """The dashboard after the rehearsal, but for its last step: metricd is not mended."""
    with Stack(Release.LATEST) as stack, tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "charm").mkdir()
        charm = source_charm.make(folder / "charm")
        seam = {source_charm.SEAM: str(stack.ceilometer_upgrade)}
        with Agent(charm, environment=seam) as agent:
            story = Story(agent, stack)
            deploy, *_ = story.steps()
            deploy.act()
            (folder / "machine").mkdir()
            with collecting(agent, folder / "machine") as prometheus:
                begin = 0.0
                for step in story.steps()[1:-1]:
                    print(step.title)
                    step.act()
                    agent.action("verify-stack", {"deep": step.deep})
                    begin = begin or (time.time() if step.verified else 0.0)
                    time.sleep(PAUSE)
                return dashboard.page(prometheus, begin, time.time())


if __name__ == "__main__":
    sys.exit(main())
