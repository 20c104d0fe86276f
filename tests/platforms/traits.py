"""What each platform has that the others have not, so that one suite can ask all of them for the same promises."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from app.platforms import registry
from app.platforms.contract import Json, Metrics, Scope

# Points to nothing on any platform: an old container, a key that nothing was written under.
A_LOST_WITNESS: Json = {
    "container": "17900000000000001",
    "rkey": "3jzfcijpj2z2a",
    "publish_id": "v_pub_file~v2.17900000000000001",
    "upload_url": "http://127.0.0.1:9/video/",
    "session": "/upload/youtube/v3/videos?upload_id=17900000000000001",
}

NUMBERS = frozenset(each.name for each in fields(Metrics))


@dataclass(frozen=True)
class Traits:
    """`lacks`: numbers that stay None. `gone`: the id of a post that is not there; empty where nobody can tell.

    `before`: what is answered before a list or record is asked for. `rate_scope`: what one limit stops.
    `can_be_asked`: whether it can say what became of an earlier try. `can_remove`: whether it deletes what it published.
    `describes_video`: whether a video has an alternative text there. `options`: without which nothing is made public at once.
    `names_reset`: whether a limit says when it ends. `cuts_json`: whether a create is answered in JSON at all.
    `titled`: the words stand under a title of their own.
    """

    lacks: frozenset[str]
    gone: str = "1234567890123456789"
    rate_scope: Scope = Scope.CHANNEL
    has_alt_text: bool = True
    can_be_asked: bool = True
    can_remove: bool = True
    describes_video: bool = False
    before: tuple[Json, ...] = ()
    options: Json = field(default_factory=dict)
    names_reset: bool = True
    cuts_json: bool = True
    titled: bool = False


TRAITS = {
    "x": Traits(frozenset({"reach", "followers"})),
    "facebook": Traits(frozenset({"saves"}), rate_scope=Scope.APP),
    "instagram": Traits(
        frozenset({"clicks"}),
        gone="18012345678901234",
        rate_scope=Scope.APP,
        can_remove=False,
        before=({"id": "1", "status_code": "EXPIRED"},),
    ),
    "threads": Traits(
        frozenset({"reach", "saves", "clicks"}),
        gone="18012345678901234",
        rate_scope=Scope.APP,
        describes_video=True,
        before=({"id": "1", "status": "EXPIRED"},),
    ),
    "telegram": Traits(NUMBERS - {"followers"}, gone="", has_alt_text=False, can_be_asked=False),
    "bluesky": Traits(
        frozenset({"views", "reach", "clicks"}),
        gone="at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/app.bsky.feed.post/3jzfcijpj2z2a",
        describes_video=True,
        before=({"accessJwt": "a.b.c", "refreshJwt": "d.e.f", "did": "did:plc:a", "handle": "a.example"},),
    ),
    "mastodon": Traits(
        frozenset({"views", "reach", "saves", "clicks"}), gone="112345678901234567", describes_video=True
    ),
    "tiktok": Traits(
        frozenset({"reach", "saves", "clicks"}),
        has_alt_text=False,
        can_remove=False,
        options={"privacy": "PUBLIC_TO_EVERYONE"},
        names_reset=False,
        cuts_json=False,
    ),
    "youtube": Traits(
        frozenset({"reach", "shares", "saves", "clicks"}),
        gone="aaaaaaaaaaa",
        rate_scope=Scope.APP,
        names_reset=False,
        titled=True,
    ),
}

WORDY = tuple(
    kind.name for kind in registry.build_adapters(timeout=1, now=datetime.now).values() if not kind.limits.needs_media
)
"""Where a post may do without a picture or a video of the unit's own."""
