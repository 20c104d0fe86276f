"""Background work; each task names one service call and nothing else."""

from datetime import timedelta
from typing import Any

from app.audit.sealing import seal_pending
from app.audit.service import forget_told
from app.bootstrap import Kentongan
from app.operations.nightly import nightly
from app.publishing.publisher import Publisher

PREPARE_AHEAD = timedelta(minutes=15)
VIDEOS_AHEAD = timedelta(minutes=30)
"""Well within the hour that TikTok's upload addresses live."""


def _house(ctx: dict[str, Any]) -> Kentongan:
    house: Kentongan = ctx["house"]
    return house


async def prepare_media(ctx: dict[str, Any]) -> None:
    publisher: Publisher = ctx["publisher"]
    await publisher.prepare_ahead(within=PREPARE_AHEAD)


async def prepare_videos(ctx: dict[str, Any]) -> None:
    publisher: Publisher = ctx["publisher"]
    await publisher.prepare_ahead(within=VIDEOS_AHEAD, limit=20, slow=True)


async def keep_channels(ctx: dict[str, Any]) -> None:
    await _house(ctx).keeper.keep_due()


async def revoke_tokens(ctx: dict[str, Any]) -> None:
    await _house(ctx).takeovers.revoke_due()


async def look_ahead(ctx: dict[str, Any]) -> None:
    house = _house(ctx)
    await house.publishing.bring_checks_forward(list(house.connectors))


async def forget_old_connections(ctx: dict[str, Any]) -> None:
    await _house(ctx).connecting.sweep()


async def collect_metrics(ctx: dict[str, Any]) -> None:
    await _house(ctx).engagement.collect()


async def gather_webhooks(ctx: dict[str, Any]) -> None:
    await _house(ctx).webhooks.gather()


async def send_webhooks(ctx: dict[str, Any]) -> None:
    await _house(ctx).webhooks.send_waiting()


async def mail_recaps(ctx: dict[str, Any]) -> None:
    await _house(ctx).recap_mail.send_due()


async def collect_followers(ctx: dict[str, Any]) -> None:
    await _house(ctx).followers.collect()


async def read_back(ctx: dict[str, Any]) -> None:
    await _house(ctx).read_back.collect()


async def close_finished(ctx: dict[str, Any]) -> None:
    await _house(ctx).posts.close_finished()


async def grow_series(ctx: dict[str, Any]) -> None:
    await _house(ctx).series.grow()


async def recheck_posts(ctx: dict[str, Any]) -> None:
    await _house(ctx).posts.rechecking.recheck()


async def watch_reviews(ctx: dict[str, Any]) -> None:
    await _house(ctx).review_watch.watch()


async def forget_old_calls(ctx: dict[str, Any]) -> None:
    await _house(ctx).idempotency.sweep()
    await _house(ctx).security.sweep()
    await forget_told(_house(ctx).db, now=_house(ctx).clock.now())


async def sweep_media(ctx: dict[str, Any]) -> None:
    await _house(ctx).media.sweep()
    await _house(ctx).uploads.sweep()


async def seal_audit(ctx: dict[str, Any]) -> None:
    await seal_pending(_house(ctx).db)


async def end_terms(ctx: dict[str, Any]) -> None:
    await _house(ctx).terms.sweep()
    await _house(ctx).endings.sweep()


async def watch_deadlines(ctx: dict[str, Any]) -> None:
    await _house(ctx).deadlines.sweep()


async def tell_head(ctx: dict[str, Any]) -> None:
    await _house(ctx).head_teller.tell()
    await _house(ctx).keeping.expire()


async def spread_notices(ctx: dict[str, Any]) -> None:
    await _house(ctx).notices.spread()


async def send_notices(ctx: dict[str, Any]) -> None:
    await _house(ctx).notices.send_waiting()


async def take_backup(ctx: dict[str, Any]) -> None:
    await nightly(_house(ctx)).take_if_due()
