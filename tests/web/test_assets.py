import gzip
import hashlib
import json
import re

import pytest

from app.settings import ROOT
from app.web.assets import FOLDER, address
from tests.support.cast import Cast
from tests.web.conftest import Browse

VENDORED = json.loads((FOLDER / "vendor" / "VENDOR.json").read_text())
FIRST_LOAD = 80_000


@pytest.mark.parametrize("entry", VENDORED, ids=lambda entry: entry["file"])
def test_what_we_took_from_others_is_unchanged_and_licensed(entry: dict[str, str]) -> None:
    assert hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    assert len((FOLDER / entry["licence_file"]).read_text()) > 300
    assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])


def test_every_foreign_file_is_named() -> None:
    there = {
        path.relative_to(FOLDER).as_posix() for folder in ("vendor", "fonts") for path in (FOLDER / folder).iterdir()
    }
    named = {entry[key] for entry in VENDORED for key in ("file", "licence_file")}
    assert there == named | {"vendor/VENDOR.json"}


async def test_a_file_is_kept_for_good_because_its_name_follows_its_content(browse: Browse) -> None:
    browser = await browse(None)
    for path in ("app.css", "icons.svg", "vendor/htmx.min.js", "fonts/plus-jakarta-sans.woff2"):
        answer = await browser.get(address(path))
        assert "immutable" in answer.headers["cache-control"]
        assert hashlib.sha256(answer.content).hexdigest()[:10] in address(path)
    assert address("fonts/plus-jakarta-sans.woff2").rpartition("/")[2] in (await browser.get(address("app.css"))).text


async def test_unknown_and_unserved_files_are_not_there(browse: Browse) -> None:
    browser = await browse(None)
    for name in ("app.css", "VENDOR.json", "..%2Fassets.py", "x.css"):
        assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_the_first_load_fits_a_cheap_phone(browse: Browse, cast: Cast) -> None:
    browser = await browse(cast.dewi)
    page = (await browser.get("/dasbor")).text
    weight = len(gzip.compress(page.encode()))
    found = {link.partition("#")[0] for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    for path in found:
        async with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += sum([len(part) async for part in answer.aiter_raw()])
    assert len(found) == 7
    assert weight <= FIRST_LOAD


def test_every_icon_a_page_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (FOLDER / "icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (ROOT / "templates" / "web").glob("*.html"))
    sources = (ROOT / "app" / "web" / "words.py").read_text()
    doors = (ROOT / "app" / "web" / "frame.py").read_text()
    named = {*re.findall(r'icon\("(\w+)"\)', templates), *re.findall(r'Label\("[^"]+", "(\w+)"', sources)}
    named |= set(re.findall(r'Door\("[^"]+", "[^"]+", "(\w+)"', doors))
    assert named <= drawn
