"""Both palettes can be read: WCAG's contrast of every pair that the style sheet puts together."""

import re

import pytest

from engine.sandbox.forge.pages.text import style
from tests.support.palette import contrast, luminance, palettes

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_contrast(scheme, ink, ground, least):
    palette = palettes(style()[1].decode())[scheme]
    assert contrast(palette[ink], palette[ground]) >= least


def test_the_sheet_names_no_colour_outside_of_the_palettes():
    rest = re.sub(r":root \{.*?\}", "", style()[1].decode(), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsl\(", rest) == []
    assert "url(" not in rest
    assert "@import" not in rest


def test_avatars_can_be_read():
    from engine.sandbox.forge.pages.pictures import _COLOURS

    assert all(1.05 / (luminance(colour) + 0.05) >= TEXT for colour in _COLOURS)
