"""What attackers send, and what comes of it."""

import json
from collections.abc import AsyncIterator
from io import BytesIO

import httpx2
import pytest
import structlog
from PIL import Image

from app.bootstrap import Kentongan
from app.content.pictures import reencode
from app.kit import logs
from app.kit.errors import BadInput, WrongType
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse

HIDDEN = ("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\x00", "\x1b[31m", "\r\nX-A: 1")


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 20), "purple").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04" + b"a" * 50, b"<?php system('id');"])
def test_a_picture_that_is_also_something_else_is_only_a_picture_afterwards(tail: bytes) -> None:
    kept = reencode(jpeg() + tail).data
    assert tail not in kept
    assert kept.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a" + b"a" * 50,
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        b"%PDF-1.7",
        b"",
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_photograph_never_gets_in(data: bytes) -> None:
    with pytest.raises((WrongType, BadInput)):
        reencode(data)


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_no_name_turns_around_or_hides_what_stands_beside_it(
    browse: Browse, cast: Cast, house: Kentongan, hidden: str
) -> None:
    name = f"Sari{hidden}Admin"
    form = {"surel": "baru@kpu.test", "nama": name, "unit": str(cast.kpu.id), "peran": "viewer"}
    rina = await browse(cast.rina)
    answer = await rina.post("/orang", data=form)
    found = await house.people.find_user_by_email("baru@kpu.test")
    assert answer.status_code in {200, 422}
    assert found is None or found.name.isprintable()
    with pytest.raises(BadInput):
        await house.units.edit(cast.rina, id_of(cast.kpu), name=f"KPU{hidden}Lain")


@pytest.mark.parametrize(
    "wanted", ["/antrean\r\nSet-Cookie: a=b", "/antrean%0d%0aSet-Cookie: a=b", "/\u2028antrean", "/x" * 400]
)
async def test_no_address_adds_a_header(browse: Browse, cast: Cast, house: Kentongan, wanted: str) -> None:
    link = await house.people.make_link(cast.sari.user_id, purpose="login", hours=1)
    answer = await (await browse(None)).get(f"/masuk/{link}", params={"next": wanted})
    assert [
        value.split("=")[0] for value in answer.headers.get_list("set-cookie") if not value.startswith("ktg_")
    ] == []
    assert "\n" not in answer.headers["location"]


def test_nothing_that_is_logged_begins_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="INFO", as_json=True)
    try:
        structlog.get_logger().warning("said", path='/a\n{"event": "forged"}\r\n\x1b[2J')
    finally:
        structlog.reset_defaults()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "said"
    assert "\x1b" not in line


async def test_a_body_that_is_too_long_is_cut_off_before_anybody_is_known(browse: Browse) -> None:
    stranger = await browse(None)
    assert (await stranger.post("/masuk", data={"surel": "a" * 200_000})).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"surel=" + b"a" * 10_000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await stranger.post("/masuk", content=endless(), headers=headers)).status_code == 413


async def test_no_page_can_be_framed_and_no_answer_is_kept(browse: Browse, cast: Cast) -> None:
    sari = await browse(cast.sari)
    for path in ("/masuk/kedua", "/keamanan", "/dasbor", "/tidak-ada", "/masuk/salah"):
        headers = (await sari.get(path)).headers
        if headers.get("content-type", "").startswith("text/html"):
            assert "frame-ancestors 'none'" in headers["content-security-policy"], path
            assert headers["cache-control"] == "no-store", path
    assert (await sari.get("/api/v1/tidak-ada")).headers["cache-control"] == "no-store"


async def test_a_page_that_fails_shows_no_inner_word(browse: Browse, cast: Cast) -> None:
    sari: httpx2.AsyncClient = await browse(cast.sari)
    for path in ("/antrean/9999999999", "/unggahan/x", "/antrean?cursor=%00", "/kalender?bulan=9999-99"):
        answer = await sari.get(path)
        assert answer.status_code < 500, path
        for inner in ("Traceback", "sqlalchemy", "SELECT ", "/site-packages/"):
            assert inner not in answer.text
