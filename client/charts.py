"""Charts for the page of a report: pygal's drawings as plain SVG, without its script."""

from __future__ import annotations

import re
from html import escape
from typing import Any


def chart_options() -> dict[str, Any]:
    """What all charts of a report have in common, as arguments of a pygal chart."""
    from pygal.style import Style

    style = Style(
        background="transparent",
        plot_background="transparent",
        colors=("#0550ae", "#116329", "#a40e26", "#953800", "#6e7781"),
        font_family="system-ui, sans-serif",
        opacity="1",  # else the legend's squares have another colour than the dots
    )
    return {
        "js": [],
        "style": style,
        "width": 1000,
        "height": 360,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": 5,
        "margin_bottom": 45,  # else the legend is cut off: pygal leaves no room for it beside a title of the axis
        "pretty_print": False,
        "disable_xml_declaration": True,
    }


def as_figure(chart: Any, caption: str) -> str:
    """Return the chart as a figure of the page."""
    # pygal always adds the settings of its script, which the page does not load.
    drawing = re.sub(r"<script.*?</script>", "", chart.render(is_unicode=True), flags=re.DOTALL)
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
