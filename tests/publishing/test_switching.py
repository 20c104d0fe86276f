"""A channel that changes between a person's hands and the program, with its queue and history."""

from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.channels.rules import Environment
from app.kit.errors import BadInput, Conflict
from app.main import create_app
from app.platforms.connecting import Candidate, Life
from app.posts.broadcasts import BroadcastInput
from app.posts.rules import Timing
from app.posts.service import PostInput
from app.publishing.read_store import Filter
from app.publishing.rules import State
from tests.conftest import NOW
from tests.publishing.conftest import Town
from tests.support.cast import id_of
from tests.support.client import NOWHERE
from tests.support.databases import fresh_database
from tests.support.house import add_template, cast_house, moved, publish_until, serving, settings_for, ticking_from

TOKEN = "sim_x_pps.asli"


@pytest.fixture
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Town]:
    """X's live address is the simulator's."""
    clock = ticking_from(NOW, speed=30.0)
    with fresh_database(request, "sqlite", tmp_path) as url:
        plain = moved(settings_for(tmp_path, url), clock=clock, send_timeout=2.0)
        with serving(lambda address: create_app(moved(plain, base_url=address), redis_url=NOWHERE)) as address:
            live = moved(plain, base_url=address, x_api_url=f"{address}/simulator/x")
            async with cast_house(live, clock) as (house, cast):
                template = await add_template(house, cast, "Halo {{ wilayah }}, dari {{ nama_unit }}.")
                yield Town(house, cast, f"{address}/simulator", template)


async def join(town: Town, environment: str, *, handle: str = "pps.asli", credential: str | None = None) -> int:
    joined = await town.house.channels.add(
        town.cast.rina, unit_id=id_of(town.cast.cilendek), platform="x", environment=environment, handle=handle,
        credential=credential,
    )  # fmt: skip
    return joined.id or 0


async def post(town: Town, channel: int, *, later: float) -> int:
    wanted = PostInput(
        id_of(town.cast.cilendek), template_id=town.template, channels=[channel],
        timing=Timing(at=town.house.clock.now() + timedelta(seconds=later)),
    )  # fmt: skip
    return (await town.house.posts.create(town.cast.sari, wanted)).id


@pytest.mark.deep
async def test_a_queue_goes_by_hand_and_back_and_then_out_by_itself_once(town: Town) -> None:
    house, rina = town.house, town.cast.rina
    channel = await join(town, "live", credential=TOKEN)
    soon, late = await post(town, channel, later=300), await post(town, channel, later=86_400)
    with_id = {"environment": "manual"}
    changed = await house.switching.switch(rina, channel, **with_id)
    assert (changed.id, changed.environment, changed.state, changed.check_at) == (channel, "manual", "connected", None)
    assert await town.is_in("manual", soon, late)
    assert {each.environment for each in await town.deliveries(soon, late)} == {"manual"}
    again = await house.switching.switch(rina, channel, **with_id)
    assert again.environment == "manual", "the same again changes nothing"
    back = await house.switching.switch(rina, channel, environment="live")
    assert back.check_at is not None, "the kept credential is looked at before anything is due"
    assert await town.is_in("due", soon, late)
    await publish_until(house, lambda: town.is_in("published", soon), "it goes out by itself")
    assert len(town.ledger("x")) == 1
    # What has ended keeps the way it went.
    await house.switching.switch(rina, channel, **with_id)
    assert [(each.state, each.environment) for each in await town.deliveries(soon)] == [("published", "live")]


async def test_a_hand_off_whose_minute_has_come_stays_a_task_and_a_mended_channel_takes_the_rest(town: Town) -> None:
    house, rina = town.house, town.cast.rina
    channel = await join(town, "manual")
    now_due, late = await post(town, channel, later=0), await post(town, channel, later=86_400)
    with pytest.raises(Conflict, match="belum punya sambungan"):
        await house.switching.switch(rina, channel, environment="live")
    await house.switching.switch(rina, channel, environment="live", credential=TOKEN)
    assert [each.state for each in await town.deliveries(now_due)] == [State.MANUAL]
    assert await town.is_in("due", late)
    done = await house.publishing.resolve(town.cast.sari, (await town.one(now_due)).id, published=True, url=None)
    assert done.state == "published"


async def test_nothing_switches_while_something_may_be_out_there_or_where_the_account_is_known(town: Town) -> None:
    house, rina = town.house, town.cast.rina
    channel = await join(town, "live", credential=TOKEN)
    town.fault("lost_answer", "x", count=1)
    doubtful = await post(town, channel, later=0)
    await publish_until(house, lambda: town.is_in("unsure", doubtful), "its answer is lost")
    with pytest.raises(Conflict, match="belum pasti"):
        await house.switching.switch(rina, channel, environment="manual")
    other = await join(town, "manual")
    with pytest.raises(Conflict, match="sudah tercatat"):
        await house.switching.switch(rina, other, environment="live", credential=TOKEN)
    with pytest.raises(BadInput, match="latihan"):
        await house.switching.switch(rina, other, environment="practice")


