"""The dashboard as a page, where there is no Grafana: its panels ask a real Prometheus.

Titles, places, queries, units, names of values and thresholds are the dashboard's own; only what
draws them is another. Its first rows are drawn.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
import time
from collections.abc import Callable
from typing import Any

from monitoring import cos
from tests.support.monitoring.server import Prometheus

WIDTH = 1200
"""Pixels of the page; a dashboard has 24 columns."""

ROWS = 30
"""Rows of the dashboard that are drawn: what one sees first."""

_COLUMN, _ROW = WIDTH / 24, 34
_POINTS = 400
_GAP = 2.5 / _POINTS
"""The part of the whole time after which a value is taken for missing."""

_PENS = ("#1f6fb2", "#b8540f", "#3b7d23", "#7b4fa3", "#a3223b", "#555")
_COLOURS = {"green": "#2b8a3e", "yellow": "#b7791f", "red": "#c92a2a", "text": "#333"}
_STYLE = f"""
body {{ margin: 0; background: #f4f5f5; font: 14px/1.4 sans-serif; color: #222; width: {WIDTH}px }}
main {{ display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: {_ROW}px }}
section {{ margin: 4px; padding: 6px 10px; background: #fff; border: 1px solid #ddd;
  overflow: hidden }}
h1 {{ font-size: 19px; margin: 10px 14px }} h2 {{ font-size: 13px; margin: 0 0 4px }}
.stat {{ display: flex; flex-direction: column }}
.stat p {{ flex: 1; margin: 0; display: grid; place-items: center; font-size: 28px;
  font-weight: 600; color: #fff }}
table {{ border-collapse: collapse; width: 100% }} td, th {{ text-align: left; padding: 3px 6px;
  border-bottom: 1px solid #eee; font-size: 12.5px }}
svg text {{ font: 12px sans-serif }}
"""


@dataclasses.dataclass(frozen=True)
class _Pen:
    """Draws panels of what a Prometheus saw between two moments."""

    prometheus: Prometheus
    begin: float
    end: float

    def now(self, panel: dict[str, Any]) -> list[tuple[dict[str, str], float]]:
        """Labels and values of a panel's query at the end."""
        found = self.prometheus.query(_filled(panel))
        return [(one["metric"], float(one["value"][1])) for one in found]

    def course(self, panel: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
        """By the name in the legend, the values and their times, as a part of the whole."""
        whole = self.end - self.begin
        found = self.prometheus.query_range(_filled(panel), self.begin, self.end, whole / _POINTS)
        legend = panel["targets"][0]["legendFormat"]
        return {
            re.sub(r"{{(\w+)}}", lambda label, of=one["metric"]: of[label[1]], legend): [
                ((at - self.begin) / whole, float(value)) for at, value in one["values"]
            ]
            for one in found
        }

    def stat(self, panel: dict[str, Any]) -> str:
        found = self.now(panel)
        value = found[0][1] if found else None
        colour = _threshold(panel, value) if value is not None else "#555"
        return f'<p style="background: {colour}">{_text(panel, value)}</p>'

    def table(self, panel: dict[str, Any]) -> str:
        options = next(one["options"] for one in panel["transformations"])
        order: dict[str, int] = options["indexByName"]
        columns = [n for n in sorted(order, key=order.__getitem__) if n != "juju_application"]
        head = "".join(
            f"<th>{html.escape(options['renameByName'].get(n, n))}</th>" for n in columns
        )
        found = self.now(panel)
        if any("severity" in labels for labels, _ in found):
            found.sort(key=lambda one: one[0]["severity"], reverse=True)
        rows = ""
        for labels, value in found:
            texts = {**labels, "Value": _text(panel, value)}
            cells = "".join(f"<td>{html.escape(texts.get(n, ''))}</td>" for n in columns)
            rows += f"<tr>{cells}</tr>"
        return f"<table><tr>{head}</tr>{rows}</table>"

    def timeline(self, panel: dict[str, Any]) -> str:
        width, height = _size(panel)
        course, left = self.course(panel), 90.0
        each = (height - 20) / max(1, len(course))
        drawn = self._times(left, width, height)
        for number, (name, points) in enumerate(sorted(course.items())):
            top = number * each
            drawn += f'<text x="0" y="{top + each / 2 + 4}">{html.escape(name)}</text>'
            for since, until, value in _runs(points):
                x, wide = left + since * (width - left), (until - since) * (width - left)
                drawn += (
                    f'<rect x="{x}" y="{top + 2}" width="{wide}" height="{each - 4}" '
                    f'fill="{_threshold(panel, value)}"/>'
                )
                if wide > 60:
                    drawn += (
                        f'<text x="{x + 6}" y="{top + each / 2 + 4}" fill="#fff">'
                        f"{_text(panel, value)}</text>"
                    )
        return _svg(width, height, drawn)

    def lines(self, panel: dict[str, Any]) -> str:
        width, height = _size(panel)
        course, left, bottom = self.course(panel), 50.0, height - 40
        most = max((value for points in course.values() for _, value in points), default=0) or 1
        drawn = self._times(left, width, height - 20)
        for part in (0, 0.5, 1):
            y = 10 + (1 - part) * (bottom - 10)
            drawn += (
                f'<path d="M{left} {y}H{width}" stroke="#ddd"/>'
                f'<text x="0" y="{y + 4}">{_text(panel, most * part)}</text>'
            )
        beside = left
        for (name, points), colour in zip(sorted(course.items()), _PENS, strict=False):
            path, before = "", -1.0
            for at, value in points:
                step = "L" if at - before < _GAP else "M"
                path += f"{step}{left + at * (width - left)} "
                path += f"{10 + (1 - value / most) * (bottom - 10)}"
                before = at
            drawn += (
                f'<path d="{path}" fill="none" stroke="{colour}" '
                f'stroke-width="2"/><text x="{beside}" y="{height - 4}" fill="{colour}">'
                f"{html.escape(name)}</text>"
            )
            beside += 12 + 7 * len(name)
        return _svg(width, height, drawn)

    def _times(self, left: float, width: float, bottom: float) -> str:
        """The moments under a drawing."""
        drawn = ""
        for part in (0, 0.5, 1):
            at = time.gmtime(self.begin + part * (self.end - self.begin))
            anchor = "end" if part == 1 else "middle" if part else "start"
            drawn += (
                f'<text x="{left + part * (width - left)}" y="{bottom - 2}" fill="#666" '
                f'text-anchor="{anchor}">{time.strftime("%H:%M:%S", at)}</text>'
            )
        return drawn


def page(prometheus: Prometheus, begin: float, end: float) -> str:
    """The first rows of the dashboard, of what was seen between two moments."""
    dashboard = json.loads(cos.DASHBOARD.read_text(encoding="utf-8"))
    pen = _Pen(prometheus, begin, end)
    ways: dict[str, Callable[[dict[str, Any]], str]] = {
        "stat": pen.stat,
        "table": pen.table,
        "state-timeline": pen.timeline,
        "timeseries": pen.lines,
    }
    panels = [panel for panel in dashboard["panels"] if panel["gridPos"]["y"] < ROWS]
    drawn = "".join(_placed(panel, ways[panel["type"]](panel)) for panel in panels)
    title = html.escape(dashboard["title"])
    return (
        f'<!doctype html><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><main>{drawn}</main>"
    )


def height() -> int:
    """Pixels of the page."""
    return int(ROWS * _ROW) + 50


def _placed(panel: dict[str, Any], drawn: str) -> str:
    at = panel["gridPos"]
    place = f"grid-area: {at['y'] + 1} / {at['x'] + 1} / span {at['h']} / span {at['w']}"
    title = html.escape(panel["title"])
    return f'<section class="{panel["type"]}" style="{place}"><h2>{title}</h2>{drawn}</section>'


def _filled(panel: dict[str, Any]) -> str:
    """The panel's query, for every model and unit."""
    query = re.sub(r"\$juju_\w+", ".*", panel["targets"][0]["expr"])
    return query.replace("$__rate_interval", "2s")


def _size(panel: dict[str, Any]) -> tuple[float, float]:
    """Width and height that a drawing has in its panel."""
    at = panel["gridPos"]
    return at["w"] * _COLUMN - 32, at["h"] * _ROW - 48


def _svg(width: float, height: float, drawn: str) -> str:
    return f'<svg width="{width}" height="{height}">{drawn}</svg>'


def _runs(points: list[tuple[float, float]]) -> list[tuple[float, float, float]]:
    """Begin, end and value of what stays the same."""
    runs: list[tuple[float, float, float]] = []
    for at, value in points:
        if runs and runs[-1][2] == value:
            runs[-1] = (runs[-1][0], at, value)
        else:
            if runs:
                runs[-1] = (runs[-1][0], at, runs[-1][2])
            runs.append((at, at, value))
    return runs


def _threshold(panel: dict[str, Any], value: float) -> str:
    """The colour of a value."""
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    reached = [one["color"] for one in steps if one["value"] is None or value >= one["value"]]
    return _COLOURS[reached[-1]]


def _text(panel: dict[str, Any], value: float | None) -> str:
    """A value as the panel names it."""
    defaults = panel["fieldConfig"]["defaults"]
    if value is None:
        return str(defaults.get("noValue", "no data"))
    for mapping in defaults["mappings"]:
        if f"{value:g}" in mapping["options"]:
            return mapping["options"][f"{value:g}"]["text"]
    if defaults["unit"] == "dateTimeFromNow":
        return f"{time.time() - value / 1000:.0f} s ago"
    return f"{value:.3g}{' s' if defaults['unit'] == 's' else ''}"
