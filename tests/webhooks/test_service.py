"""From a published delivery to a signed message at the other end, over a real wire, with tries and a log."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.accounts.rules import Act
from app.audit.events import Event, EventKind
from app.audit.models import AuditEvent
from app.audit.sealing import seal_pending
from app.audit.service import tell
from app.kit.errors import BadInput, Forbidden
from app.webhooks import rules
from app.webhooks.models import Webhook
from tests.conftest import NOW
from tests.engagement.conftest import Place, place, shared
from tests.platforms.stage import serve
from tests.support.cast import id_of

__all__ = ["place", "shared"]


class Receiver:
    """An ASGI app that keeps what it is sent and answers `statuses` in turn, the last again and again."""

    def __init__(self) -> None:
        self.statuses, self.received = [200], list[tuple[dict[str, str], bytes]]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        self.received.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def receiver(place: Place) -> Iterator[tuple[Receiver, str]]:
    app = Receiver()
    place.house.outside.allow_private = True
    with serve(app) as address:
        yield app, f"{address}/masuk"
    place.house.outside.allow_private = False


@pytest.fixture(autouse=True)
async def clean(place: Place) -> None:
    async with place.house.db.write() as session:
        for table in ("hook_sending", "webhook", "hook_place", "outbox_event"):
            await session.run(text(f"DELETE FROM {table}"))


async def put_published(place: Place) -> int:
    """As a worker would have left it: published, in the audit record, sealed. Answers the delivery's id."""
    post = await place.put("cilendek", "x", late=3)
    async with place.house.db.write() as session:
        (delivery,) = (await session.run(text(f"SELECT id FROM delivery WHERE post_id = {post}"))).scalars()
        session.add(AuditEvent(at=NOW, actor="worker:1", action="delivery.published", subject=f"delivery:{delivery}"))
    await seal_pending(place.house.db)
    return int(delivery)


async def test_a_published_delivery_is_told_once_and_signed(place: Place, receiver: tuple[Receiver, str]) -> None:
    app, address = receiver
    hooks = place.house.webhooks
    await put_published(place)
    hook, secret = await hooks.create(place.cast.rina, id_of(place.cast.kpu), address, ["delivery.published"])
    delivery = await put_published(place)
    assert await hooks.gather() == 1, "what came before the address existed is not told to it"
    assert await hooks.gather() == 0
    app.statuses = [500, 200]
    assert await hooks.send_waiting() == 0
    (waiting,) = (await hooks.log_of(place.cast.rina, hook.id or 0)).rows
    async with place.house.db.write() as session:
        assert (waiting.state, waiting.attempts, waiting.http_status) == ("waiting", 1, 500)
        assert waiting.act_at - place.house.clock.now() == pytest.approx(timedelta(seconds=5), abs=timedelta(seconds=1))
        await session.run(text("UPDATE hook_sending SET act_at = '2024-01-01 00:00:00+00:00'"))
    assert await hooks.send_waiting() == 1
    (first, _), (headers, body) = app.received
    assert first["webhook-id"] == headers["webhook-id"], "a repeat is known by its id"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    said = json.loads(body)
    assert (said["type"], said["data"]["delivery_id"], said["data"]["late_seconds"]) == (
        "delivery.published",
        delivery,
        3,
    )
    (sent,) = (await hooks.log_of(place.cast.rina, hook.id or 0)).rows
    assert (sent.state, sent.attempts, sent.http_status) == ("sent", 2, 200)


async def test_failures_and_numbers_are_told_to_whoever_is_above_and_wants_them(
    place: Place, receiver: tuple[Receiver, str]
) -> None:
    hooks, cast = place.house.webhooks, place.cast
    wants = ["delivery.failed", "delivery.metrics"]
    hook, _ = await hooks.create(cast.rina, id_of(cast.kpu), receiver[1], wants)
    elsewhere, _ = await hooks.create(cast.rina, id_of(cast.ppk_utara), receiver[1], wants)
    await place.put("cilendek", "x", numbers={"views": 9})
    async with place.house.db.write() as session:
        (delivery,) = (await session.run(text("SELECT id FROM delivery"))).scalars()
        event = Event(EventKind.DELIVERY_STOPPED, f"delivery:{delivery}", id_of(cast.cilendek), {"reason": "Ditolak."})
        await tell(session, [event], at=NOW + timedelta(hours=1))
    assert await hooks.gather() == 1, "an older neighbour of the event may still be on its way"
    async with place.house.db.write() as session:
        await session.run(text("UPDATE outbox_event SET at = '2024-01-01 00:00:00+00:00'"))
    assert await hooks.gather() == 1
    told = {row.kind: row.body for row in (await hooks.log_of(cast.rina, hook.id or 0)).rows}
    assert told["delivery.failed"]["reason"] == "Ditolak."
    assert told["delivery.metrics"]["metrics"]["views"] == 9
    assert (await hooks.log_of(cast.rina, elsewhere.id or 0)).rows == []


async def test_an_address_that_says_gone_is_switched_off(place: Place, receiver: tuple[Receiver, str]) -> None:
    app, address = receiver
    app.statuses = [410]
    hook, _ = await place.house.webhooks.create(place.cast.rina, id_of(place.cast.kpu), address, ["delivery.published"])
    await put_published(place)
    await place.house.webhooks.gather()
    await place.house.webhooks.send_waiting()
    async with place.house.db.read() as session:
        assert (await session.get_one(Webhook, hook.id)).is_on is False


async def test_only_who_manages_may_and_only_public_addresses(place: Place) -> None:
    hooks, cast = place.house.webhooks, place.cast
    with pytest.raises(BadInput):
        await hooks.create(cast.rina, id_of(cast.kpu), "http://169.254.169.254/latest", ["delivery.published"])
    with pytest.raises(BadInput):
        await hooks.create(cast.rina, id_of(cast.kpu), "https://contoh.go.id/x", ["bukan.peristiwa"])
    assert not cast.sari.may(Act.MANAGE, cast.cilendek.path)
    with pytest.raises(Forbidden):
        await hooks.create(cast.sari, id_of(cast.cilendek), "https://contoh.go.id/x", ["delivery.published"])


async def test_tries_go_on_for_three_days_and_then_end() -> None:
    waits = [rules.next_try(attempts) for attempts in range(1, 11)]
    assert waits[-1] is None
    assert sum((wait for wait in waits if wait), timedelta()) > timedelta(days=3)
