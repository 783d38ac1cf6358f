"""The report as a page for a browser."""

import base64
import hashlib
import pathlib
import re
from html.parser import HTMLParser

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.report import render
from coordinator.report.finding import Severity
from coordinator.report.history import Change
from coordinator.report.render import Form
from coordinator.report.report import Report
from tests.pictures import browser, example
from tests.unit import reports
from tests.unit.reports import bad, good

HOSTILE = "<script>alert(1)</script><img src=x onerror='alert(2)'>\"'&{{ 7*7 }}"


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def parsed(page: str) -> _Elements:
    elements = _Elements()
    elements.feed(page)
    elements.close()
    return elements


def page(report: Report = example.REPORT, changes: tuple[Change, ...] = example.CHANGES) -> str:
    return render.report_as(Form.HTML, report, loader.load(), changes)


def hostile() -> tuple[Report, tuple[Change, ...]]:
    finding = msgspec.structs.replace(
        bad("metric"), summary=HOSTILE, remedy=HOSTILE, because=HOSTILE, service=HOSTILE
    )
    report = msgspec.structs.replace(
        reports.report(finding), region=HOSTILE, interface=HOSTILE, builds={HOSTILE: HOSTILE}
    )
    return report, (Change(reports.NOW, "blocked", HOSTILE, HOSTILE, (HOSTILE,)),)


def test_hostile_texts_are_shown_and_make_no_element():
    elements = parsed(page(*hostile()))
    harmless = parsed(page(reports.report(bad("metric"))))
    assert {tag for tag, _ in elements.tags} <= {tag for tag, _ in harmless.tags}
    assert [tag for tag, _ in elements.tags].count("script") == 1
    assert not any(name.startswith("on") for _, attrs in elements.tags for name in attrs)
    assert HOSTILE in "".join(elements.texts)


def test_nothing_is_fetched_from_anywhere():
    fetching = ("src", "srcset", "href", "action", "data", "poster")
    addresses = [a[k] for _, a in parsed(page()).tags for k in fetching if k in a]
    assert addresses == ["data:,"]
    assert "@import" not in page()
    assert "url(" not in page()


def test_only_its_own_script_may_run():
    script = re.search("<script>(.*?)</script>", page(), re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page()


def test_the_worst_comes_first():
    report = reports.report(
        good("metric"), bad("infra-optim", severity=Severity.DEGRADED), bad("alarming")
    )
    text = page(report)
    places = [
        text.index(f"<code>{service}.endpoint</code>") for service in ("alarming", "infra-optim")
    ]
    assert places == sorted(places)


def test_what_is_seen_by_colour_is_said_by_words_too():
    marks = re.findall(r'class="mark (\w+)">(.*?)</span>\s*(?:\w+)?', page(), re.DOTALL)
    assert {word for word, _ in marks} == {"failed", "degraded", "skipped", "ok"}
    assert all(re.search(r"\w", inner) for _, inner in marks)


def test_every_remedy_can_be_selected_as_it_is():
    for finding in example.REPORT.findings:
        if finding.remedy:
            assert f'<div class="remedy"><code>{finding.remedy}</code></div>' in page()


def test_the_history_is_shown_the_newest_first():
    texts = [text for text in parsed(page()).texts if "Z" in text and text.startswith("2026-11-2")]
    shown = [text for text in texts if "09:25:00Z" in text or "08:53:00Z" in text]
    assert shown.index("2026-11-22T08:53:00Z") > shown.index("2026-11-22T09:25:00Z")


def test_without_a_history_there_is_no_strip():
    assert "Since when" not in page(changes=())


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 s"), (89, "89 min"), (120, "2 h"), (60 * 50, "2 d")]
)
def test_how_long_a_status_lasts_is_said_for_people(minutes: int, text: str):
    report = msgspec.structs.replace(example.REPORT, taken_at=example.NOW)
    change = Change(example.ago(minutes), "active", "metric verified")
    assert f"{text} so far" in page(report, (change,))


# In a real browser


@pytest.fixture(scope="module")
def chromium() -> str:
    found = browser.find()
    if not found:
        pytest.skip("needs Chromium")
    return found


PROBE = """<iframe id="f" src="page.html" style="border:0;width:{width}px;height:900px"></iframe>
<script>onload = () => {{
  const inner = document.getElementById("f").contentDocument.documentElement;
  document.title = "wide " + inner.scrollWidth + " buttons "
    + inner.querySelectorAll("button").length;
}};</script>"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("case", ["example", "hostile"])
def test_a_browser_shows_it_without_scrolling_sideways_and_without_errors(
    chromium: str, tmp_path: pathlib.Path, width: int, case: str
):
    text = page() if case == "example" else page(*hostile())
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE.format(width=width), encoding="utf-8")
    remedies = text.count('class="remedy"')
    dom, log = browser.read(probe, width=1400)
    title = re.search("<title>(.*?)</title>", dom)
    assert title
    assert title[1] == f"wide {width} buttons {remedies}"
    assert "CONSOLE" not in log
