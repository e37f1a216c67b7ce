"""Random scanner screens whose region and scale are known: layouts in the manner of many vendors, none of any one.

`SONOEDGE_FONTS` may name a folder of TrueType fonts; without it, Pillow's own font and OpenCV's strokes are used.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.frame import Region

Pixels = NDArray[np.uint8]
SIZES = (
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 720),
    (1280, 960),
    (960, 720),
    (1920, 1080),
    (1440, 1080),
    (720, 576),
)
TICKS_MM = ((1, 5, 10), (1, 10), (2, 10), (2.5, 10), (5, 10), (5, 10), (5,), (10,), (10, 50), (2.5, 5, 10), (1, 5))
WORDS = (
    "MI 0.7", "TIS 0.1", "Gn 62", "DR 65", "FR 31Hz", "L12-4", "MSK", "Frq 10.0", "2024-03-11", "14:07:32", "Knee R",
    "PRC 10-3-H", "Map C", "THI", "Persist 3", "Res", "HOSPITAL", "ID: 83412", "AO% 100", "Pwr 0dB", "FREEZE", "48/48",
)  # fmt: skip


@dataclass
class Screen:
    """A drawn screen and its truth."""

    pixels: Pixels
    region: Region
    mm_per_px: float
    extent_px: float
    """Rows from the skin line to the end of the depth, on the axis."""
    readable: bool
    """Ticks are drawn and what they stand for can be told from the screen."""
    told_by: list[str] = field(default_factory=list)


def draw_screen(seed: int, *, fades: bool = False) -> Screen:
    """fades: the deep field does, at any row and within any length; the depth stays."""
    return _Painter(np.random.default_rng(seed), fades).paint()


def speckle(rng: np.random.Generator, height: int, width: int) -> Pixels:
    """Log-compressed Rayleigh speckle with layers, dark pools, shadows and a depth at which the noise takes over."""
    grain = (float(rng.uniform(0.6, 1.2)), float(rng.uniform(1.0, 3.0)))
    field_re, field_im = (
        cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), sigmaX=grain[1], sigmaY=grain[0])
        for _ in range(2)
    )
    decibel = 20 * np.log10(np.hypot(field_re, field_im) / field_re.std() + 1e-3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = y / height, x / width
    for _ in range(rng.integers(2, 7)):
        line = rng.uniform(0.05, 0.9) + rng.uniform(-0.2, 0.2) * x + 0.03 * np.sin(6 * x + rng.uniform(0, 6))
        decibel += rng.uniform(10, 30) * np.exp(-(((y - line) / rng.uniform(0.004, 0.02)) ** 2))
    for _ in range(rng.integers(0, 4)):
        pool = ((x - rng.uniform(0, 1)) / rng.uniform(0.05, 0.3)) ** 2 + (
            (y - rng.uniform(0.1, 0.9)) / rng.uniform(0.05, 0.25)
        ) ** 2
        decibel -= 60 * (pool < 1)
    for _ in range(rng.integers(0, 3)):
        left = rng.uniform(-0.1, 1.0)
        decibel -= 45 * ((x > left) & (x < left + rng.uniform(0.05, 0.3)) & (y > rng.uniform(0.05, 0.6)))
    decibel -= float(rng.uniform(0, 40)) * np.clip(y - rng.uniform(0.2, 0.8), 0, 1) * 2
    if rng.random() < 0.7:
        decibel[: max(3, height // 60)] = 25 + 3 * rng.normal(size=(max(3, height // 60), width))
    picture = (decibel + 45) / rng.uniform(55, 75)
    picture = np.clip(picture, 0, 1) ** rng.uniform(0.8, 1.5) * 255
    floor = rng.choice((0.0, 1.0, 3.0, 8.0), p=(0.15, 0.25, 0.35, 0.25))
    return np.clip(picture + np.abs(rng.normal(size=picture.shape)) * floor, 0, 255).astype(np.uint8)


class _Painter:
    def __init__(self, rng: np.random.Generator, fades: bool) -> None:
        self.rng, self.fades = rng, fades
        self.pil_font = self._pick_font()
        self.hershey = int(rng.choice((cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_PLAIN)))

    def _pick_font(self) -> str | None:
        folder = os.environ.get("SONOEDGE_FONTS")
        fonts = sorted(str(path) for path in Path(folder).rglob("*.[to]tf")) if folder else []
        return str(self.rng.choice(fonts)) if fonts else None

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def paint(self) -> Screen:
        rng = self.rng
        self.width, self.height = SIZES[rng.integers(len(SIZES))]
        self.unit = self.height / 600
        self.panel = int(rng.choice((0, 0, 0, 0, 0, 0, 8, 16, 30, 52, 64)))
        self.pixels = np.full((self.height, self.width), self.panel, np.uint8)
        self.ink_level = int(rng.integers(170, 256))
        self.text_px = max(9, round(float(rng.uniform(11, 17)) * self.unit))
        self.curved = self.chance(0.3)
        w = int(self.width * rng.uniform(0.3, 0.62))
        h = int(self.height * rng.uniform(0.5, 0.8))
        self.left = int(rng.uniform(0.14, 0.82 - w / self.width) * self.width)
        self.top = int(rng.uniform(0.07, 0.93 - h / self.height) * self.height)
        w, h = self._sector(w, h) if self.curved else (w, h)
        self._panels(w, h)
        region = self._ultrasound(w, h)
        self.box = region
        depth_mm = float(rng.uniform(60, 200) if self.curved else rng.uniform(20, 75))
        if self.chance(0.7):
            depth_mm = round(depth_mm / 5) * 5
        image_rows = region.height - (self.apex_rows if self.curved else 0)
        self.mm_per_px = depth_mm / image_rows
        self.start = region.y + (self.apex_rows if self.curved else 0)
        readable, told_by = self._ruler(depth_mm, image_rows)
        self._clutter()
        return self._photograph(region, readable, told_by)

    def _panels(self, w: int, h: int) -> None:
        if self.panel > 24 or self.chance(0.15):
            # A light interface has a black canvas around the picture, or none at all.
            margin = int(self.rng.choice((0, 12, 30)) * self.unit) if self.panel > 24 else int(25 * self.unit)
            if self.panel <= 24:
                self.pixels[:] = int(self.rng.integers(30, 80))
                self.pixels[:, : self.left + w + 6 * margin] = 0
                self.pixels[: int(0.05 * self.height)] = int(self.rng.integers(40, 200))
            self.canvas_level = 0
            self.pixels[self.top - margin : self.top + h + margin, self.left - margin : self.left + w + margin] = 0

    def _sector(self, w: int, h: int) -> tuple[int, int]:
        """Width and height of the sector that fits into w x h: of radius R it is R - inner R cos(half) high."""
        self.half = float(np.deg2rad(self.rng.uniform(22, 38)))
        self.inner = float(self.rng.uniform(0.12, 0.5))
        drop = 1 - self.inner * np.cos(self.half)
        self.radius = float(min(h / drop, w / (2 * np.sin(self.half))))
        return int(2 * self.radius * np.sin(self.half)), int(self.radius * drop)

    def _ultrasound(self, w: int, h: int) -> Region:
        rng = self.rng
        picture = speckle(rng, h, w)
        if self.fades:
            below = np.arange(h)[:, None] - rng.uniform(0.35, 0.85) * h
            picture = np.rint(picture * np.exp(-np.maximum(below, 0) / (rng.uniform(0.01, 0.12) * h))).astype(np.uint8)
        if not self.curved:
            self.pixels[self.top : self.top + h, self.left : self.left + w] = picture
            return Region(self.left, self.top, w, h)
        half, inner, radius = self.half, self.inner, self.radius
        y, x = np.mgrid[0:h, 0:w].astype(np.float64)
        y = y + inner * radius * np.cos(half)
        x = x - (w - 1) / 2
        r, angle = np.hypot(x, y), np.arctan2(x, y)
        inside = (np.abs(angle) <= half) & (r >= inner * radius) & (r <= radius)
        view = self.pixels[self.top : self.top + h, self.left : self.left + w]
        view[inside] = picture[inside]
        self.apex_rows = round(inner * radius * (1 - np.cos(half)))
        return Region(self.left, self.top, w, h)

    def text(
        self, words: str, x: int, y: int, size: int | None = None, middle: bool = False, level: int | None = None
    ) -> int:
        """Writes `words` with the upper left corner (or the left middle) at (x, y); gives the right end."""
        size = size or self.text_px
        level = level or self.ink_level
        if self.pil_font is None and self.hershey != cv2.FONT_HERSHEY_PLAIN:
            scale = size / 30
            (w, h), _ = cv2.getTextSize(words, self.hershey, scale, 1 if size < 22 else 2)
            y_base = y + h // 2 if middle else y + h
            cv2.putText(self.pixels, words, (x, y_base), self.hershey, scale, level, 1 if size < 22 else 2, cv2.LINE_AA)
            return x + w
        font = ImageFont.truetype(self.pil_font, size) if self.pil_font else ImageFont.load_default(size)
        canvas = Image.fromarray(self.pixels)
        draw = ImageDraw.Draw(canvas)
        box = draw.textbbox((0, 0), words, font=font)
        top = y - (box[1] + box[3]) / 2 if middle else y
        draw.text((x, top), words, font=font, fill=level)
        self.pixels = np.array(canvas)
        return int(x + box[2])

    def _ruler(self, depth_mm: float, image_rows: int) -> tuple[bool, list[str]]:
        rng, box = self.rng, self.box
        if self.chance(0.08):
            return False, []
        steps = [s for s in TICKS_MM if s[0] / self.mm_per_px >= 5 and depth_mm / s[0] <= 90 and depth_mm / s[0] >= 3]
        steps = [s for s in steps if not (s[0] == 10 and depth_mm < 40)]
        marks = steps[rng.integers(len(steps))] if steps else (10,)
        right = self.chance(0.6)
        gap = int(rng.uniform(4, 40) * self.unit)
        inside = not self.curved and self.chance(0.1)
        x = box.x + box.width + gap if right else box.x - gap
        if inside:
            x = box.x + box.width - int(14 * self.unit) if right else box.x + int(14 * self.unit)
        x = int(np.clip(x, 8 * self.unit, self.width - 12 * self.unit))
        style = str(rng.choice(("dash", "dot", "axis", "dash")))
        level = 255 if inside else int(rng.integers(110, 256))
        lengths = [max(2, round(v * self.unit)) for v in (3, 6, 9)]
        toward = -1 if right else 1
        if self.chance(0.5):
            toward = -toward
        for step, length in zip(marks, lengths, strict=False):
            for k in range(int(depth_mm / step + 1e-6) + 1):
                y = self.start + k * step / self.mm_per_px
                self._mark(x, y, length, style, toward, level)
        if style == "axis":
            cv2.line(self.pixels, (x, self.start), (x, self.start + image_rows), level, 1)
        if self.chance(0.25):
            self._marks_below(marks, lengths, style, level)
        told_by = []
        if self.chance(0.5) and not inside:
            told_by.append(self._numerals(marks, depth_mm, x, right, lengths))
        if self.chance(0.55):
            told_by.append(self._depth_label(depth_mm))
        if self._ratio_tells(marks, depth_mm):
            told_by.append("ratio")
        return any(told_by), [word for word in told_by if word]

    def _mark(self, x: int, y: float, length: int, style: str, toward: int, level: int) -> None:
        row = round(y)
        if style == "dot":
            cv2.circle(self.pixels, (x, row), max(1, length // 3), level, -1, cv2.LINE_AA)
        else:
            thick = max(1, round(self.unit * 0.9))
            a, b = sorted((x, x + toward * length))
            self.pixels[max(row - thick // 2, 0) : row - thick // 2 + thick, max(a, 0) : b + 1] = level

    def _marks_below(self, marks: tuple[float, ...], lengths: list[int], style: str, level: int) -> None:
        y = self.box.y + self.box.height + int(8 * self.unit)
        for step, length in zip(marks, lengths, strict=False):
            for k in range(int(self.box.width * self.mm_per_px / step) + 1):
                x = round(self.box.x + k * step / self.mm_per_px)
                self.pixels[y : y + length, x : x + 1] = level

    def _numerals(self, marks: tuple[float, ...], depth_mm: float, x: int, right: bool, lengths: list[int]) -> str:
        every = 10 if depth_mm < 120 else 50
        in_mm = self.chance(0.3) and every == 10
        size = max(9, round(self.rng.uniform(0.8, 1.0) * self.text_px))
        if every / self.mm_per_px < 1.3 * size:
            return ""
        place = x + lengths[2] + int(6 * self.unit) if right else x - lengths[2] - int(10 * self.unit) - 2 * size // 2
        zero = self.chance(0.4)
        decimals = self.chance(0.12) and not in_mm
        shift = int(self.rng.choice((0, 0, 0, 5))) * self.unit
        last = 0
        for mm in range(0 if zero else every, int(depth_mm + 1e-6) + 1, every):
            words = str(mm) if in_mm else (f"{mm / 10:.1f}" if decimals else str(mm // 10))
            self.text(words, max(place, 1), round(self.start + mm / self.mm_per_px + shift), size, middle=True)
            last = mm
        unit = ""
        if self.chance(0.4):
            unit = "mm" if in_mm else "cm"
            self.text(unit, max(place, 1), self.start - 2 * size, size, middle=True)
        if last < (20 if not zero else 10):
            return ""
        if in_mm and last < 30 and not unit:
            return ""
        if every == 50 and not unit and last <= 300:
            return ""
        return "numerals"

    def _depth_label(self, depth_mm: float) -> str:
        in_cm = self.chance(0.75)
        if in_cm and abs(depth_mm / 10 - round(depth_mm / 10, 1)) / (depth_mm / 10) > 0.01:
            return ""
        cm = f"{depth_mm / 10:.1f}"
        if self.chance(0.6) and cm.endswith(".0"):
            cm = cm[:-2]
        value = f"{cm} cm" if in_cm else f"{depth_mm:.0f} mm"
        if self.chance(0.3):
            value = value.replace(" ", "")
        words = str(self.rng.choice(("", "", "D ", "D: ", "Depth ", "DEPTH: "))) + value
        corner = self.rng.integers(4)
        y = (
            round(self.box.y + self.box.height + (26 if corner < 2 else -20) * self.unit)
            if corner != 3
            else round(0.25 * self.height)
        )
        x = round(self.width - 9 * self.text_px) if corner in (0, 2) else 6
        if corner == 1:
            x = self.box.x + self.box.width // 2
        if corner in (2, 3) and (
            (x < 7 and self.box.x < 10 * self.text_px) or self.box.x + self.box.width > x - 45 * self.unit
        ):
            return ""
        self.text(words, x, min(y, self.height - 2 * self.text_px))
        return "label"

    def _ratio_tells(self, marks: tuple[float, ...], depth_mm: float) -> bool:
        return marks in ((1, 5, 10), (2.5, 10), (5, 10), (2.5, 5, 10)) or (marks == (1, 10) and depth_mm > 32)

    def _clutter(self) -> None:
        rng, box = self.rng, self.box
        for _ in range(rng.integers(2, 9)):
            self._free_text(str(rng.choice(WORDS)))
        if self.chance(0.6):
            self._grey_bar()
        if self.chance(0.3):
            self._curve()
        if self.chance(0.4):
            self._logo(box.x + int(rng.uniform(0, 0.2) * box.width), box.y - int(16 * self.unit))
        if self.chance(0.3):
            self._calipers()
        if self.chance(0.2):
            for k in range(rng.integers(3, 8)):
                x0 = int((20 + 60 * k) * self.unit)
                y0 = self.height - int(26 * self.unit)
                if y0 > box.y + box.height + 12 * self.unit and x0 + 50 * self.unit < self.width:
                    cv2.rectangle(
                        self.pixels,
                        (x0, y0),
                        (int(x0 + 50 * self.unit), self.height - 4),
                        int(rng.integers(40, 120)),
                        -1,
                    )
                    self.text("Gain", x0 + 4, y0 + 2, max(9, int(12 * self.unit)))
        if self.chance(0.2):
            self._ecg()

    def _free_text(self, words: str) -> None:
        rng, box = self.rng, self.box
        place = rng.integers(4)
        size = max(9, round(float(rng.uniform(0.8, 1.3)) * self.text_px))
        if place == 0 and box.y > 2.6 * size:
            self.text(words, int(rng.uniform(0, 0.8) * self.width), int(rng.uniform(0, box.y - 2.4 * size)), size)
        elif place == 1 and self.height - box.y - box.height > 60 * self.unit:
            low = box.y + box.height + 34 * self.unit
            self.text(
                words,
                int(rng.uniform(0, 0.8) * self.width),
                int(rng.uniform(low, max(low + 1, self.height - 1.3 * size))),
                size,
            )
        elif place == 2 and box.x > 0.6 * size * len(words) + 60 * self.unit:
            self.text(words, 3, int(rng.uniform(0, 0.9) * self.height), size)

    def _grey_bar(self) -> None:
        h, w = int(self.rng.uniform(0.2, 0.6) * self.height), int(self.rng.uniform(8, 26) * self.unit)
        x = 2 if self.box.x > 90 * self.unit else self.width - w - 2
        if x > 2 and self.box.x + self.box.width > x - 80 * self.unit:
            return
        y = int(self.rng.uniform(0.1, 0.35) * self.height)
        self.pixels[y : y + h, x : x + w] = np.linspace(255, 0, h).astype(np.uint8)[:, None]

    def _curve(self) -> None:
        x = self.box.x - int(55 * self.unit)
        if x > 0:
            t = np.linspace(0, 1, 60)
            points = np.stack((x + 20 * self.unit * np.sin(3 * t) ** 2, self.box.y + t * self.box.height), 1).astype(
                np.int32
            )
            cv2.polylines(self.pixels, [points], False, 150, 1, cv2.LINE_AA)

    def _logo(self, x: int, y: int) -> None:
        r = int(7 * self.unit)
        if y > r:
            cv2.circle(
                self.pixels, (x, y), r, int(self.rng.integers(120, 230)), -1 if self.chance(0.5) else 1, cv2.LINE_AA
            )

    def _calipers(self) -> None:
        box = self.box
        for _ in range(2):
            x = box.x + int(self.rng.uniform(0.3, 0.7) * box.width)
            y = box.y + int(self.rng.uniform(0.3, 0.7) * box.height)
            cv2.drawMarker(self.pixels, (x, y), 255, cv2.MARKER_CROSS, int(10 * self.unit), 1)
        value = f"+ {self.rng.uniform(0.2, 3):.2f}cm" if self.chance(0.6) else f"1 {self.rng.uniform(2, 30):.1f} mm"
        if box.x > 130 * self.unit:
            self.text(value, 4, int(0.06 * self.height))

    def _ecg(self) -> None:
        y = self.height - int(12 * self.unit)
        if y - 14 * self.unit > self.box.y + self.box.height + 40 * self.unit:
            t = np.arange(self.width)
            trace = y - 10 * self.unit * np.exp(-(((t % 170) - 80) ** 2) / 30)
            cv2.polylines(self.pixels, [np.stack((t, trace), 1).astype(np.int32)], False, 180, 1, cv2.LINE_AA)

    def _photograph(self, region: Region, readable: bool, told_by: list[str]) -> Screen:
        """White page, scaling, gamma, compression and capture noise."""
        rng, pixels, mm_per_px = self.rng, self.pixels, self.mm_per_px
        rows = float(region.height - (self.apex_rows if self.curved else 0))
        x, y, w, h = region.x, region.y, region.width, region.height
        if self.chance(0.1):
            pad = int(rng.uniform(20, 120))
            pixels = cv2.copyMakeBorder(pixels, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=255)
            x, y = x + pad, y + pad
            for k in range(0, pad - 16, 18):
                cv2.putText(
                    pixels,
                    "Figure 2. The picture shows the band",
                    (pad, k + 14),
                    cv2.FONT_HERSHEY_SIMPLEX,
                    0.4,
                    20,
                    1,
                    cv2.LINE_AA,
                )
        if self.chance(0.3):
            scale = float(rng.uniform(0.6, 1.5))
            old = pixels.shape
            pixels = cv2.resize(
                pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            )
            sx, sy = pixels.shape[1] / old[1], pixels.shape[0] / old[0]
            x, w, y, h, mm_per_px = x * sx, w * sx, y * sy, h * sy, mm_per_px / sy
            rows *= sy
        if self.chance(0.2):
            pixels = cv2.LUT(pixels, (255 * (np.arange(256) / 255) ** rng.uniform(0.75, 1.3)).astype(np.uint8))
        if self.chance(0.45):
            quality = int(rng.integers(55, 96))
            pixels = cv2.imdecode(
                cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE
            )
        elif self.chance(0.12):
            pixels = np.clip(pixels + rng.normal(0, rng.uniform(0.4, 1.5), pixels.shape), 0, 255).astype(np.uint8)
        return Screen(
            np.ascontiguousarray(pixels),
            Region(round(x), round(y), round(w), round(h)),
            mm_per_px,
            rows,
            readable,
            told_by,
        )
