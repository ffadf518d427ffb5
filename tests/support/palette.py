"""What WCAG says of two colours of a style sheet."""

import re
from collections.abc import Mapping


def palettes(style: str) -> Mapping[str, Mapping[str, str]]:
    """The colours of both schemes by their names: the sheet's first two `:root`."""
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    read = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": read[0], "dark": {**read[0], **read[1]}}


def contrast(ink: str, ground: str) -> float:
    one, other = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
