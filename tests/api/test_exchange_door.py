"""The door for tables of posts: a form in, a file out."""

from io import BytesIO
from typing import Any

import openpyxl

from app.kit.sheets import MAX_BYTES
from tests.support.cast import id_of
from tests.support.client import Site
from tests.support.house import channels_of

HEADER = "unit,platform,akun,waktu,teks\n"


async def bring(site: Site, table: str | bytes, **fields: str) -> Any:
    data = table if isinstance(table, bytes) else table.encode()
    return await site.ask("sari", "POST", "/posts/import", files={"file": ("a.csv", data, "text/csv")}, data=fields)


async def row(site: Site, text: str, at: str = "2024-11-02 09:00") -> str:
    x = (await channels_of(site.house, site.cast, site.cast.cilendek))["x"]
    return f'32.71.04.1008,x,{x.handle},{at},"{text}"\n'


async def test_a_table_is_looked_at_refused_and_taken(site: Site) -> None:
    good, bad = await row(site, "Posko buka."), await row(site, "Telat.", "2024-10-01 09:00")
    looked = await bring(site, HEADER + good + bad, dry_run="true")
    assert (looked.status_code, looked.json()["accepted"], looked.json()["posts"]) == (200, 1, [])
    assert [(cell["row"], cell["column"]) for cell in looked.json()["rejected"]] == [(3, "waktu")]
    refused = await bring(site, HEADER + good + bad)
    assert (refused.status_code, refused.json()["accepted"]) == (200, 0)
    assert (await site.get("sari", "/posts"))["data"] == []
    taken = await bring(site, HEADER + good)
    assert (taken.status_code, taken.json()["accepted"], taken.json()["rejected"]) == (201, 1, [])
    assert [post["id"] for post in (await site.get("sari", "/posts"))["data"]] == taken.json()["posts"]


async def test_what_is_no_table_is_a_problem_in_words(site: Site) -> None:
    for data, status, said in (
        (b"unit\n", 422, "platform"),
        (b"PK\x03\x04", 422, "tidak dapat dibuka"),
        ("é".encode("latin-1"), 415, "UTF-8"),
        (b"x" * (MAX_BYTES + 100_000), 413, "2 MB"),
    ):
        answer = await bring(site, data)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert said in answer.json()["detail"]
    assert (await site.ask("sari", "POST", "/posts/import", data={"dry_run": "true"})).status_code == 415
    assert (await bring(site, HEADER, dry_run="barangkali")).json()["errors"][0]["field"] == "dry_run"


async def test_the_same_key_brings_a_table_in_once(site: Site) -> None:
    table = (HEADER + await row(site, "Sekali saja.")).encode()
    headers, files = {"Idempotency-Key": "impor-1"}, {"file": ("a.csv", table, "text/csv")}
    body = {"headers": headers, "files": files}
    first = await site.ask("sari", "POST", "/posts/import", **body)
    assert first.status_code == 201, first.text
    assert len((await site.get("sari", "/posts"))["data"]) == 1


async def test_files_come_out_with_a_name_and_what_was_asked_for(site: Site) -> None:
    await bring(site, HEADER + await row(site, "=Bukan rumus"[1:]))
    for form in ("xlsx", "csv"):
        answer = await site.ask("dewi", "GET", f"/posts/export?format={form}&unit={id_of(site.cast.ppk_barat)}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="unggahan.{form}"'
    assert (await site.ask("citra", "GET", f"/posts/export?unit={id_of(site.cast.ppk_barat)}")).status_code == 404
    blank = await site.ask("sari", "GET", "/posts/import/template?format=xlsx")
    book = openpyxl.load_workbook(BytesIO(blank.content))
    assert book.sheetnames == ["Unggahan", "Akun", "Templat", "Petunjuk"]
    accounts = {row[1] for row in book["Akun"].iter_rows(min_row=2, values_only=True)}
    assert accounts == {"PPS Cilendek Barat"}
