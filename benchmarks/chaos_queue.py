"""What a storm falls upon: accounts joined through each platform's own consent, and a queue over all of them, drawn from a seed."""

import base64
import hashlib
import itertools
import random
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from sqlalchemy import select

from app.accounts import unit_store
from app.accounts.rules import Actor, Role
from app.bootstrap import Kentongan
from app.channels.models import Channel
from app.channels.rules import Environment
from app.content.models import Media
from app.kit.db import WriteSession
from app.platforms.connecting import AsksConsent, Candidate
from app.platforms.registry import build_adapters
from app.posts.models import Post
from app.practice import handle, load_reference
from app.publishing.models import Delivery
from app.publishing.rules import Frozen, State, hash_of, lane_of
from benchmarks import stage
from tests.support.films import film

C = Channel.__table__.c  # type: ignore[attr-defined]

BY_CONSENT = ("x", "tiktok", "youtube")
"""Their tokens end and are renewed; X's and TikTok's refresh tokens are good once."""
RARE = {"tiktok": 0.055, "youtube": 0.055}
"""Their share of the queue: TikTok takes 15 posts a day of one account."""
VALID = timedelta(days=2)


async def open_accounts(house: Kentongan, units: int) -> Actor:
    """A channel on every platform for so many units, and the person who looks after them."""
    await load_reference(house, shifted=False)
    async with house.db.write() as session:
        found = await unit_store.units_in(session, ["/"])
        owners = [(unit.id or 0, handle(unit)) for unit in found[:units]]
        await house.channels.add_practice(session, units=owners, platforms=platform_names(house))
    admin = await house.people.add_user(
        email="badai@latihan.invalid", name="Badai", unit_id=found[0].id or 0, role=Role.ADMIN, by="sistem"
    )
    actor = await house.people.actor_of(admin.id or 0)
    for channel in await channels_of(house, *BY_CONSENT):
        await join(house, actor, channel)
    return actor


def platform_names(house: Kentongan) -> list[str]:
    return list(build_adapters(timeout=1, now=house.clock.now))


async def channels_of(house: Kentongan, *platforms: str) -> Sequence[Any]:
    """Rows of id, unit_id, platform, handle and state."""
    query = select(C.id, C.unit_id, C.platform, C.handle, C.state).where(C.environment == "practice").order_by(C.id)
    async with house.db.read() as session:
        return (await session.run(query.where(C.platform.in_(platforms)) if platforms else query)).all()


async def join(house: Kentongan, actor: Actor, channel: Any) -> None:
    """As a person does it: to the platform's page, a yes, and back with a code."""
    candidate = await _consent(house, channel.platform, channel.handle)
    await house.channels.join(
        actor, unit_id=channel.unit_id, platform=channel.platform, environment=Environment.PRACTICE, candidate=candidate,
        channel_id=channel.id,
    )  # fmt: skip


async def _consent(house: Kentongan, platform: str, name: str) -> Candidate:
    connector, place = house.connectors[platform], house.connecting.places(platform, "practice", "")
    assert isinstance(connector, AsksConsent)
    verifier = secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    form = [("answer", "allow"), ("handle", name), *(("scope", scope) for scope in connector.scopes)]
    address = connector.authorize_url(place, state="badai", challenge=challenge)
    async with aiohttp.ClientSession() as web, web.post(address, data=form, allow_redirects=False) as answer:
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    (candidate,) = await connector.exchange(place, code=code, verifier=verifier)
    return candidate


async def fill(house: Kentongan, count: int, seconds: float, chance: random.Random) -> dict[str, str]:
    """Platform by text, every text its own; falling due over so many real seconds."""
    by_platform: dict[str, list[Any]] = {}
    for channel in await channels_of(house):
        by_platform.setdefault(channel.platform, []).append(channel)
    owners = _owners(by_platform, count, chance)
    now = house.clock.now()
    texts, rows = {}, []
    async with house.db.write() as session:
        post_ids = await session.insert_returning_ids(Post, [stage.post_row(owner.unit_id, now) for owner in owners])
        pictures, films = await _media(session, house, owners, now)
        for number, (post_id, owner) in enumerate(zip(post_ids, owners, strict=True)):
            due_at = now + house.clock.span(10 + chance.uniform(0, seconds))
            message = _message(number, owner.platform, pictures, films)
            texts[message.text] = owner.platform
            rows.append(_row(post_id, owner, message, due_at))
        await session.insert_many(Delivery, rows)
    return texts


def _owners(by_platform: dict[str, list[Any]], count: int, chance: random.Random) -> list[Any]:
    """One channel for each delivery, in turn, so that no account gets more than its share."""
    rest = (count - sum(round(count * share) for share in RARE.values())) / (len(by_platform) - len(RARE))
    owners: list[Any] = []
    for platform, channels in by_platform.items():
        share = RARE.get(platform)
        wanted = round(count * share) if share else int(rest)
        owners += itertools.islice(itertools.cycle(channels), wanted)
    owners += by_platform["facebook"][:1] * (count - len(owners))
    chance.shuffle(owners)
    return owners


def _message(number: int, platform: str, pictures: dict[int, int], films: dict[int, int]) -> Frozen:
    said = f"Kabar ke-{number} untuk warga: cek nama Anda di daftar pemilih."
    if number in films:
        options = {"privacy": "PUBLIC_TO_EVERYONE"} if platform == "tiktok" else {}
        return Frozen(said, (), options, {"media_id": films[number], "alt_text": "Film"})
    shown = [{"media_id": pictures[number], "alt_text": "Poster"}] if number in pictures else []
    return Frozen(said, shown)


async def _media(
    session: WriteSession, house: Kentongan, owners: Sequence[Any], now: datetime
) -> tuple[dict[int, int], dict[int, int]]:
    """Media ids by the delivery's number: a poster for Instagram, a film of its own for TikTok and YouTube."""
    posters = [(n, stage.picture_row(o.unit_id, n, now)) for n, o in enumerate(owners) if o.platform == "instagram"]
    films = [(n, _film_row(house, o.unit_id, n, now)) for n, o in enumerate(owners) if o.platform in RARE]
    found = []
    for each in (posters, films):
        ids = await session.insert_returning_ids(Media, [row for _, row in each])
        found.append(dict(zip((number for number, _ in each), ids, strict=True)))
    return found[0], found[1]


def _film_row(house: Kentongan, unit_id: int, number: int, now: datetime) -> dict[str, Any]:
    """Its bytes differ from every other's: YouTube rejects what a channel has already."""
    content = film(place=f"badai {number}".encode())
    row = Media(
        unit_id=unit_id, kind="video", mime="video/mp4", width=720, height=1280, bytes=len(content), seconds=15, codec="h264",
        sha256=hashlib.sha256(content).hexdigest(), alt_text="Film", created_at=now,
    )  # fmt: skip
    path = house.media.path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return row.model_dump(exclude={"id"})


def _row(post_id: int, owner: Any, message: Frozen, due_at: datetime) -> dict[str, Any]:
    body = message.body()
    lane = lane_of(owner.platform, "practice", is_slow=message.video is not None)
    return Delivery(
        post_id=post_id, channel_id=owner.id, unit_id=owner.unit_id, platform=owner.platform, lane=lane, environment="practice",
        state=State.DUE, due_at=due_at, act_at=due_at, valid_until=due_at + VALID, message=body, message_hash=hash_of(body),
        wants_prepare=message.has_media,
    ).model_dump(exclude={"id"})  # fmt: skip
