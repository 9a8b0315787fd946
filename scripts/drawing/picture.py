"""Draws a system as SVG: zones as columns, kinds of things as rows, who may reach whom as lanes beside them.

The layout is our own, as it follows from the network: graphviz has no columns that clusters share, and its pictures
differ from version to version, so that nobody could say whether a committed one is stale.
"""

from __future__ import annotations

from html import escape

from .system import Reach, Row, Subnet, System, described, kind

MARGIN, HEAD, ZONE, GAP, LANE, LABEL = 24, 176, 204, 16, 26, 150
ROW, CHIP, TIER = 84, 34, 40
FONT = "font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"
# Told apart without colour vision too; each at least 3:1 on its ground, words at least 4.5:1.
LIGHT = {
    "ground": "#ffffff",
    "box": "#f3f5f7",
    "chip": "#dbe7f7",
    "text": "#1f2328",
    "quiet": "#57606a",
    "line": "#8c959f",
}
DARK = {
    "ground": "#0d1117",
    "box": "#171c24",
    "chip": "#1d3557",
    "text": "#e6edf3",
    "quiet": "#9aa4af",
    "line": "#6e7681",
}
LANES_LIGHT = ("#0a58ca", "#b54708", "#1a7f37", "#8250df", "#bf3989", "#57606a")
LANES_DARK = ("#6ea8fe", "#f0a04b", "#4ac26b", "#c297ff", "#f778ba", "#9aa4af")


def drawn(system: System) -> str:
    """Return the SVG."""
    return Picture(system).text()


