"""`python -m tests.support.screenshots`: takes the pictures of the README anew from a demo, small enough for a slow line."""

import os
import re
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from app.settings import ROOT
from tests.support.processes import free_port

CHROMIUM = "/usr/bin/chromium"
FOLDER = ROOT / "docs" / "images"
COLOURS = 64
WIDE, PHONE = (1180, 760), (360, 740)
PICTURES = {
    "antrean": ("/antrean?tab=semua", WIDE, "light"),
    "kalender": ("/kalender", WIDE, "light"),
    "ponsel": ("/dasbor", PHONE, "light"),
    "ponsel-gelap": ("/kalender?tampil=hari", PHONE, "dark"),
}
"""By file name: the page, the size in CSS pixels, the theme."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ktgs") as folder:
        command = [sys.executable, "-m", "app.cli", "demo", "--no-browse", "--port", str(free_port())]
        demo = subprocess.Popen(command, cwd=ROOT, env=_environment(folder), stdout=subprocess.PIPE, text=True)
        try:
            assert demo.stdout is not None
            link = next(found[0] for line in demo.stdout if (found := re.search(r"http\S+/masuk/\S+", line)))
            _wait_for(link.partition("/masuk/")[0])
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                _take(browser, link)
                browser.close()
        finally:
            demo.terminate()
            demo.wait()


def _wait_for(base: str) -> None:
    """Links are printed a moment before anybody answers."""
    for _ in range(300):
        try:
            urlopen(f"{base}/healthz", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def _environment(folder: str) -> dict[str, str]:
    return {**os.environ, "KENTONGAN_DATA_DIR": folder}


def _take(browser: Browser, link: str) -> None:
    """As the KPU's reviewer, once the first broadcast is out."""
    base = link.partition("/masuk/")[0]
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.goto(f"{base}/antrean?tab=terbit")
    for _ in range(60):
        if page.get_by_role("article").count() >= 3:
            break
        page.wait_for_timeout(1000)
        page.reload()
    for name, (path, (width, height), scheme) in PICTURES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
        page.goto(f"{base}{path}")
        _keep(page.screenshot(), FOLDER / f"{name}.png")


def _keep(shot: bytes, path: Path) -> None:
    Image.open(BytesIO(shot)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
