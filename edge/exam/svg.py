"""A figure as SVG, written by hand: no library, and texts stay texts."""

import base64
from xml.sax.saxutils import escape

import cv2
import numpy as np

from edge.exam.figure import Area, Dots, Figure, Item, Label, Picture, Points, Polyline, Rgb

_JPEG_QUALITY = 92


def svg_of(figure: Figure) -> str:
    """The figure as an SVG document, in millimetres as wide and high as it is in points."""
    width, height = figure.width, figure.height
    size = f'width="{width * 25.4 / 72:.2f}mm" height="{height * 25.4 / 72:.2f}mm"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width:g} {height:g}"',
            ' font-family="Helvetica, Arial, sans-serif" role="img">',
            f"<title>{escape(figure.title)}</title>",
            f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            *(_element(item) for item in figure.items),
            "</svg>\n",
        )
    )


def _element(item: Item) -> str:
    match item:
        case Polyline():
            return _polyline(item)
        case Area():
            fill = f'fill="{_hex(item.colour)}" fill-opacity="{item.opacity:g}"'
            return f'<polygon points="{_points(item.points)}" {fill}/>'
        case Dots():
            return _dots(item)
        case Label():
            return _label(item)
        case Picture():
            return _picture(item)


def _polyline(item: Polyline) -> str:
    dash = f' stroke-dasharray="{item.dash:g}"' if item.dash else ""
    stroke = f'fill="none" stroke="{_hex(item.colour)}" stroke-width="{item.width:g}" stroke-linejoin="round"'
    return f'<polyline points="{_points(item.points)}" {stroke}{dash}/>'


def _dots(item: Dots) -> str:
    # Strokes of no length with round ends: a tenth of what circles would take.
    path = "".join(f"M{x:.2f} {y:.2f}h0" for x, y in item.points.tolist())
    stroke = f'stroke="{_hex(item.colour)}" stroke-width="{2 * item.radius:g}" stroke-linecap="round"'
    return f'<path d="{path}" fill="none" {stroke}/>'


def _label(item: Label) -> str:
    weight = ' font-weight="bold"' if item.bold else ""
    turn = f' transform="rotate(-90 {item.x:.2f} {item.y:.2f})"' if item.turned else ""
    place = f'x="{item.x:.2f}" y="{item.y:.2f}" font-size="{item.size:g}" text-anchor="{item.anchor}"'
    return f'<text {place} fill="{_hex(item.colour)}"{weight}{turn}>{escape(item.text)}</text>'


def _picture(item: Picture) -> str:
    _, encoded = cv2.imencode(".jpg", item.pixels, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))
    place = f'x="{item.x:.2f}" y="{item.y:.2f}" width="{item.width:.2f}" height="{item.height:.2f}"'
    data = base64.b64encode(encoded.tobytes()).decode()
    return f'<image {place} preserveAspectRatio="none" href="data:image/jpeg;base64,{data}"/>'


def _points(points: Points) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in np.asarray(points).tolist())


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
