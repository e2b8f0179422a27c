"""Text can be read on light and on dark: contrast of at least 4.5 (WCAG AA), worked out from the theme and the style sheet."""

import re
import tomllib

import pytest

from engine import paths

THEME = tomllib.loads((paths.ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
SHEET = (paths.ROOT / "app" / "page.css").read_text("utf-8")
INKS = re.findall(r"light-dark\((#\w{6}), (#\w{6})\)", SHEET)
FADED = 0.6  # how much of the text's colour Streamlit gives a caption


def rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))


def mixed(text: str, ground: str, share: float) -> str:
    parts = [share * a + (1 - share) * b for a, b in zip(rgb(text), rgb(ground), strict=True)]
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    lights = []
    for colour in (one, other):
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour)]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_contrast_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("ground", ["light", "dark"])
class TestTheme:
    def test_text_and_captions(self, ground):
        text, behind = THEME[ground]["textColor"], THEME[ground]["backgroundColor"]
        assert contrast(text, behind) >= 7
        assert contrast(mixed(text, behind, FADED), behind) >= 4.5

    def test_white_on_the_first_button(self, ground):
        assert contrast("#ffffff", THEME[ground]["primaryColor"]) >= 4.5

    def test_text_of_charts(self, ground):
        assert len(INKS) == 4
        for pair in INKS:
            assert contrast(pair[ground == "dark"], THEME[ground]["backgroundColor"]) >= 4.5
