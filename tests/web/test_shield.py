import re

import pytest

from app.settings import ROOT
from app.web.shield import CSP
from tests.support.cast import Cast
from tests.web.conftest import Browse

TEMPLATES = sorted((ROOT / "templates" / "web").glob("*.html"))


async def test_pages_with_data_are_locked_down_and_never_stored(browse: Browse, cast: Cast) -> None:
    headers = (await (await browse(cast.sari)).get("/dasbor")).headers
    assert headers["content-security-policy"] == CSP
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in CSP
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'"} <= set(
        CSP.split("; ")
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_anything_inline(path: object) -> None:
    html = path.read_text()  # type: ignore[attr-defined]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|hx-on|js:|\|\s*safe", html)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://jahat.test"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
    ],
)
async def test_another_site_cannot_write_for_somebody(browse: Browse, cast: Cast, headers: dict[str, str]) -> None:
    sari = await browse(cast.sari)
    assert (await sari.post("/keluar", headers=headers)).status_code == 403
    assert (await sari.get("/dasbor")).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "none"}]
)
async def test_our_own_forms_are_let_through(browse: Browse, cast: Cast, headers: dict[str, str]) -> None:
    assert (await (await browse(cast.sari)).post("/keluar", headers=headers)).status_code == 303


async def test_a_token_needs_no_origin(browse: Browse) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer ktg_x"}
    assert (await (await browse(None)).post("/api/v1/posts", headers=headers)).status_code != 403


async def test_other_sites_may_link_to_us(browse: Browse, cast: Cast) -> None:
    answer = await (await browse(cast.sari)).get("/dasbor", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
