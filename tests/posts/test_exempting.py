"""A reviewer lets a finding of the guard pass for one post, on record; and approval looks again."""

from datetime import date

import pytest

from app.accounts.rules import Actor
from app.audit import store as audit_store
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from app.posts.rules import PostState
from app.posts.service import PostView
from app.tahapan.service import Wanted
from tests.posts.conftest import Place
from tests.posts.test_writing import SOON, in_, write
from tests.support.cast import id_of

BLOCKED = "Waspada, alamat cek-kpu.com itu palsu."


async def blocked(place: Place) -> PostView:
    return await write(place, place.cast.sari, text=BLOCKED)


async def let_pass(place: Place, actor: Actor, post: PostView, *, reason: str = "Peringatan hoaks") -> None:
    await place.house.posts.exempting.exempt(actor, post.id, rule="G14_tautan_tak_dikenal", reason=reason)


async def submit(place: Place, post: PostView) -> PostView:
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    timing = {"timing": in_(place, SOON)}
    return await place.house.posts.edit(place.cast.sari, post.id, timing, if_match=fresh.etag)


async def test_what_blocks_goes_only_after_the_kpu_lets_it_pass_with_a_reason(place: Place) -> None:
    post = await blocked(place)
    with pytest.raises(BadInput, match="meniru"):
        await submit(place, post)
    with pytest.raises(Forbidden, match="KPU"):
        await let_pass(place, place.cast.budi, post)
    with pytest.raises(Forbidden):
        await let_pass(place, place.cast.sari, post)
    with pytest.raises(NotFound):
        await let_pass(place, place.cast.citra, post)
    with pytest.raises(BadInput, match="alasan"):
        await let_pass(place, place.cast.dewi, post, reason=" ")
    await let_pass(place, place.cast.dewi, post)
    sent = await submit(place, post)
    assert sent.state is PostState.IN_REVIEW
    assert [found["exempt"] for found in sent.guard] == ["Peringatan hoaks"]
    assert (await place.house.posts.approve(place.cast.dewi, post.id)).state is PostState.SCHEDULED


async def test_an_exemption_is_void_once_its_words_are_changed(place: Place) -> None:
    post = await blocked(place)
    await let_pass(place, place.cast.dewi, post)
    sent = await submit(place, post)
    changed = {"text": BLOCKED.replace("cek-kpu", "info-kpu")}
    with pytest.raises(BadInput, match="meniru"):
        await place.house.posts.edit(place.cast.sari, post.id, changed, if_match=sent.etag)
    kept = await place.house.posts.edit(place.cast.sari, post.id, {"text": BLOCKED + " Awas."}, if_match=sent.etag)
    assert kept.state is PostState.IN_REVIEW


async def test_the_same_finding_is_let_pass_once_and_the_record_keeps_the_reason(place: Place) -> None:
    post = await blocked(place)
    await let_pass(place, place.cast.dewi, post, reason="Sekali saja")
    with pytest.raises(Conflict):
        await let_pass(place, place.cast.dewi, post, reason="Sekali saja")
    async with place.house.db.read() as session:
        rows = await audit_store.unsealed(session, limit=1000)
    kept = [row for row in rows if row.action == "post.exempt" and row.detail["reason"] == "Sekali saja"]
    assert [(row.subject, row.detail["level"]) for row in kept] == [(f"post:{post.id}", "block")]


async def test_approval_looks_again_at_what_the_calendar_says_by_then(place: Place) -> None:
    text = "Pemungutan suara Rabu, 27 November 2024."
    post = await write(place, place.cast.sari, text=text, timing=in_(place, SOON))
    stages = (await place.house.tahapan.list(Wanted(q="pemungutan suara"), limit=200, cursor=None)).rows
    voting = next(row for row in stages if row.code == "PYL-07")
    days = {"starts_on": date(2024, 12, 4), "ends_on": date(2024, 12, 4)}
    back = {"starts_on": voting.starts_on, "ends_on": voting.ends_on}
    await place.house.tahapan.edit(voting.id or 0, days, by="uji")  # type: ignore[arg-type]
    try:
        with pytest.raises(Conflict, match="4 Desember 2024"):
            await place.house.posts.approve(place.cast.dewi, post.id)
    finally:
        await place.house.tahapan.edit(voting.id or 0, back, by="uji")  # type: ignore[arg-type]
    assert (await place.house.posts.approve(place.cast.dewi, post.id)).state is PostState.SCHEDULED
    assert id_of(place.cast.cilendek) == post.unit_id


async def test_a_draft_shows_at_once_what_was_let_pass(place: Place) -> None:
    post = await blocked(place)
    assert [one["field"] for one in post.problems] == ["text"]
    await let_pass(place, place.cast.dewi, post)
    shown = await place.house.posts.get(place.cast.sari, post.id)
    assert [found["exempt"] for found in shown.guard] == ["Peringatan hoaks"]
    assert shown.problems == []
