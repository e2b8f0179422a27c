"""The pictures of the README, taken from the running app: ``make pictures``, or ``python -m docs.pictures``.

A page each, and one decode that plays. They are made of the bundled films as ``make run`` shows them, so they never age.
"""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from engine import paths
from engine.data import staged
from tests.app.browser.driving import CHROMIUMS, PATIENCE_MS, landed, serving

OUT = paths.ROOT / "docs"
QUERY = "a heist that happens inside dreams"
WIDTH, HEIGHT, SHOWN = 1280, 860, 900
PAGES: dict[str, dict[str, str]] = {
    "start": {},
    "decode": {"query": QUERY},
    "trie": {},
    "compare": {"query": QUERY},
    "evaluate": {},
    "catalogue": {},
    "identifiers": {},
    "codebooks": {},
    "train": {},
    "map": {},
    "sessions": {"history": "alien-1979,the-thing-1982"},
    "builds": {},
    "claims": {},
}
# What somebody's own file may look like: a row twice, one without an id.
SHOP = """sku,name,description,category,price
1,Blue cup,A cup of blue clay that holds a quarter of a litre,Kitchen > Cups,12.50
2,Garden rake,Fourteen steel teeth on a handle of ash,Garden > Tools,31.00
2,Garden rake,Twice the same id,Garden > Tools,31.00
,Tea towel,Linen with red stripes,Kitchen > Linen,8.00
5,Watering can,Zinc; nine litres; a rose that comes off,Garden > Tools,27.90
"""
LEVEL_MS, LAST_MS = 900, 2500


def shot(page: Page, address: str, name: str, asked: dict[str, str]) -> Image.Image:
    """A page as it is drawn when nothing more is to come."""
    page.goto(f"{address}/{'' if name == 'start' else name}?{urlencode(asked)}")
    landed(page, "" if name == "start" else name)
    page.wait_for_timeout(1500)  # charts move to their places
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def smaller(picture: Image.Image) -> Image.Image:
    """At the width that README shows, in few colours: a picture weighs some 60 kB."""
    picture = picture.resize((SHOWN, round(picture.height * SHOWN / picture.width)), Image.Resampling.LANCZOS)
    return picture.quantize(200, kmeans=2, dither=Image.Dither.NONE)  # without k-means rare colours, as of the best path, fade


def animated(frames: Sequence[Image.Image], file: Path) -> None:
    """One file that plays for ever; the last frame stays longest."""
    first, *others = [smaller(frame) for frame in frames]
    times = [LEVEL_MS] * len(others) + [LAST_MS]
    first.save(file, save_all=True, append_images=others, duration=times, loop=0, optimize=True)


def main(home: Path | None = None) -> None:
    """Start the app on the bundled films and take all pictures."""
    home, browser = home or paths.home(), next(path for path in CHROMIUMS if path.exists())
    handed = staged.stage("shop.csv", io.BytesIO(SHOP.encode()))
    expect.set_options(timeout=PATIENCE_MS)
    with (
        tempfile.TemporaryDirectory() as work,
        serving(home, Path(work) / "server.log") as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce")
        for name, asked in PAGES.items():
            smaller(shot(page, address, name, asked)).save(OUT / f"{name}.png", optimize=True)
        steps = [shot(page, address, "decode", {"query": QUERY, "step": str(step)}) for step in range(5)]
        animated(steps, OUT / "decode.gif")
        chromium.close()
    staged.remove(handed.key)
    for file in sorted([*OUT.glob("*.png"), *OUT.glob("*.gif")]):
        print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
