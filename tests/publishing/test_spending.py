"""What X may cost in a month: refused before it is queued, with the reason and the remedy."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.kit.errors import BadInput
from app.publishing.rules import Frozen
from app.publishing.service import NewDelivery
from app.publishing.spending import Cap
from tests.publishing.conftest import Town
from tests.support.cast import id_of


async def test_what_would_pass_the_months_cap_is_refused_and_nothing_is_queued(town: Town) -> None:
    channel, now = await town.channel("x"), town.house.clock.now()
    first, second = await town.post(["facebook"]), await town.post(["facebook"])
    one = NewDelivery(
        first, None, channel.id or 0, id_of(town.cast.cilendek), "x", "live", now, now + timedelta(hours=1),
        Frozen("Cek nama Anda di https://cekdptonline.kpu.go.id"),
    )  # fmt: skip
    publishing = replace(town.house.publishing, cap=Cap(Decimal("0.30")))
    async with town.house.db.write() as session:
        await publishing.enqueue(session, [one])
    with pytest.raises(BadInput, match=r"US\$0,30.*US\$0,20.*US\$0,20"):
        async with town.house.db.write() as session:
            await publishing.enqueue(session, [replace(one, post_id=second)])
    assert len(await town.deliveries(second)) == 1
    cheap = replace(one, post_id=second, message=Frozen("Cek nama Anda."))
    instagram = (await town.channel("instagram")).id or 0
    later = replace(one, post_id=second, channel_id=instagram, due_at=now + timedelta(days=40))
    async with town.house.db.write() as session:
        await publishing.enqueue(session, [cheap, later])
    assert len(await town.deliveries(second)) == 3
