"""The shades of one colour that a brand chooses, each readable where the design puts it. Pure."""

import colorsys
import re

_HEX = re.compile(r"#[0-9a-f]{6}")
READABLE = 4.5  # contrast of text
# The grounds on which the accent is written (static/css/tokens.css), and the steps of the search.
LIGHT = ("#f6f7f9", "#ffffff", "#eff1f4", "#f3f6fa")
DARK = ("#111519", "#191e24", "#22282f", "#20262d")
WHITE = "#ffffff"
_STEPS = 200


def is_colour(text: str) -> bool:
    """A colour as this module reads it: ``#`` and six lower-case hexadecimal digits."""
    return bool(_HEX.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21.

    Source: WCAG 2.2, relative luminance and contrast ratio.
    """
    first, second = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def shades(colour: str) -> dict[str, tuple[str, str]]:
    """For light and for dark: the accent as text, as ground under white, deeper, and its tint as ground.

    The hue stays; the lightness moves until every pair that the design uses keeps :data:`READABLE`.

    Source: WCAG 2.2, success criterion 1.4.3.
    """
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    tints = _written(hue, 0.95, saturation * 0.6), _written(hue, 0.17, saturation * 0.5)
    text = (
        _moved(hue, lightness, saturation, (*LIGHT, tints[0]), towards=0.0),
        _moved(hue, lightness, saturation, (*DARK, tints[1]), towards=1.0),
    )
    ground = text[0], _moved(hue, lightness, saturation, (WHITE,), towards=0.0)
    deep = _deeper(ground[0]), _deeper(ground[1])
    return {"accent": text, "accent-ground": ground, "accent-deep": deep, "accent-tint": tints}


def _moved(
    hue: float, lightness: float, saturation: float, grounds: tuple[str, ...], *, towards: float
) -> str:
    for step in range(_STEPS + 1):
        found = _written(hue, lightness + (towards - lightness) * step / _STEPS, saturation)
        if all(contrast(found, ground) >= READABLE for ground in grounds):
            return found
    raise AssertionError("black or white is readable on every ground")


def _deeper(colour: str) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    return _written(hue, lightness * 0.8, saturation)


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _written(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
