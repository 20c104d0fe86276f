"""What every platform must be able to do, and the only four ways it may fail."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

Json = Mapping[str, object]


@dataclass(frozen=True)
class VideoLimits:
    """What one video may be. `bytes` of the file; `seconds` the shortest and the longest; `slots` as in Limits.

    `alt_text` 0: a video is not described there. `ratio` is the narrowest and the widest width / height; None: any.
    """

    bytes: int
    seconds: tuple[float, float]
    types: tuple[str, ...] = ("video/mp4",)
    codecs: tuple[str, ...] = ("h264",)
    alt_text: int = 0
    ratio: tuple[float, float] | None = None
    slots: int = 4


class Scope(StrEnum):
    """How much stops when a platform says "later", and what a pace counts together."""

    CHANNEL = "channel"
    APP = "app"
    PLATFORM = "platform"


@dataclass(frozen=True)
class Pace:
    """At most `posts` in any span of `window`, together for one channel or for our whole app at the platform."""

    posts: int
    window: timedelta
    scope: Scope = Scope.CHANNEL


@dataclass(frozen=True)
class Room:
    """What the platform itself said is left: `left` posts until `until`. Other programs may spend from the same."""

    scope: Scope
    left: int
    until: datetime


@dataclass(frozen=True)
class Limits:
    """What one post of a platform may hold. Every number's source and date stands in the platform's wire.py.

    `text` is counted by the platform's own `length`; `images` may be 0 to that many; `image_bytes` per file;
    `needs_image` where a post without a picture is impossible; `slots` is how many sends one worker keeps in flight.
    `image_ratio` is the narrowest and the widest width / height; `image_width` the most pixels across; None, 0: any.
    `text_under_images` is the shorter limit of a text that pictures or a video go with; 0: the same.
    `video` None: none can be posted. `needs_media`: a post without a picture or video of the unit's own is impossible, and our
    poster will not do; `needs_video`: one without a video is. `paces`: how many posts in how long.
    """

    text: int
    images: int
    image_bytes: int
    alt_text: int
    image_types: tuple[str, ...]
    needs_image: bool = False
    slots: int = 32
    image_ratio: tuple[float, float] | None = None
    image_width: int = 0
    text_under_images: int = 0
    video: VideoLimits | None = None
    needs_media: bool = False
    needs_video: bool = False
    paces: tuple[Pace, ...] = ()

    def text_with(self, images: int) -> int:
        """The limit of a text that stands beside so many pictures."""
        return self.text_under_images if images and self.text_under_images else self.text


class OptionKind(StrEnum):
    CHOICE = "choice"
    YES = "yes"
    TEXT = "text"
    NAMES = "names"
    LINK = "link"


@dataclass(frozen=True)
class Option:
    """One thing that an author may choose on one platform. Nothing chosen is the platform's usual way, and is never sent.

    `choices` are (value, words) of a CHOICE; `most` is the longest TEXT in characters, or the most NAMES; a LINK is a web address.
    """

    name: str
    label: str
    kind: OptionKind
    choices: tuple[tuple[str, str], ...] = ()
    most: int = 0
    help: str = ""
    usual: str = "Seperti biasa"


@dataclass(frozen=True)
class Picture:
    """One image of a message. `url` is public, signed and expiring; `path` is the same bytes on our disk.

    Either may be empty: a platform that pulls needs `url`, one that is pushed to needs `path`.
    """

    url: str
    path: str
    mime: str
    alt_text: str
    sha256: str = ""


@dataclass(frozen=True)
class Video:
    """The video of a message; `url` and `path` as of a Picture. `size` in bytes, `seconds` as the file says."""

    url: str
    path: str
    mime: str
    alt_text: str
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Message:
    """The frozen words and pictures of one delivery, or the words and one video. `key` is ours and stable over all attempts."""

    key: str
    text: str
    pictures: tuple[Picture, ...] = ()
    options: Json = field(default_factory=dict)
    video: Video | None = None


@dataclass(frozen=True)
class Account:
    """Whose voice: opened credential and where the platform listens (`base_url` without trailing slash).

    `credential` holds what the platform's connect flow stored, e.g. `access_token`, `account_id`, `username`.
    `guarded`: a person named the server, so requests to it must reach public addresses only.
    `ends_at`: when the access token dies; None: it does not by itself, or nobody knows.
    """

    base_url: str
    handle: str
    credential: Mapping[str, str]
    version: str = ""
    guarded: bool = False
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Sent:
    """What is known of an earlier try, for looking it up: its time window and what `prepare` had stored.

    `taken` are remote ids that belong to other deliveries of the channel: the same words may have been said twice.
    `is_witness_lost`: the database was restored, so `prepared` may miss what was used; only our own content proves anything.
    """

    first_at: datetime
    last_at: datetime
    prepared: Json = field(default_factory=dict)
    taken: Collection[str] = ()
    is_witness_lost: bool = False


@dataclass(frozen=True)
class Published:
    """`url` may be None: a permalink that could not be read must never look like a failed publish. `room`: see Room."""

    remote_id: str
    url: str | None = None
    created_at: datetime | None = None
    room: tuple[Room, ...] = ()


@dataclass(frozen=True)
class Handed:
    """It reached the account, and a person must finish it in the platform's own app: `todo` says how, `witness` is what to ask about."""

    todo: str
    witness: str = ""


