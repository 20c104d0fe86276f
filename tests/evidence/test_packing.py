"""Evidence that can be checked without this program, and what must not be in it."""

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from app.audit.service import record
from app.evidence.packing import Pack
from app.kit.errors import BadInput, Forbidden, NotFound
from tests.evidence.conftest import Desk
from tests.support.cast import id_of


def unpack(pack: Pack, folder: Path) -> Path:
    with zipfile.ZipFile(pack.path) as file:
        file.extractall(folder)
    pack.path.unlink()
    return folder


def check(folder: Path) -> tuple[int, str]:
    """With nothing but Python itself."""
    done = subprocess.run([sys.executable, "-I", "periksa.py"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


async def test_a_post_with_its_picture_is_whole_and_every_change_is_found(desk: Desk, tmp_path: Path) -> None:
    post = await desk.post(with_photo=True)
    await desk.sent(post)
    await desk.sealed()
    folder = unpack(await desk.house.evidence.of_post(desk.cast.dewi, post.id), tmp_path)
    assert check(folder) == (0, "Utuh: berkas, pesan, dan rantai cocok.\n")
    found = json.loads((folder / "bukti.json").read_text())
    [kept] = found["posts"]
    assert kept["approved_by"] == desk.cast.dewi.user_id
    assert kept["deliveries"][0]["message"]["text"] == "Posko kami buka setiap hari kerja."
    assert {Path(name).is_file() for d in kept["deliveries"] for name in map(str, [folder / d["files"][0]])} == {True}
    links = [json.loads(line) for line in (folder / "rantai.jsonl").read_text().splitlines()]
    assert {link["said"]["action"] for link in links if "said" in link} >= {"post.create", "post.approve"}
    for name in ("rantai.jsonl", "bukti.json", kept["deliveries"][0]["files"][0]):
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(before.replace(b"hari kerja", b"hari Minggu") + b" ")
        assert check(folder)[0] == 1, name
        (folder / name).write_bytes(before)


async def test_a_forged_act_breaks_the_chain_even_with_a_new_manifest(desk: Desk, tmp_path: Path) -> None:
    post = await desk.post()
    await desk.sealed()
    folder = unpack(await desk.house.evidence.of_post(desk.cast.dewi, post.id), tmp_path)
    chain, manifest = folder / "rantai.jsonl", folder / "manifest.json"
    forged = chain.read_text().replace(f"user:{desk.cast.dewi.user_id}", f"user:{desk.cast.budi.user_id}")
    chain.write_text(forged)
    listed = json.loads(manifest.read_text())
    listed["files"]["rantai.jsonl"] = hashlib.sha256(forged.encode()).hexdigest()
    manifest.write_text(json.dumps(listed))
    code, said = check(folder)
    assert (code, "isinya diubah" in said) == (1, True)


async def test_names_addresses_and_numbers_of_people_stay_inside(desk: Desk, tmp_path: Path) -> None:
    post = await desk.post()
    async with desk.house.db.write() as session:
        detail = {"reason": "Pelapor Bambang 0812-3456-7890, bambang@contoh.example"}
        await record(session, at=desk.house.clock.now(), actor="user:1", action="post.hold", subject=f"post:{post.id}", detail=detail)  # fmt: skip
    await desk.sealed()
    folder = unpack(await desk.house.evidence.of_post(desk.cast.dewi, post.id), tmp_path)
    everything = "".join(path.read_text() for path in folder.glob("*.json*"))
    for told in ("0812-3456-7890", "bambang@contoh.example", desk.cast.sari.name, desk.cast.dewi.name, "@kpu"):
        assert told not in everything
    assert "[telepon]" in everything
    assert check(folder)[0] == 0


async def test_a_period_holds_its_posts_of_one_unit_and_says_who_took_it(desk: Desk, tmp_path: Path) -> None:
    post = await desk.post()
    start = desk.house.clock.now()
    day = timedelta(days=1)
    of = desk.house.evidence.of_period
    pack = await of(desk.cast.dewi, start, start + day, unit_id=id_of(desk.cast.ppk_barat))
    assert pack.posts == 1
    pack.path.unlink()
    for unit, period in (
        (desk.cast.bantarjati, (start, start + day)),
        (desk.cast.cilendek, (start + day, start + 2 * day)),
    ):
        empty = await of(desk.cast.dewi, *period, unit_id=id_of(unit))
        assert empty.posts == 0
        assert check(unpack(empty, tmp_path / str(unit.id)))[0] == 0
    with pytest.raises(BadInput):
        await of(desk.cast.dewi, start, start)
    with pytest.raises(NotFound):
        await of(desk.cast.budi, start, start + day, unit_id=id_of(desk.cast.bantarjati))
    with pytest.raises(Forbidden):
        await desk.house.evidence.of_post(desk.cast.sari, post.id)
    with pytest.raises(NotFound):
        await desk.house.evidence.of_post(desk.cast.citra, post.id)
