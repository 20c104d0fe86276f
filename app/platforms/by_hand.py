"""Media that no program can publish to: WhatsApp's channels and status, radio, notice boards, banners. A person always does.

WhatsApp offers no interface for Channels or Status (platforms of Meta, read November 2026). The limits only keep a text within
reason; what a medium bears is for its person to judge.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from app.platforms.contract import (
    Account,
    Handed,
    Identity,
    Json,
    Limits,
    Message,
    Metrics,
    Option,
    Published,
    Refused,
    Sent,
    VideoLimits,
)

LIMITS = Limits(
    text=10_000,
    images=10,
    image_bytes=20 * 1024 * 1024,
    alt_text=0,
    image_types=("image/jpeg",),
    video=VideoLimits(2 * 1024**3, (0, 7200), ("video/mp4", "video/quicktime"), ("h264", "hevc")),
)


class ByHand:
    """In the place of an adapter, so that texts are counted, approved and reported as everywhere else; it sends nothing."""

    name: ClassVar[str]
    title: ClassVar[str]
    limits: ClassVar[Limits] = LIMITS
    look_after: ClassVar[tuple[timedelta, ...]] = ()
    options: ClassVar[tuple[Option, ...]] = ()
    by_hand: ClassVar[bool] = True

    def length(self, text: str) -> int:
        return len(text)

    def needs_prepare(self, message: Message) -> bool:
        return False

    async def prepare(self, account: Account, message: Message) -> Json:
        raise self._refused()

    async def publish(self, account: Account, message: Message, prepared: Json) -> Published | Handed:
        raise self._refused()

    async def find(self, account: Account, message: Message, sent: Sent) -> Published | Handed | None:
        raise self._refused()

    async def read_metrics(self, account: Account, remote_ids: Sequence[str]) -> dict[str, Metrics | None]:
        return {each: Metrics() for each in remote_ids}

    async def check(self, account: Account) -> Identity:
        raise self._refused()

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _refused(self) -> Refused:
        return Refused(f"{self.title} hanya dapat diunggah sendiri.", code="by_hand")


class WhatsApp(ByHand):
    name, title = "whatsapp", "WhatsApp"


class Radio(ByHand):
    name, title = "radio", "Radio"


class NoticeBoard(ByHand):
    name, title = "mading", "Papan pengumuman"


class Banner(ByHand):
    name, title = "spanduk", "Spanduk dan selebaran"


class FaceToFace(ByHand):
    name, title = "tatap_muka", "Tatap muka"


KINDS: tuple[type[ByHand], ...] = (WhatsApp, Radio, NoticeBoard, Banner, FaceToFace)
MEDIA: dict[str, str] = {kind.name: kind.title for kind in KINDS}
"""Names, and what people call them."""
