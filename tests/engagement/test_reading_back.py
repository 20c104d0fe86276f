"""Accounts read back from the simulator: ours, ours changed, ours gone, made elsewhere, and what that counts for."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from sqlalchemy import select, update
from sqlmodel import col

from app.audit.models import OutboxEvent
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.engagement import outside_rules as rules
from app.engagement.outside import Seen
from app.platforms.contract import Message, Published
from app.posts.models import Broadcast
from app.publishing import seen_store
from app.publishing.models import Delivery, ReadBack
from app.reports.duty import Standing
from app.reports.rules import Kind
from app.reports.service import RecapWanted
from tests.conftest import NOW
from tests.engagement.conftest import Place
from tests.support.cast import id_of
from tests.support.databases import fresh_database
from tests.support.house import (
    add_template,
    cast_house,
    channels_of,
    moved,
    serving_simulator,
    settings_for,
    ticking_from,
)

WORDS = "Rabu, 27 November 2024, warga Cilendek Barat datang ke TPS pukul 07.00 sampai 13.00 WIB. Bawa KTP-el."


@dataclass(frozen=True)
class Field(Place):
    async def say(self, text: str, platform: str = "facebook") -> str:
        """A person posts this in the account itself. Answers the platform's number."""
        channel = (await channels_of(self.house, self.cast, self.cast.cilendek))[platform]
        async with self.house.db.read() as session:
            account = (await self.house.channels.accounts_for(session, [channel.id or 0]))[channel.id or 0]
        adapter = self.house.platforms[platform]
        done = await adapter.publish(account, Message("tangan-" + text[:20], text), {})
        assert isinstance(done, Published)
        return done.remote_id

    async def seen(self, kind: Seen) -> list[str]:
        found = await self.house.elsewhere.list(self.cast.sari, kind)
        return [view.text for view in found.rows]


async def later(house: Kentongan) -> int:
    """One round, once what is young has settled."""
    service = house.read_back
    service.now = lambda: house.clock.now() + rules.SETTLING + timedelta(minutes=1)
    async with house.db.write() as session:
        ids = (await session.run(select(col(Channel.id)).where(col(Channel.platform) == "facebook"))).scalars().all()
        await seen_store.bring_forward(session, list(ids), now=NOW)
    return await service.collect(limit=500)


def show_at_once(simulator: str) -> None:
    """Lists hold what they would hold only in five seconds."""
    order = {"platform": "*", "kind": "read_lag", "seconds": 0, "times": 99}
    assert requests.post(f"{simulator}/_sim/faults", json=order, timeout=5).status_code == 201


@pytest.fixture
async def field(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Field]:
    clock = ticking_from(NOW)
    with (
        fresh_database(request, "sqlite", tmp_path) as url,
        serving_simulator(tmp_path / "sim", clock=clock) as address,
    ):
        settings = moved(settings_for(tmp_path, url), simulator_url=address)
        show_at_once(address)
        async with cast_house(settings, clock) as (house, cast):
            yield Field(house, cast)


