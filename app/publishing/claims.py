"""Everything a send needs, gathered for a whole batch of claimed rows with two queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.channels.service import ChannelService
from app.content.media import MediaService
from app.kit.db import ReadSession
from app.platforms.contract import (
    Account,
    Json,
    Message,
    NeedsReconnect,
    Picture,
    PublishError,
    Refused,
    Sent,
    TryLater,
    Video,
)
from app.publishing import store
from app.publishing.rules import ALTERED, RESTORED, hash_of

PICTURE_LIFE = timedelta(hours=48)
"""How long the public address of a picture stays good: longer than a container lives (24 h)."""

LOOK_BACK = timedelta(hours=1)
"""How far before a try another delivery of the same channel may have been published and still be mistaken for it."""

RENEWING = "renewing"
RENEWING_WAIT = timedelta(seconds=5)

_NOBODY = Account(base_url="", handle="", credential={})
_UPLOADED = Picture(url="", path="", mime="", alt_text="")


@dataclass(frozen=True)
class Claim:
    """One claimed delivery. `problem` is known before anything is sent: altered words, a channel that cannot speak.

    `media` are the ids of the message's pictures, in their order. `edits`: the post of ours whose words it replaces.
    """

    id: int
    platform: str
    lane: str
    channel_id: int
    due_at: datetime
    act_at: datetime
    valid_until: datetime
    attempt: int
    looks: int
    code: str
    account: Account
    message: Message
    sent: Sent
    prepared: Json
    problem: PublishError | None
    media: tuple[int, ...] = ()
    message_hash: str = ""
    edits: Mapping[str, Any] | None = None


async def load(
    session: ReadSession, rows: Sequence[Mapping[str, Any]], *, channels: ChannelService, media: MediaService
) -> list[Claim]:
    if not rows:
        return []
    rows = [_readable(row) for row in rows]
    accounts = await channels.accounts_for(session, sorted({row["channel_id"] for row in rows}))
    # What is prepared is at the platform already: from there on it only matters how many pictures there are.
    unprepared = [row for row in rows if not row["prepared"]]
    wanted = {(each["media_id"], row["platform"]) for row in unprepared for each in row["message"].get("pictures", ())}
    expires_at = max(row["act_at"] or row["due_at"] for row in rows) + PICTURE_LIFE
    pictures = await media.pictures(session, sorted(wanted), expires_at) if wanted else {}
    # A video is needed to the end: where its last piece publishes, that piece is still on our disk.
    films = {row["message"]["video"]["media_id"] for row in rows if row["message"].get("video")}
    videos = await media.videos(session, sorted(films), expires_at) if films else {}
    return [_claim(row, accounts, pictures, videos) for row in rows]


def _readable(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A message that is not the approved one is not read any further: one row of any shape must not hold up its batch."""
    is_altered = hash_of(row["message"]) != row["message_hash"]
    return {**row, "message": {}, "is_altered": is_altered} if is_altered else row


async def load_looks(
    session: ReadSession, rows: Sequence[Mapping[str, Any]], *, channels: ChannelService, media: MediaService
) -> list[Claim]:
    """Like `load`, knowing also which of the channels' posts are already other deliveries' own."""
    claims = await load(session, rows, channels=channels, media=media)
    if not claims:
        return []
    since = min(claim.sent.first_at for claim in claims) - LOOK_BACK
    taken = await store.remote_ids(session, sorted({claim.channel_id for claim in claims}), since=since)
    return [
        replace(claim, sent=replace(claim.sent, taken=taken.get(claim.channel_id, frozenset()))) for claim in claims
    ]


def _claim(
    row: Mapping[str, Any],
    accounts: Mapping[int, Account],
    pictures: Mapping[tuple[int, str], Picture],
    videos: Mapping[int, Video],
) -> Claim:
    body = row["message"]
    account = accounts.get(row["channel_id"])
    wanted = [(each["media_id"], each["alt_text"]) for each in body.get("pictures", ())]
    shown = tuple(
        _with_alt(picture, alt_text)
        for media_id, alt_text in wanted
        if (picture := _UPLOADED if row["prepared"] else pictures.get((media_id, row["platform"])))
    )
    film = body.get("video")
    video = _with_alt_text(videos.get(film["media_id"]), film["alt_text"]) if film else None
    problem: PublishError | None = None
    if row.get("is_altered"):
        problem = Refused(ALTERED, code="altered")
    elif account is None:
        problem = NeedsReconnect("Akun belum tersambung. Sambungkan ulang.", code="no_credential")
    elif account.ends_at is not None and account.ends_at <= (row["act_at"] or row["due_at"]):
        problem = TryLater("Sambungan akun sedang diperpanjang.", after=RENEWING_WAIT, code=RENEWING)
    elif len(shown) != len(wanted) or (film and video is None):
        problem = media_gone()
    return Claim(
        id=row["id"],
        platform=row["platform"],
        lane=row["lane"],
        channel_id=row["channel_id"],
        due_at=row["due_at"],
        act_at=row["act_at"] or row["due_at"],
        valid_until=row["valid_until"],
        attempt=row["attempt"],
        looks=row["looks"],
        code=row["code"],
        account=account or _NOBODY,
        message=Message(f"delivery-{row['id']}", body.get("text", ""), shown, body.get("options", {}), video),
        sent=Sent(
            row["first_sent_at"] or row["due_at"],
            row["last_sent_at"] or row["due_at"],
            row["prepared"],
            is_witness_lost=row["code"] == RESTORED,
        ),
        prepared=row["prepared"],
        problem=problem,
        media=tuple(media_id for media_id, _ in wanted),
        message_hash=row["message_hash"],
        edits=body.get("edits"),
    )


def _with_alt_text(video: Video | None, alt_text: str) -> Video | None:
    return replace(video, alt_text=alt_text or video.alt_text) if video else None


def media_gone() -> Refused:
    return Refused("Gambar unggahan ini sudah tidak ada. Lampirkan lagi.", code="media_gone")


def _with_alt(picture: Picture, alt_text: str) -> Picture:
    return Picture(picture.url, picture.path, picture.mime, alt_text or picture.alt_text, picture.sha256)
