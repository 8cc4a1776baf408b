"""Drawings of digits, made of lines and arcs."""

import math

from PIL import Image, ImageDraw

Stroke = list[tuple[float, float]]
Box = tuple[int, int, int, int]


def _arc(x: float, y: float, width: float, height: float, start: int, end: int) -> Stroke:
    angles = [math.radians(start + (end - start) * step / 24) for step in range(25)]
    return [(x + width * math.cos(angle), y + height * math.sin(angle)) for angle in angles]


# In a box of width and height 1.
DIGITS: dict[str, list[Stroke]] = {
    "0": [_arc(0.5, 0.5, 0.5, 0.5, -90, 270)],
    "1": [[(0.2, 0.25), (0.55, 0), (0.55, 1)]],
    "2": [[*_arc(0.5, 0.28, 0.45, 0.28, -170, 30), (0.05, 1), (1, 1)]],
    "3": [[*_arc(0.45, 0.25, 0.45, 0.25, -150, 90), *_arc(0.45, 0.75, 0.5, 0.25, -90, 150)]],
    "4": [[(0.6, 0), (0, 0.65), (1, 0.65)], [(0.7, 0.35), (0.7, 1)]],
    "5": [[(0.95, 0), (0.15, 0), (0.1, 0.45), *_arc(0.45, 0.68, 0.5, 0.32, -120, 140)]],
    "6": [[(0.75, 0), *_arc(0.5, 0.7, 0.45, 0.3, 180, -180)]],
    "7": [[(0, 0), (1, 0), (0.35, 1)], [(0.25, 0.5), (0.9, 0.5)]],
    "8": [[(0.5 - 0.46 * math.sin(math.tau * i / 12), 0.5 - 0.5 * math.cos(math.tau * i / 24)) for i in range(25)]],
    "9": [[*_arc(0.45, 0.28, 0.42, 0.28, 0, -360), (0.87, 0.28), (0.8, 1)]],
}


def draw(digit: str, box: Box = (90, 60, 100, 160), pen: int = 24) -> Image.Image:
    """Return a digit, black on white; `box` is left, top, width and height in pixels."""
    return draw_strokes(
        [[(box[0] + x * box[2], box[1] + y * box[3]) for x, y in stroke] for stroke in DIGITS[digit]], pen
    )


def draw_strokes(strokes: list[Stroke], pen: int) -> Image.Image:
    """Return lines with round ends, black on white."""
    image = Image.new("L", (280, 280), "white")
    canvas = ImageDraw.Draw(image)
    for stroke in strokes:
        canvas.line(stroke, "black", pen, joint="curve")
        for x, y in stroke:
            canvas.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], "black")
    return image