async def test_a_consent_takes_a_hand_off_over_with_its_queue(town: Town) -> None:
    house, rina = town.house, town.cast.rina
    channel = await join(town, "manual", handle="pps_lama")
    late = await post(town, channel, later=86_400)
    candidate = Candidate("4242", "pps_baru", "PPS", {"access_token": TOKEN}, Life(None, None))
    assert await house.channels.same_account(rina, channel, [candidate]) == candidate
    joined = await house.channels.join(
        rina, unit_id=id_of(town.cast.cilendek), platform="x", environment=Environment.LIVE, candidate=candidate,
        channel_id=channel,
    )  # fmt: skip
    assert (joined.id, joined.environment, joined.handle) == (channel, "live", "pps_baru")
    assert await town.is_in("due", late)
    second = await join(town, "manual", handle="kembar")
    with pytest.raises(Conflict, match="akun lain"):
        await house.channels.join(
            rina, unit_id=id_of(town.cast.cilendek), platform="x", environment=Environment.LIVE, candidate=candidate,
            channel_id=second,
        )  # fmt: skip


async def test_a_broadcast_reaches_whoever_uploads_by_hand_and_it_counts_in_the_reports(town: Town) -> None:
    house, cast = town.house, town.cast
    await join(town, "manual")
    view = await house.broadcasts.create(
        cast.rina,
        BroadcastInput(
            town.template, ("pps",), None, [id_of(cast.cilendek)], ("x",), Timing(at=house.clock.now()), variables={},
        ),
    )  # fmt: skip
    assert (view.environment, view.deliveries) == ("live", 1)
    page = await house.publishing.list(cast.sari, Filter(states=(State.MANUAL,)), limit=5)
    (task,) = page.rows
    await house.publishing.resolve(cast.sari, task.id, published=True, url="https://x.com/a/status/1")
    environment, rows = await house.engagement.grouped(cast.rina, group_by="platform")
    assert (environment, [(row.key, row.published) for row in rows]) == ("live", [("x", 1)])


async def test_at_its_minute_a_hand_off_calls_its_person_once_and_a_screenshot_proves_it(town: Town) -> None:
    house, cast = town.house, town.cast
    channel = await join(town, "manual")
    soon = await post(town, channel, later=20)

    async def told() -> list[str]:
        await house.notices.spread()
        page = await house.notices.list(cast.sari, limit=20)
        return [row.title for row in page.rows if "mengunggah sendiri" in row.title]

    assert await told() == []
    task = await town.one(soon)

    async def is_called() -> bool:
        return bool(await told())

    await publish_until(house, is_called, "her phone says that its minute has come")
    assert await told() == ["Saatnya mengunggah sendiri di X: PPS Cilendek Barat"]
    proof = await house.media.keep(cast.sari, unit_id=task.unit_id, file=screenshot(), alt_text="Tangkapan layar.")
    done = await house.publishing.resolve(cast.sari, task.id, published=True, proof_id=proof.id)
    assert (done.state, done.url, done.proof_id) == ("published", None, proof.id)


def screenshot() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (360, 640), (20, 20, 20)).save(out, "PNG")
    out.seek(0)
    return out


async def test_what_only_people_publish_to_is_written_for_and_counted_like_the_rest(town: Town) -> None:
    house, cast = town.house, town.cast
    given = {"unit_id": id_of(cast.cilendek), "platform": "whatsapp", "handle": "saluran.cilendek"}
    with pytest.raises(BadInput, match="hanya dapat diunggah sendiri"):
        await house.channels.add(cast.rina, environment="live", credential="rahasia", **given)  # type: ignore[arg-type]
    joined = await house.channels.add(cast.rina, environment="manual", **given)  # type: ignore[arg-type]
    assert (await house.channels.check(cast.rina, joined.id or 0)).state == "connected"
    soon = await post(town, joined.id or 0, later=0)
    task = await town.one(soon)
    assert (task.state, task.platform, task.text[:5]) == ("manual", "whatsapp", "Halo ")
    with pytest.raises(Conflict, match="belum punya sambungan"):
        await house.switching.switch(cast.rina, joined.id or 0, environment="live", credential="rahasia")
    done = await house.publishing.resolve(cast.sari, task.id, published=True)
    assert done.state == "published"
    environment, rows = await house.engagement.grouped(cast.rina, group_by="platform")
    assert (environment, [(row.key, row.published, row.views) for row in rows]) == ("live", [("whatsapp", 1, None)])