@dataclass(frozen=True)
class Metrics:
    """None = the platform does not offer it, or has no data yet. Never 0 for "unknown"."""

    views: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    clicks: int | None = None
    followers: int | None = None


@dataclass(frozen=True)
class Identity:
    """Who the credential speaks for, as the platform says."""

    account_id: str
    handle: str
    name: str


class PublishError(Exception):
    """Base of the four answers to "what now?".

    PublishError
    ├── Refused         the platform will never take this message; a person edits it
    ├── NeedsReconnect  the credential is dead; a person reconnects the channel, which holds meanwhile
    ├── TryLater        certainly nothing was posted; safe to send again after a while
    └── Unsure          it left and no clear answer came; look before sending again

    The message is Bahasa Indonesia for the unit; `code` is the platform's own code, `http_status` the answer's.
    """

    def __init__(self, message: str, *, code: str = "", http_status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status


class Refused(PublishError):
    """A person must change the message."""


class NeedsReconnect(PublishError):
    """A person must reconnect the channel."""


class TryLater(PublishError):
    """`after` is the platform's own wait where it names one, else a first guess; `scope` is what must wait."""

    def __init__(
        self,
        message: str,
        *,
        after: timedelta | None = None,
        scope: Scope = Scope.CHANNEL,
        code: str = "",
        http_status: int | None = None,
    ) -> None:
        super().__init__(message, code=code, http_status=http_status)
        self.after = after
        self.scope = scope


class Unsure(PublishError):
    """Time-out, reset, 5xx, HTML or an empty body on a create: it may be out there."""


@runtime_checkable
class TellsLinks(Protocol):
    """A platform whose publish answers no address: it is asked for afterwards, outside the minute everybody waits for."""

    async def read_link(self, account: Account, remote_id: str) -> str | None:
        """The post's own address; None while the platform does not show the post yet. Raises NeedsReconnect or TryLater."""
        ...


@runtime_checkable
class TakesDown(Protocol):
    """A platform that lets us delete what we have published."""

    async def remove(self, account: Account, remote_id: str) -> None:
        """Returns once the post is surely not public any more, also where it was gone before: repeating it harms nobody.

        Raises Refused (a person must delete it), NeedsReconnect, or TryLater, which is also what an answer that never came is.
        """
        ...


@runtime_checkable
class EditsInPlace(Protocol):
    """A platform that lets us change the words of what is out, at the same address."""

    async def edit(self, account: Account, remote_id: str, message: Message) -> None:
        """Returns once the post without pictures surely says `message.text`: saying the same again harms nobody.

        Raises Refused (it is gone, or may not be changed), NeedsReconnect, or TryLater, which is also what an answer that never came is.
        """
        ...


@dataclass(frozen=True)
class RecentPost:
    """What the account shows of itself, whoever wrote it. `created_at` None: the platform did not say."""

    remote_id: str
    text: str
    url: str | None = None
    created_at: datetime | None = None


@runtime_checkable
class TellsFollowers(Protocol):
    """A platform that tells how many people follow the account itself, not one post of it."""

    async def read_followers(self, account: Account) -> int | None:
        """None where the account hides it or did not grant it. Raises NeedsReconnect or TryLater."""
        ...


@runtime_checkable
class TellsRecent(Protocol):
    """A platform whose account can be asked for its own newest posts."""

    async def read_recent(self, account: Account, since: datetime) -> list[RecentPost]:
        """At most one page (50 to 100) of the newest since then. Raises NeedsReconnect or TryLater."""
        ...


class Adapter(Protocol):
    """One platform. Stateless between calls but for its connection pool; speaks HTTP and nothing else.

    `look_after` holds the waits before each look of an unsure delivery, counted from the moment it became unsure;
    only after the last empty look is it certain that nothing was posted. Empty: the platform cannot be asked.
    `title` is what people call the platform; `options` are what an author may choose there beyond the words. One of many servers also has `own_server = True`: its channels name theirs.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    limits: ClassVar[Limits]
    look_after: ClassVar[tuple[timedelta, ...]]
    options: ClassVar[tuple[Option, ...]]

    def length(self, text: str) -> int:
        """The text's length by the platform's own counting, in the unit of `limits.text`."""
        ...

    def needs_prepare(self, message: Message) -> bool:
        """True where `prepare` can shorten the publish to one request."""
        ...

    async def prepare(self, account: Account, message: Message) -> Json:
        """Upload or build what the post needs, publishing nothing. The result is stored before `publish` is called.

        Raises Refused, NeedsReconnect, TryLater; never Unsure: repeating it harms nobody.
        """
        ...

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published | Handed:
        """Make it public, once, by one create request. Raises the four; anything unexpected after the request left is Unsure."""
        ...

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | Handed | None:
        """Is an earlier try of this very message public? Matched on our own content within the window, never "the newest".

        Raises NeedsReconnect or TryLater where the question could not be answered, Refused where the platform has rejected it,
        Unsure (`not_askable`) where this very message cannot be asked about: a person looks.
        """
        ...

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        """Latest numbers per remote id; None for a post that is gone. Raises NeedsReconnect or TryLater."""
        ...

    async def check(self, account: Account) -> Identity:
        """Does the credential still work, and for whom? Raises NeedsReconnect or TryLater."""
        ...

    async def close(self) -> None:
        """Let go of the connection pool."""
        ...