async def test_what_was_made_elsewhere_is_told_from_ours_and_counts_for_its_broadcast(field: Field) -> None:
    house, cast = field.house, field.cast
    template = await add_template(house, cast, "Halo")
    order = Broadcast(unit_id=id_of(cast.kpu), template_id=template, mode="mandatory", environment="practice", created_at=NOW)  # fmt: skip
    async with house.db.write() as session:
        session.add(order)
    said = {"broadcast_id": order.id}
    await field.put("cilendek", "facebook", post=said, broadcast_id=order.id, state="missed", message={"text": WORDS})
    ours = await field.say("Kegiatan hari ini di balai warga.")
    await field.put("cilendek", "facebook", remote_id=ours, message={"text": "Kegiatan hari ini di balai warga."})
    await field.say(WORDS.replace("Bawa KTP-el.", "Jangan lupa bawa KTP-el ya."))
    await field.say("Pilih nomor urut 1, pasti menang!")
    assert await later(house) > 0
    assert len(await field.seen(Seen.OUTSIDE)) == 2
    assert [text[:4] for text in await field.seen(Seen.BROADCAST)] == ["Rabu"]
    assert await field.seen(Seen.BLOCKED) == ["Pilih nomor urut 1, pasti menang!"]
    (one,) = (await house.compliance.make(cast.dewi, RecapWanted(Kind.MONTHLY, "2024-11"))).broadcasts
    assert [(unit.standing, unit.outside, unit.published) for unit in one.units] == [(Standing.DONE, 1, 1)]
    recap = await house.recaps.make(cast.dewi, RecapWanted(Kind.MONTHLY, "2024-11"))
    assert {row.mandatory_done for row in recap.rows if row.mandatory} == {1}
    async with house.db.read() as session:
        told = (await session.run(select(col(OutboxEvent.kind), col(OutboxEvent.unit_id)))).all()
    assert [tuple(row) for row in told if row[0] == "outside.blocked"] == [("outside.blocked", id_of(cast.cilendek))]
    assert await later(house) > 0  # a second look adds and tells nothing
    async with house.db.read() as session:
        again = (await session.run(select(col(OutboxEvent.kind)))).scalars().all()
    assert list(again).count("outside.blocked") == 1
    assert len(await field.seen(Seen.OUTSIDE)) == 2
    assert (await house.elsewhere.list(cast.citra, Seen.OUTSIDE)).rows == []
    assert (await house.elsewhere.list(cast.dewi, Seen.OUTSIDE, environment="live")).rows == []


async def test_ours_that_says_something_else_now_or_is_gone(field: Field) -> None:
    shown = await field.say("Pencoblosan pukul 08.00. Info: https://kota-bogor.kpu.go.id/x")
    await field.put(
        "cilendek", "facebook", remote_id=shown, message={"text": "Pencoblosan pukul 07.00. Info: kpu.go.id"}
    )
    kept = await field.say("Sama persis https://kota-bogor.kpu.go.id/y")
    await field.put("cilendek", "facebook", remote_id=kept, message={"text": "Sama persis"})
    await field.put("cilendek", "facebook", remote_id="1_404", message={"text": "Sudah dihapus orang."})
    await later(field.house)
    assert [text[:12] for text in await field.seen(Seen.CHANGED)] == ["Pencoblosan "]
    assert await field.seen(Seen.GONE) == ["Sudah dihapus orang."]
    async with field.house.db.read() as session:
        asked = select(col(Delivery.metrics_at)).where(col(Delivery.remote_id) == "1_404")
        assert (await session.run(asked)).scalar_one() is not None


async def test_x_is_read_only_under_a_cap_of_its_own(field: Field) -> None:
    assert not rules.may_pay("x", "live", posts=0, cap_usd=Decimal(0))
    assert rules.may_pay("x", "live", posts=1900, cap_usd=Decimal(10))
    assert not rules.may_pay("x", "live", posts=1901, cap_usd=Decimal(10))
    channel = (await channels_of(field.house, field.cast, field.cast.cilendek))["x"]
    async with field.house.db.write() as session:
        await session.run(update(Channel).where(col(Channel.id) == channel.id).values(environment="live"))
        await seen_store.bring_forward(session, [channel.id or 0], now=NOW)
    await later(field.house)
    async with field.house.db.read() as session:
        row = await session.get_one(ReadBack, channel.id)
    assert row.read_at is None


@pytest.mark.parametrize(
    ("sent", "shown", "is_changed"),
    [
        ("Datang pukul 07.00", "Datang pukul 08.00", True),
        ("Cek https://kpu.go.id/a ya", "Cek https://t.co/x ya", False),
        ("Halo @kpu@mastodon.social semua", "Halo @kpu semua", False),
        ("Isi panjang sekali", "Judul\nIsi panjang sekali", False),
        ("Isi panjang sekali", "", True),
    ],
)
def test_other_words_are_a_change_and_dressing_is_not(sent: str, shown: str, is_changed: bool) -> None:
    assert rules.is_changed(sent, shown) is is_changed