class Picture:
    """One drawing, from top to bottom: the outside, the VPC with its tiers of subnets, what stands beside."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._parts: list[str] = []
        self._heights: dict[str, int] = {}
        zones = system.zones
        self._columns = {zone: MARGIN + HEAD + index * (ZONE + GAP) for index, zone in enumerate(zones)}
        self._right = MARGIN + HEAD + len(zones) * (ZONE + GAP)
        self._lane = self._right + MARGIN
        self._width = self._lane + len(system.reaches) * LANE + LABEL

    def text(self) -> str:
        """Draw it."""
        y = MARGIN
        for name in self._system.outside:
            self._heading(name, ("outside of the VPC",), y + 30)
            self._heights[name] = y + 30
            y += 56
        y = self._vpc(y)
        if self._system.s3:
            self._heading("S3", ("through the gateway endpoint",), y + 30)
            self._heights["S3"] = y + 30
            y += 60
        y = self._beside(y)
        for index, reach in enumerate(self._system.reaches):
            self._draw_lane(index, reach)
        return self._wrapped(y + MARGIN // 2)

    def _vpc(self, top: int) -> int:
        y = top + 34
        self._words(MARGIN + 14, top + 22, f"VPC {self._system.vpc}", "bold")
        for zone, x in self._columns.items():
            self._words(x + 10, top + 22, zone, "quiet")
        for public in (True, False):
            subnets = [subnet for subnet in self._system.subnets if subnet.public is public]
            rows = [row for row in self._system.rows if row.public is public]
            if subnets:
                y = self._tier(subnets, rows, y) + GAP
        self._parts.insert(0, box(MARGIN, top, self._right - MARGIN, y - top, "vpc"))
        return y + 4

    def _tier(self, subnets: list[Subnet], rows: list[Row], top: int) -> int:
        """Draw the subnets of a tier, as high as what stands in them, and that."""
        heights = [max(ROW, 34 + CHIP * max(len(names) for names in row.places.values())) for row in rows]
        height = TIER + max(sum(heights), 24)
        for subnet in subnets:
            x = self._columns[subnet.zone]
            self._parts.append(box(x, top, ZONE, height, "subnet"))
            self._words(x + 10, top + 20, f"{kind(subnet)} {subnet.cidr}", "quiet")
        y = top + TIER
        for row, row_height in zip(rows, heights, strict=True):
            self._row(row, y, row_height)
            y += row_height
        return top + height

    def _row(self, row: Row, y: int, height: int) -> None:
        middle = y + height // 2 - 8
        self._heights[row.title] = middle
        self._heading(row.title, row.notes, middle - 8)
        zones = sorted(row.places)
        if row.spread:
            first, last = self._columns[zones[0]], self._columns[zones[-1]] + ZONE
            self._parts.append(box(first + 10, middle - CHIP // 2, last - first - 20, CHIP - 6, "chip"))
            for zone in zones:
                self._words(self._columns[zone] + ZONE // 2, middle + 2, row.spread, "text middle")
            return
        for zone in zones:
            names = row.places[zone]
            start = middle - CHIP * len(names) // 2
            for index, name in enumerate(names):
                x, at = self._columns[zone] + 10, start + index * CHIP
                self._parts.append(box(x, at, ZONE - 20, CHIP - 6, "chip"))
                self._words(x + (ZONE - 20) // 2, at + 19, name, "text middle")

    def _beside(self, top: int) -> int:
        if not self._system.beside:
            return top
        self._words(MARGIN + 14, top + 22, f"Beside it, in {self._system.region}", "bold")
        for index, text in enumerate(self._system.beside):
            self._words(MARGIN + HEAD + 10, top + 22 + index * 20, text, "quiet")
        return top + 30 + len(self._system.beside) * 20

    def _draw_lane(self, index: int, reach: Reach) -> None:
        """Draw a line from everything that may to what it may reach, with an arrow there and a dot at the rest."""
        x, style = self._lane + index * LANE, f"lane{index % len(LANES_LIGHT)}"
        same = [one for one in self._system.reaches if one.target == reach.target]
        end = self._heights[reach.target] + 16 * same.index(reach) - 8 * (len(same) - 1)
        starts = [self._heights[name] + 4 + self._shift(name, reach) for name in reach.sources]
        edge = self._right - GAP // 2
        words = f"{' and '.join(reach.sources)} may reach {reach.target} at {reach.port}"
        self._parts.append(f'<g class="{style}"><title>{escape(words)}</title>')
        self._parts.append(f'<path d="M{x} {min(*starts, end)}V{max(*starts, end)}"/>')
        for start in starts:
            self._parts.append(f'<path d="M{edge} {start}H{x}"/><circle cx="{edge}" cy="{start}" r="4"/>')
        self._parts.append(
            f'<path d="M{x} {end}H{edge + 6}"/><path class="tip" d="M{edge - 4} {end}l12 -6v12z"/>'
        )
        self._parts.append("</g>")
        last = self._lane + (len(self._system.reaches) - 1) * LANE + 12
        self._parts.append(f'<path class="{style} thin" d="M{x} {end}H{last}"/>')
        self._words(last + 6, end + 5, reach.port, f"{style} words")

    def _shift(self, name: str, reach: Reach) -> int:
        """Return where on a thing its line begins: each of its lines at a height of its own."""
        leaving = [one for one in self._system.reaches if name in one.sources]
        arriving = [one for one in self._system.reaches if one.target == name]
        return 12 * leaving.index(reach) + (16 * len(arriving) if arriving else -6 * (len(leaving) - 1))

    def _heading(self, title: str, notes: tuple[str, ...], y: int) -> None:
        self._words(MARGIN + 14, y, title, "bold")
        for index, note in enumerate(notes):
            self._words(MARGIN + 14, y + 17 * (index + 1), note, "quiet")

    def _words(self, x: int, y: int, text: str, style: str) -> None:
        self._parts.append(f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>')

    def _wrapped(self, height: int) -> str:
        title = f"What {self._system.name} makes"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self._width} {height}" width="{self._width}" '
                f'height="{height}" role="img" aria-labelledby="title description">',
                f'<title id="title">{escape(title)}</title>',
                f'<desc id="description">{escape(described(self._system))}</desc>',
                f"<style>{style_of(LIGHT, LANES_LIGHT)}",
                f"@media (prefers-color-scheme: dark) {{{style_of(DARK, LANES_DARK)}}}</style>",
                f'<rect class="ground" width="{self._width}" height="{height}" rx="10"/>',
                *self._parts,
                "</svg>\n",
            ]
        )


def box(x: int, y: int, width: int, height: int, style: str) -> str:
    """Return a rectangle."""
    return f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>'


def style_of(colours: dict[str, str], lanes: tuple[str, ...]) -> str:
    """Return the rules of a palette."""
    rules = [
        f"text {{{FONT}; font-size: 13px; fill: {colours['text']}}}",
        f".ground {{fill: {colours['ground']}}}",
        f".vpc {{fill: none; stroke: {colours['line']}; stroke-width: 1.5}}",
        f".subnet {{fill: {colours['box']}; stroke: {colours['line']}; stroke-dasharray: 4 3}}",
        f".chip {{fill: {colours['chip']}; stroke: {colours['line']}}}",
        ".bold {font-weight: 600}",
        f".quiet {{fill: {colours['quiet']}; font-size: 12px}}",
        ".middle {text-anchor: middle}",
        "path {fill: none; stroke-width: 2}",
        ".thin {stroke-width: 1; stroke-dasharray: 2 3}",
        ".words {font-weight: 600}",
    ]
    for index, colour in enumerate(lanes):
        name = f".lane{index}"
        rules.append(f"{name} path, path{name} {{stroke: {colour}}}")
        rules.append(f"{name} circle, {name} .tip, text{name} {{fill: {colour}}}")
    return " ".join(rules)
