"""What hangs on a post, pictures or one video, and whether a platform takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.channels.models import Channel
from app.content.media import VIDEO
from app.content.models import Media
from app.platforms.contract import Adapter, Limits, VideoLimits

_CODECS = {"h264": "H.264", "hevc": "HEVC"}
_MB = 1024 * 1024


@dataclass(frozen=True)
class Clip:
    """The video of a post, as far as limits ask: `size` in bytes."""

    media_id: int
    mime: str
    size: int
    seconds: float
    codec: str
    width: int
    height: int

    @classmethod
    def of(cls, row: Media) -> "Clip":
        return cls(row.id or 0, row.mime, row.bytes, row.seconds or 0.0, row.codec, row.width, row.height)

    def as_json(self) -> dict[str, Any]:
        return dict(self.__dict__)


@dataclass(frozen=True)
class Attached:
    """`pictures` counts them; `clip` is the (first) video, `videos` counts those."""

    pictures: int = 0
    clip: Clip | None = None
    videos: int = 0

    @classmethod
    def of(cls, ids: Sequence[int], rows: Mapping[int, Media]) -> "Attached":
        clips = [Clip.of(rows[media_id]) for media_id in ids if rows[media_id].kind == VIDEO]
        return cls(len(ids) - len(clips), clips[0] if clips else None, len(clips))

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> "Attached":
        """As a post keeps it."""
        kept = content.get("video")
        clip = Clip(**kept) if kept else None
        return cls(len(content.get("media", ())) - bool(clip), clip, int(bool(clip)))

    @property
    def shown(self) -> int:
        """How many things stand beside the text."""
        return self.pictures + self.videos


NOTHING = Attached()


def fitting(adapters: Mapping[str, Adapter], channels: Sequence[Channel], media: Sequence[int]) -> Sequence[Channel]:
    """Of the channels that nobody chose by name, those that can say this: where nothing is attached, none that needs it."""
    if media:
        return channels
    return [channel for channel in channels if not adapters[channel.platform].limits.needs_media]


def mixed(attached: Attached) -> str:
    """Why this cannot hang together on any platform; empty where it can."""
    if attached.videos > 1 or (attached.videos and attached.pictures):
        return "Lampirkan satu video saja tanpa gambar, atau gambar saja tanpa video."
    return ""


def troubles(limits: Limits, name: str, attached: Attached) -> list[str]:
    """What this platform does not take, one sentence each."""
    found = []
    if attached.pictures > limits.images:
        most = f"paling banyak {limits.images} gambar" if limits.images else "video saja, tanpa gambar"
        found.append(f"{name} menerima {most}; Anda melampirkan {attached.pictures}.")
    if attached.clip is not None:
        found += _of_clip(limits.video, name, attached.clip)
    elif limits.needs_video:
        found.append(f"{name} hanya menerima video: lampirkan satu video.")
    elif limits.needs_media and not attached.pictures:
        found.append(f"{name} butuh foto atau video Anda sendiri: lampirkan dulu (poster tidak diterima di sana).")
    return found


def _of_clip(limits: VideoLimits | None, name: str, clip: Clip) -> list[str]:
    if limits is None:
        return [f"{name} tidak menerima video; pilih gambar, atau lepaskan {name}."]
    found = []
    shortest, longest = limits.seconds
    if clip.size > limits.bytes:
        found.append(f"Video {clip.size / _MB:.0f} MB; {name} menerima paling besar {limits.bytes // _MB} MB.")
    if not shortest <= clip.seconds <= longest:
        found.append(f"Video {clip.seconds:.0f} detik; {name} menerima {shortest:g} sampai {longest:g} detik.")
    if clip.mime not in limits.types:
        found.append(f"{name} menerima video MP4; simpan ulang videonya sebagai MP4.")
    if clip.codec not in limits.codecs:
        said = _CODECS.get(clip.codec, clip.codec)
        found.append(
            f"{name} tidak menerima video {said}; rekam atau simpan ulang sebagai H.264 (“Paling kompatibel”)."
        )
    if limits.ratio and not limits.ratio[0] * clip.height <= clip.width <= limits.ratio[1] * clip.height:
        found.append(f"Bentuk video {clip.width}x{clip.height} tidak diterima {name}.")
    return found
