"""How the documentation becomes a site: `make docs`."""

import re

project = "Telemetry Coordinator"
project_copyright = "Telemetry Coordinator developers"
extensions = ["myst_parser"]
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = project
html_show_sphinx = False
html_copy_source = False

# An anchor is the heading in small letters, as where the pages are read in the repository.
myst_heading_anchors = 3
highlight_language = "none"
nitpicky = True

_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./){2,}(?!explanation|how-to|reference|tutorial)[^)]*\)")
"""Links out of docs/, to files that only the repository has."""


def setup(app):
    """Show what only the repository has by its name."""
    app.connect("source-read", _unlink)


def _unlink(app, docname, source):
    if docname.count("/") == 1:
        source[0] = _OUTSIDE.sub(r"\1", source[0])
