"""Make ``docs/apercu.png``, the picture at the top of the README, from a real page of the demo.

``python scripts/make_screenshot.py [--dossier data/demo] [--audience habitants] [--page bilan_annuel]``

The demo is built in a temporary folder, its page opened in a headless Chromium, and the picture reduced to a palette
so that it stays under 300 kB.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import ctgeval

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "apercu.png"
LARGEST = 300_000
WIDTH, HEIGHT = 1280, 1500
COLOURS = (256, 128, 64, 32)
DATE = dt.date(2026, 2, 15)


def browser_path() -> str:
    """Find a Chromium or Chrome: ``CTGEVAL_CHROMIUM``, else the first one on the PATH."""
    for name in (os.environ.get("CTGEVAL_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    sys.exit("No Chromium on the PATH: install the package chromium, or set CTGEVAL_CHROMIUM.")


def shoot(page: Path) -> bytes:
    """Take the top of a page, in light colours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        try:
            tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            tab.goto(page.as_uri())
            return tab.screenshot()
        finally:
            browser.close()


def lighten(picture: bytes) -> bytes:
    """Reduce the colours until the file is small enough."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in COLOURS:
        written = io.BytesIO()
        image.quantize(colours).save(written, "PNG", optimize=True)
        if written.tell() < LARGEST:
            return written.getvalue()
    sys.exit(f"The picture stays over {LARGEST} bytes with {COLOURS[-1]} colours: take a smaller part of the page.")


def main() -> None:
    """Build, shoot, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dossier", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--audience", default="habitants")
    parser.add_argument("--page", default="bilan_annuel", help="kind of bilan (notebook)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dossier = Path(folder) / options.dossier.name
        shutil.copytree(options.dossier, dossier, ignore=shutil.ignore_patterns(".ctgeval"))
        report = ctgeval.build(
            dossier, out=Path(folder) / "reports", bilan=options.page, audience=options.audience, date=DATE
        )
        pages = [entry.path for entry in report.entries if entry.status != "echec"]
        if not pages:
            sys.exit("The demo could not be built: " + " ".join(entry.message for entry in report.entries))
        picture = lighten(shoot(pages[0].resolve()))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"{PICTURE.relative_to(ROOT)}: {len(picture):,} bytes")


if __name__ == "__main__":
    main()
