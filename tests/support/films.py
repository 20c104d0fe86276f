"""MP4 files small enough for a test: real boxes around pictures that nobody decodes."""

import struct
from pathlib import Path


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def track(kind: bytes, codec: bytes, width: int, height: int, *, turned: bool = False) -> bytes:
    across, down = (0, 0x10000) if turned else (0x10000, 0)
    matrix = struct.pack(">9i", across, down, 0, -down, across, 0, 0, 0, 0x40000000)
    header = box(b"tkhd", bytes(40), matrix, struct.pack(">2I", width << 16, height << 16))
    described = box(b"stsd", bytes(8), struct.pack(">I4s", 16, codec), bytes(8))
    media = box(b"mdia", box(b"hdlr", bytes(8), kind, bytes(12)), box(b"minf", box(b"stbl", described)))
    return box(b"trak", header, media)


def film(
    seconds: float = 15,
    *,
    codec: bytes = b"avc1",
    size: tuple[int, int] = (720, 1280),
    turned: bool = False,
    brand: bytes = b"isom",
    place: bytes = b"",
    weight: int = 2000,
) -> bytes:
    """A film of H.264 and AAC; `place` is where a phone says it was taken, `weight` the bytes of its pictures."""
    length = box(b"mvhd", bytes(12), struct.pack(">II", 1000, int(seconds * 1000)), bytes(80))
    told = box(b"udta", box(b"\xa9xyz", place)) if place else b""
    tracks = track(b"vide", codec, *size, turned=turned), track(b"soun", b"mp4a", 0, 0)
    head = box(b"ftyp", brand, bytes(4), b"isommp42") + box(b"moov", length, *tracks, told)
    return head + box(b"mdat", bytes(range(256)) * (weight // 256 + 1))


def save_film(folder: Path, name: str, **more: object) -> Path:
    path = folder / f"{name}.mp4"
    path.write_bytes(film(**more))  # type: ignore[arg-type]
    return path
