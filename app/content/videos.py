"""How an uploaded video is judged by its boxes and freed of what tells where it was taken; nothing is decoded.

ISO/IEC 14496-12 (MP4) and Apple's QuickTime File Format: a file is boxes of length, kind and content, and boxes hold boxes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.kit.errors import BadInput, Problem, TooLarge, WrongType

MAX_VIDEO_BYTES = 200 * 1024 * 1024
MOST_BOXES = 10_000
_ZEROS = bytes(64 * 1024)
_MIMES = {b"qt  ": "video/quicktime"}
_CODECS = {b"avc1": "h264", b"avc3": "h264", b"hvc1": "hevc", b"hev1": "hevc"}
# Where phones write the place, the maker and the owner: beside the pictures, never among them.
_TELLTALE = {b"udta", b"meta", b"uuid"}
_INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


@dataclass(frozen=True)
class Film:
    """What the boxes say: upright width and height in pixels, length in seconds, `codec` h264 or hevc."""

    mime: str
    width: int
    height: int
    seconds: float
    codec: str


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    body: int
    end: int


def is_video(head: bytes) -> bool:
    """By the first twelve bytes: an MP4 or QuickTime file, whatever it is called."""
    return head[4:8] == b"ftyp"


def too_large() -> TooLarge:
    mb = MAX_VIDEO_BYTES // (1024 * 1024)
    message = f"Video lebih dari {mb} MB. Potong atau perkecil videonya, lalu unggah lagi."
    return TooLarge(message, Problem("file", f"lebih dari {mb} MB"))


def read_film(file: BinaryIO) -> Film:
    """Reads headers alone. Raises WrongType for what no platform takes, BadInput for a broken file."""
    size = file.seek(0, 2)
    found = _Reading(file)
    try:
        found.walk(0, size, depth=0)
    except (struct.error, OverflowError) as error:
        raise _broken() from error
    if not found.width or not found.height or not found.codec:
        raise _broken()
    if found.codec not in _CODECS:
        name = found.codec.decode("ascii", "replace").strip()
        message = f"Video ini memakai sandi {name}, yang tidak diterima platform. Simpan ulang sebagai MP4 (H.264)."
        raise WrongType(message, Problem("file", "bukan H.264"))
    if found.seconds <= 0:
        message = "Panjang video tidak terbaca. Simpan ulang sebagai MP4 biasa, lalu unggah lagi."
        raise BadInput(message, Problem("file", "panjang tidak terbaca"))
    mime = _MIMES.get(found.brand, "video/mp4")
    return Film(mime, found.width, found.height, round(found.seconds, 3), _CODECS[found.codec])


def hide_place(file: BinaryIO) -> None:
    """Overwrites in place, length kept, every box that may tell where, with what and by whom it was taken."""
    for box in list(_Reading(file).telltale(0, file.seek(0, 2), depth=0)):
        file.seek(box.start + 4)
        file.write(b"free")
        file.seek(box.body)
        left = box.end - box.body
        while left > 0:
            left -= file.write(_ZEROS[: min(left, len(_ZEROS))])


class _Reading:
    def __init__(self, file: BinaryIO) -> None:
        self._file, self._boxes = file, 0
        self.brand = self.codec = b""
        self.width = self.height = 0
        self.seconds = 0.0

    def walk(self, start: int, end: int, *, depth: int) -> None:
        turned, is_film, size = False, False, (0, 0)
        for box in self._children(start, end):
            match box.kind:
                case b"ftyp":
                    self.brand = self._read(box.body, 4)
                case b"mvhd":
                    self.seconds = self._duration(box)
                case b"tkhd":
                    size, turned = self._frame(box)
                case b"hdlr":
                    is_film = self._read(box.body + 8, 4) == b"vide"
                case b"stsd":
                    self._last_codec = self._read(box.body + 12, 4)
                case kind if kind in _INSIDE and depth < len(_INSIDE):
                    self.walk(box.body, box.end, depth=depth + 1)
        if is_film:
            self.codec = self.codec or self._last_codec
        if any(size) and not self.width:
            self.width, self.height = size[::-1] if turned else size

    _last_codec = b""

    def telltale(self, start: int, end: int, *, depth: int) -> Iterator[_Box]:
        for box in self._children(start, end):
            if box.kind in _TELLTALE:
                yield box
            elif box.kind in _INSIDE and depth < len(_INSIDE):
                yield from self.telltale(box.body, box.end, depth=depth + 1)

    def _children(self, start: int, end: int) -> Iterator[_Box]:
        """Raises BadInput for a box that reaches beyond what holds it."""
        at = start
        while at + 8 <= end:
            self._boxes += 1
            length, kind = struct.unpack(">I4s", self._read(at, 8))
            body = at + 8
            if length == 1:
                length, body = struct.unpack(">Q", self._read(at + 8, 8))[0], at + 16
            elif length == 0:
                length = end - at
            if length < body - at or at + length > end or self._boxes > MOST_BOXES:
                raise _broken()
            yield _Box(kind, at, body, at + length)
            at += length

    def _duration(self, box: _Box) -> float:
        version = self._read(box.body, 1)[0]
        if version == 1:
            scale, length = struct.unpack(">IQ", self._read(box.body + 20, 12))
        else:
            scale, length = struct.unpack(">II", self._read(box.body + 12, 8))
        return length / scale if scale else 0.0

    def _frame(self, box: _Box) -> tuple[tuple[int, int], bool]:
        """Width and height in whole pixels, and whether a phone held upright wrote them lying on their side."""
        at = box.body + (52 if self._read(box.body, 1)[0] == 1 else 40)
        a, _b, _u, _c, d, *_rest, width, height = struct.unpack(">9i2I", self._read(at, 44))
        return (width >> 16, height >> 16), a == 0 and d == 0

    def _read(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)


def _broken() -> BadInput:
    return BadInput(
        "Video rusak dan tidak dapat dibaca. Coba simpan ulang atau rekam lagi.", Problem("file", "video rusak")
    )
