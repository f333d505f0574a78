"""The colours: what is written on what keeps its contrast, in light, in dark and when more is wished."""

import re

import pytest

from tests.installation import ROOT

TOKENS = (ROOT / "static/css/tokens.css").read_text()
TEXT, FIGURE = 4.5, 3.0  # WCAG 2.2: 1.4.3 for text, 1.4.11 for borders of fields, signs and parts of charts
GROUNDS = ("canvas", "surface", "sunken", "hover")
PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-soft", "accent", "bad") for ground in GROUNDS),
    *((f"{tone}-ink", f"{tone}-tint", TEXT) for tone in ("good", "wait", "bad", "live", "plain")),
    *((tone, "surface", TEXT) for tone in ("good", "wait")),
    *(("on-accent", ground, TEXT) for ground in ("accent-ground", "accent-deep")),
    ("ink", "accent-tint", TEXT),
    ("ink-soft", "accent-tint", TEXT),
    ("accent", "accent-tint", TEXT),
    *((line, ground, FIGURE) for line in ("line-strong", "focus") for ground in ("canvas", "surface")),
    *((f"series-{n}", "surface", FIGURE) for n in range(1, 6)),
]


def colours(text: str, dark: bool) -> dict[str, str]:
    found = {}
    for name, value in re.findall(r"--([\w-]+): ([^;]+);", text):
        pair = re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", value)
        if pair:
            found[name] = pair[2 if dark else 1]
        elif re.fullmatch(r"#\w+", value):
            found[name] = value
    return found


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(each * 2 for each in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("more", [False, True], ids=["as usual", "more contrast"])
def test_what_is_written_on_what_keeps_its_contrast(dark: bool, more: bool) -> None:
    usual, _at, wished = TOKENS.partition("@media (prefers-contrast: more)")
    known = colours(usual, dark) | (colours(wished, dark) if more else {})
    assert contrast("#000", "#fff") == pytest.approx(21)
    weak = {
        f"{ink} on {ground}": round(contrast(known[ink], known[ground]), 2)
        for ink, ground, least in PAIRS
        if contrast(known[ink], known[ground]) < least
    }
    assert weak == {}


def test_colours_and_sizes_are_written_in_one_place() -> None:
    """No other sheet invents a colour, but for those of one thing alone, which are pairs for both themes."""
    loose = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "static/css").glob("*.css"))
        if path.name != "tokens.css"
        for line in path.read_text().splitlines()
        for rest in [re.sub(r"light-dark\([^)]*\)", "", line)]
        if re.search(r"(?<![\w&-])#[0-9a-f]{3,8}\b", rest) and "url(" not in rest
    ]
    assert [each for each in loose if "#fff" not in each and "#0d141c8c" not in each] == []
