"""Figures in the page: curves as SVG whose colours are the page's, pictures as data.

matplotlib draws with stand-in colours, which `svg` replaces by variables of page.css. So a figure follows the reader's
light or dark scheme.
"""

from __future__ import annotations

import base64
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from .groups import Band
from .markup import Markup, element, void

__all__ = ["curve", "drawing", "figure", "picture", "pixels", "series_colour", "svg", "GRID", "MUTED", "TEXT"]

TEXT, MUTED, GRID = "#fe0200", "#fe0201", "#fe0202"
_NAMES = {TEXT: "var(--text)", MUTED: "var(--muted)", GRID: "var(--grid)"}
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8.5,
    "text.color": TEXT,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.markersize": 4,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
_WIDTH, _HEIGHT = 3.7, 2.15  # inches
_counter = itertools.count()


def series_colour(index: int) -> str:
    """The stand-in for the page's colour of a series."""
    return f"#fe01{index % 8:02x}"


@contextmanager
def drawing(width: float = _WIDTH, height: float = _HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """A figure with one plot, in the page's style."""
    with matplotlib.rc_context(_STYLE):
        canvas = Figure(figsize=(width, height), layout="constrained")
        yield canvas, canvas.subplots()


def svg(canvas: Figure, label: str) -> Markup:
    """A drawing as a part of the page. `label` says to a reader who does not see it what it shows."""
    buffer = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": "biossl"}):
        canvas.savefig(buffer, format="svg", dpi=180)
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r"""font: ([^;"]*?)'DejaVu Sans'[^;"]*""", r"font: \1var(--font)", text)
    text = re.sub(r"#fe01(0[0-7])", lambda found: f"var(--s{int(found[1])})", text)
    for colour, name in _NAMES.items():
        text = text.replace(colour, name)
    # Several drawings share a page, and names in it are unique.
    prefix = f"f{next(_counter)}-"
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'href="#', f'href="#{prefix}', text)
    text = re.sub(r"url\(#", f"url(#{prefix}", text)
    text = re.sub(r"\n\s*", "\n", text)
    attributes = element("svg", role="img", aria_label=label)[4:-7]
    return Markup(text.replace("<svg", f"<svg{attributes}", 1))


def curve(axes: Axes, index: int, line: Band, breaks: Sequence[float] = (), dashed: bool = False) -> None:
    """A mean with its band of one deviation. The line is interrupted before each epoch of `breaks`."""
    if not len(line.epochs):
        return
    parts = np.split(np.arange(len(line.epochs)), np.searchsorted(line.epochs, sorted(breaks)))
    for part in (part for part in parts if len(part)):
        x, y, d = line.epochs[part], line.mean[part], line.deviation[part]
        marker = "o" if len(line.epochs) <= 12 else None
        axes.plot(x, y, color=series_colour(index), marker=marker, linestyle="--" if dashed else "-")
        if d.any():
            axes.fill_between(x, y - d, y + d, color=series_colour(index), alpha=0.18, linewidth=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def figure(content: Markup, caption: object, *keys: Markup, wide: bool = False) -> Markup:
    """A drawing or a picture under its caption, above the keys of its colours."""
    legend = element("div", *keys, class_="legend") if keys else None
    return element("figure", element("figcaption", caption), content, legend, class_="wide" if wide else None)


def _data(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def picture(png: bytes, label: str, widest: int = 1400) -> Markup:
    """A PNG file as a picture of the page, scaled down and compressed where it is large."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if image.width > widest:
        image = image.resize((widest, round(image.height * widest / image.width)), Image.Resampling.LANCZOS)
    if len(png) <= 60_000 and image.width <= widest:
        source = _data("png", png)
    else:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=86, optimize=True, subsampling=0)
        source = _data("jpeg", buffer.getvalue())
    sheet = void("img", src=source, alt=label, width=image.width, height=image.height, class_="sheet")
    return element("div", sheet, class_="scroll", tabindex="0")


def pixels(array: np.ndarray, label: str) -> Markup:
    """uint8 (H, W), (H, W, 3) or (H, W, 4) as a picture whose pixels stay sharp."""
    image = Image.fromarray(array)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return void(
        "img", src=_data("png", buffer.getvalue()), alt=label, width=image.width, height=image.height, class_="pixels"
    )
