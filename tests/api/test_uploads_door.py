"""tus over a real wire: a connection is cut in the middle of a part, a worker of the page asks how far it came, and goes on."""

import asyncio
import base64
import json
import socket
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from PIL import Image

from app.main import API, create_app
from app.settings import Settings
from tests.conftest import NOW
from tests.support.cast import make_cast
from tests.support.client import NOWHERE, token_for
from tests.support.databases import fresh_database, run_apart
from tests.support.house import moved, open_house, serving, settings_for, still_at
from tests.support.wait import wait_until

pytestmark = pytest.mark.deep

TUS = {"Tus-Resumable": "1.0.0"}
PART = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A running web process and Sari's token."""
    secrets: list[str] = []
    with fresh_database(request, "sqlite", tmp_path) as url:
        plain = moved(settings_for(tmp_path, url), clock=still_at(NOW))
        run_apart(_furnish(plain, secrets))
        with serving(lambda _address: create_app(plain, redis_url=NOWHERE)) as address:
            yield address, secrets[0]


async def _furnish(plain: Settings, secrets: list[str]) -> None:
    async with open_house(plain, plain.clock) as house:
        cast = await make_cast(house.db, house.clock.now())
        secrets.append(await token_for(house, cast.sari))


def cut_in_the_middle(address: str, path: str, token: str, data: bytes, *, at: int) -> None:
    """Promises all of it, sends `at` bytes, and is gone."""
    parts = urlsplit(address)
    said = (
        f"PATCH {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
        f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire:
        wire.sendall(said.encode() + data[:at])


async def test_a_cut_part_is_asked_for_and_continued(door: tuple[str, str]) -> None:
    address, token = door
    out = BytesIO()
    Image.effect_noise((1200, 900), 90).save(out, "PNG")
    data, cut = out.getvalue(), 400_000
    assert len(data) > cut
    async with httpx2.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        named = {
            "Upload-Length": str(len(data)),
            "Upload-Metadata": f"filename {base64.b64encode(b'pasar.png').decode()}",
        }
        made = await client.post(f"{API}/uploads", headers=TUS | named)
        assert (made.status_code, made.headers["Upload-Offset"]) == (201, "0")
        where = made.headers["Location"]
        await asyncio.to_thread(cut_in_the_middle, address, where, token, data, at=cut)

        async def has_arrived() -> bool:
            return (await client.head(where, headers=TUS)).headers["Upload-Offset"] == str(cut)

        await wait_until(has_arrived, "what came before the cut is kept")
        wrong = await client.patch(where, headers=TUS | PART | {"Upload-Offset": "0"}, content=data)
        assert wrong.status_code == 409
        done = await client.patch(where, headers=TUS | PART | {"Upload-Offset": str(cut)}, content=data[cut:])
        assert (done.status_code, done.headers["Upload-Offset"]) == (204, str(len(data)))
        kept = await client.post(
            f"{where}/media", content=json.dumps({"alt_text": "Pasar."}), headers={"Content-Type": "application/json"}
        )
        assert (kept.status_code, kept.json()["width"]) == (201, 1200)
        assert (await client.head(where, headers=TUS)).status_code == 404
        former = await client.post(f"{API}/uploads", headers={"Tus-Resumable": "0.2.2", "Upload-Length": "9"})
        assert former.status_code == 412
