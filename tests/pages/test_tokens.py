"""The colours can be read by everyone, and the sheet holds no side but logical ones."""

import re

import pytest

from openchair.server.pages.render import HERE

SHEET = (HERE / "static" / "openchair.css").read_text()
TEXT_ON = [
    ("ink", "paper"), ("ink", "card"), ("ink", "wash"), ("ink", "accent-wash"), ("soft", "paper"), ("soft", "card"),
    ("soft", "wash"), ("soft", "accent-wash"), ("accent-deep", "paper"), ("accent-deep", "wash"), ("pain", "paper"),
    ("pain", "card"), ("pain", "pain-wash"), ("ink", "pain-wash"), ("soft", "pain-wash"), ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
]  # fmt: skip
DRAWN_ON = [("edge", "card"), ("edge", "paper"), ("accent", "paper"), ("accent", "card"), ("pain", "paper")]


def tokens(dark: bool) -> dict[str, str]:
    """The colours of a scheme by name."""
    light = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", SHEET.partition("@media")[0]))
    night = SHEET.partition("@media (prefers-color-scheme: dark)")[2].partition("} }")[0]
    return light | (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", night)) if dark else {})


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21() -> None:
    """The formula is the published one."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_reads_at_level_aa(dark: bool) -> None:
    """Every pair of text and ground that occurs has at least 4.5."""
    of = tokens(dark)
    low = {(a, b): round(contrast(of[a], of[b]), 2) for a, b in TEXT_ON if contrast(of[a], of[b]) < 4.5}
    assert not low


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_edges_and_marks_are_seen(dark: bool) -> None:
    """Edges of fields and drawn marks have at least 3."""
    of = tokens(dark)
    low = {(a, b): round(contrast(of[a], of[b]), 2) for a, b in DRAWN_ON if contrast(of[a], of[b]) < 3}
    assert not low


def test_the_sheet_names_no_left_or_right() -> None:
    """Right-to-left is the same sheet: only logical properties. And nothing is fetched from elsewhere."""
    assert not re.findall(r"[\w-]*(?:left|right|(?<!-)\bwidth|(?<!-)\bheight)\s*:(?!\s*\d+px\))", SHEET)
    assert "url(" not in SHEET
    assert "@import" not in SHEET
