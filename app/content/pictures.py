"""How an uploaded file becomes a safe picture: judged by its bytes, turned upright, stripped, re-encoded."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from app.kit.errors import BadInput, Problem, TooLarge, WrongType

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_SIDE = 2160
# Under the smallest limit of the platforms that take photos (platforms.md: Facebook 4 MB).
MAX_STORED = 3_900_000
# The first bytes of what we take, whatever the file is called.
_STARTS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
# What iPhones save unless told otherwise; Pillow cannot open it.
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_TAKEN = "JPG, PNG, atau WebP"

# Our own limit is checked from the header, before a single pixel is decoded; Pillow's would only warn.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Stored:
    """A picture as it is kept: always JPEG, which every platform takes."""

    data: bytes
    width: int
    height: int


def too_large(name: str = "file") -> TooLarge:
    mb = MAX_BYTES // (1024 * 1024)
    message = f"Berkas lebih dari {mb} MB. Perkecil gambarnya, lalu unggah lagi."
    return TooLarge(message, Problem(name, f"lebih dari {mb} MB"))


def reencode(data: bytes) -> Stored:
    """CPU work. Raises WrongType for what is no picture we take, BadInput for a broken one, TooLarge for its pixels."""
    kind = kind_of(data)
    try:
        image = Image.open(BytesIO(data), formats=[kind])
        if image.width * image.height > MAX_PIXELS:
            raise TooLarge(
                f"Gambar {image.width} x {image.height} piksel terlalu besar; "
                f"paling banyak {MAX_PIXELS // 1_000_000} megapiksel.",
                Problem("file", "terlalu banyak piksel"),
            )
        # Lets the JPEG decoder skip detail that would be scaled away.
        image.draft("RGB", (MAX_SIDE, MAX_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image)
    # A damaged file makes Pillow's decoders raise nearly anything of these.
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, IndexError, EOFError) as error:
        raise BadInput(
            "Gambar rusak dan tidak dapat dibuka. Coba simpan ulang atau ambil foto lagi.",
            Problem("file", "gambar rusak"),
        ) from error
    return _save(_on_paper(_in_srgb(upright)))


def is_heif(head: bytes) -> bool:
    """By the first twelve bytes; such a photo begins like a film."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF


def kind_of(data: bytes) -> str:
    for start, kind in _STARTS.items():
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if is_heif(data):
        raise WrongType(
            "Foto HEIC belum dapat dipakai. Di iPhone: Pengaturan, Kamera, Format, pilih Paling Kompatibel, lalu ambil ulang; "
            "atau simpan fotonya sebagai JPG.",
            Problem("file", "HEIC; simpan sebagai JPG"),
        )
    raise WrongType(f"Jenis berkas ini tidak didukung. Unggah gambar {_TAKEN}.", Problem("file", f"bukan {_TAKEN}"))


def _in_srgb(image: Image.Image) -> Image.Image:
    """Phones save in wider colours; without this they would look pale once the profile is gone."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=target) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _on_paper(image: Image.Image) -> Image.Image:
    """Plain RGB without any metadata; what was transparent becomes white."""
    if image.mode in {"I;16", "I", "F"}:
        image = image.convert("L")
    layered = image.convert("RGBA") if "A" in image.getbands() or "transparency" in image.info else image.convert("RGB")
    layered.thumbnail((MAX_SIDE, MAX_SIDE))
    paper = Image.new("RGB", layered.size, (255, 255, 255))
    paper.paste(layered, mask=layered if layered.mode == "RGBA" else None)
    return paper


def _save(image: Image.Image) -> Stored:
    for quality in (90, 82, 70, 55):
        out = BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= MAX_STORED:
            break
    return Stored(out.getvalue(), image.width, image.height)
