"""Both palettes can be read: WCAG's contrast of every pair that the style sheet puts together."""

import re

import pytest

from engine.sandbox.forge.pages.text import style

TEXT = 4.5
SHAPE = 3.0
GROUNDS = ("paper", "sheet", "sunk")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "dim", "accent", "good", "bad", "wait", "done") for ground in GROUNDS),
    *((ink, ground, TEXT) for ink in ("ink", "dim") for ground in ("ins", "del", "hunk", "about")),
    *((ink, ground, TEXT) for ink in ("key", "string", "number", "name") for ground in ("sheet", "sunk", "about")),
    ("on", "button", TEXT),
    *(("focus", ground, SHAPE) for ground in GROUNDS),
    *(("dim", ground, SHAPE) for ground in GROUNDS),  # the edge of what can be typed into
]


def _palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", style()[1].decode(), re.DOTALL)
    read = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": read[0], "dark": {**read[0], **read[1]}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast(scheme, ink, ground, least):
    palette = _palettes()[scheme]
    one, other = sorted((_luminance(palette[ink]), _luminance(palette[ground])), reverse=True)
    assert (one + 0.05) / (other + 0.05) >= least


def test_the_sheet_names_no_colour_outside_of_the_palettes():
    rest = re.sub(r":root \{.*?\}", "", style()[1].decode(), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl\(", rest) == []
    assert "url(" not in rest
    assert "@import" not in rest


def test_avatars_can_be_read():
    from engine.sandbox.forge.pages.pictures import _COLOURS

    assert all(1.05 / (_luminance(colour) + 0.05) >= TEXT for colour in _COLOURS)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
