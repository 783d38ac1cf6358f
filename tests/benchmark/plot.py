"""Draws the growth of a verification as an SVG. Needs matplotlib, which this group alone has."""

from __future__ import annotations

import pathlib

import matplotlib as mpl
from matplotlib import figure

from tests.benchmark.growth import Curves


def draw(curves: Curves, path: pathlib.Path) -> None:
    """One panel for each thing that grows: seconds and processor seconds by its size."""
    mpl.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 9})
    whole = figure.Figure(figsize=(8, 5.5), layout="constrained")
    panels = whole.subplots(2, 2)
    for panel, (what, points) in zip(panels.flat, curves.items(), strict=True):
        sizes = [point.size for point in points]
        panel.plot(sizes, [point.wall for point in points], "o-", label="seconds")
        panel.plot(sizes, [point.cpu for point in points], "s--", label="of processor time")
        panel.set(title=what, xscale="log", ylim=(0, None))
        panel.grid(alpha=0.3)
    panels.flat[0].legend()
    whole.suptitle("One verification in a larger cloud")
    whole.savefig(path, metadata={"Date": None})
