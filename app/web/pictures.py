"""The pictures of a post as pages show them: its own, and the poster of its design."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.content.media import VIDEO
from app.posts.service import PostView

PHOTO_SHOWN = timedelta(minutes=30)


@dataclass(frozen=True)
class Photo:
    url: str
    alt: str
    is_video: bool = False


async def photos_of(house: Kentongan, actor: Actor, post: PostView) -> list[Photo]:
    """The uploaded pictures of a post, each with its description in the language of the post."""
    shown = []
    for media_id in post.media:
        row = await house.media.get(actor, media_id)
        alt = row.alt_texts.get(post.lang) or row.alt_text
        shown.append(Photo(local_url(house, media_id), alt, is_video=row.kind == VIDEO))
    return [*shown, *await _poster_of(house, actor, post)]


async def _poster_of(house: Kentongan, actor: Actor, post: PostView) -> list[Photo]:
    """The poster of its design, once there is one."""
    if post.poster is None or post.poster_id is None:
        return []
    row = await house.media.get(actor, post.poster_id)
    return [Photo(local_url(house, post.poster_id), row.alt_text)]


def local_url(house: Kentongan, media_id: int, rendition: str = "") -> str:
    """The signed address without its host: the page and the picture come from the same one."""
    expires_at = house.clock.now() + PHOTO_SHOWN
    url = urlsplit(house.media.public_url(media_id, expires_at=expires_at, platform=rendition))
    return f"{url.path}?{url.query}"
