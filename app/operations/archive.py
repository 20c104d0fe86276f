"""How a backup lies in its file: a ZIP of one JSON line for each row, the pictures, and a signed list of both."""

import base64
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Date, DateTime, LargeBinary, Numeric, Table, Time
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.kit.errors import AppError
from app.kit.seal import Seal

FORMAT = 1
LIST = "daftar.json"
MEDIA = "media/"
_PURPOSE = "backup"
_STEP = 1 << 20


class BrokenArchive(AppError):
    """Not a backup of ours, or altered, or cut short; the message says which part."""

    kind = "broken-backup"

    def __init__(self, why: str) -> None:
        super().__init__(f"Cadangan tidak dapat dipulihkan: {why}.")


@dataclass(frozen=True)
class Part:
    """One file inside. `rows` is None for a picture."""

    name: str
    sha256: str
    bytes: int
    rows: int | None = None


@dataclass
class Contents:
    """What the backup holds. `taken_at`: the moment that all of it shows (ISO); `revision`: of the schema."""

    taken_at: str
    revision: str
    database: str
    parts: list[Part] = field(default_factory=list)
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)

    @property
    def rows(self) -> int:
        return sum(part.rows or 0 for part in self.parts)

    def text(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


class Writer:
    """Fills an open ZIP part by part; `finish` writes the signed list, without which nothing of it is believed."""

    def __init__(self, zip_file: zipfile.ZipFile, contents: Contents) -> None:
        self._zip, self.contents = zip_file, contents

    @contextmanager
    def table(self, name: str) -> Iterator["Lines"]:
        inner = f"{name}.jsonl"
        with self._zip.open(zipfile.ZipInfo(inner), "w", force_zip64=True) as out:
            lines = Lines(out)
            yield lines
        self.contents.parts.append(Part(inner, lines.digest.hexdigest(), lines.bytes, lines.rows))

    def file(self, path: Path, inner: str) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._zip.open(zipfile.ZipInfo(MEDIA + inner), "w", force_zip64=True) as out:
            while chunk := source.read(_STEP):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        self.contents.parts.append(Part(MEDIA + inner, digest.hexdigest(), size))

    def finish(self, seal: Seal) -> None:
        said = self.contents.text()
        signed = {"list": said, "signature": seal.sign(_PURPOSE, digest_of(said))}
        self._zip.writestr(zipfile.ZipInfo(LIST), json.dumps(signed))


class Lines:
    """Rows of one table as they are written, counted and hashed on the way."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self.digest, self.bytes, self.rows = out, hashlib.sha256(), 0, 0

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            line = json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False) + "\n"
            data = line.encode()
            self.digest.update(data)
            self.bytes += len(data)
            self.rows += 1
            self._out.write(data)


@contextmanager
def writing(file: Path, contents: Contents) -> Iterator[Writer]:
    """Beside the wanted name first, readable by its owner alone, on disk before it takes the name: no half backup is ever found."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        with (
            os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as raw,
            zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zip_file,
        ):
            yield Writer(zip_file, contents)
            zip_file.close()
            raw.flush()
            os.fsync(raw.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


class Reader:
    """An opened backup whose list was read; `verify` reads every part once against it."""

    def __init__(self, zip_file: zipfile.ZipFile, *, seal: Seal, other_keys: bool = False) -> None:
        self._zip = zip_file
        self.contents = _read_list(zip_file, seal, other_keys)

    def verify(self) -> None:
        """Raises BrokenArchive naming the first part that differs from the list."""
        for part in self.contents.parts:
            try:
                with self._zip.open(part.name) as source:
                    found = hashlib.file_digest(source, "sha256").hexdigest()  # type: ignore[arg-type]
            except (KeyError, OSError, zipfile.BadZipFile, EOFError) as error:
                raise BrokenArchive(f"bagian {part.name} tidak terbaca") from error
            if found != part.sha256:
                raise BrokenArchive(f"bagian {part.name} berubah sejak dicadangkan")

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        """Rows of one table as Python values; none for a table that the backup does not know."""
        name = f"{table.name}.jsonl"
        if name not in {part.name for part in self.contents.parts}:
            return
        with self._zip.open(name) as source:
            for line in source:
                row = json.loads(line)
                yield {column: _value(table.c[column].type, value) for column, value in row.items()}

    def unpack_media(self, folder: Path) -> int:
        """Puts back the pictures that are missing; those that are there have the same name because they are the same."""
        restored = 0
        for part in self.contents.parts:
            if not part.name.startswith(MEDIA):
                continue
            target = folder / _safe(part.name.removeprefix(MEDIA))
            if target.exists() and target.stat().st_size == part.bytes:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.partial")
            with self._zip.open(part.name) as source, partial.open("wb") as out:
                shutil.copyfileobj(source, out)
            partial.replace(target)
            restored += 1
        return restored


@contextmanager
def reading(file: Path, *, seal: Seal, other_keys: bool = False) -> Iterator[Reader]:
    """Raises BrokenArchive."""
    try:
        with zipfile.ZipFile(file) as zip_file:
            yield Reader(zip_file, seal=seal, other_keys=other_keys)
    except zipfile.BadZipFile as error:
        raise BrokenArchive("berkas ini bukan cadangan Kentongan, atau terpotong") from error


def _read_list(zip_file: zipfile.ZipFile, seal: Seal, other_keys: bool) -> Contents:
    try:
        signed = json.loads(zip_file.read(LIST))
        said, signature = str(signed["list"]), str(signed["signature"])
        read = json.loads(said)
        contents = Contents(**{**read, "parts": [Part(**part) for part in read["parts"]]})
    except (KeyError, ValueError, TypeError) as error:
        raise BrokenArchive("berkas ini bukan cadangan Kentongan") from error
    if contents.format != FORMAT:
        raise BrokenArchive(f"bentuk cadangan {contents.format} tidak dikenal versi ini")
    if not other_keys and not seal.check(_PURPOSE, digest_of(said), signature):
        raise BrokenArchive(
            "tanda tangannya tidak cocok: dibuat dengan kunci lain, atau daftarnya diubah. Pasang SECRET_KEYS yang dulu; "
            "bila kunci itu hilang dan Anda percaya berkas ini, ulangi dengan --other-keys"
        )
    return contents


def digest_of(said: str) -> str:
    """What the list's signature is over."""
    return hashlib.sha256(said.encode()).hexdigest()


def _safe(inner: str) -> Path:
    path = PurePosixPath(inner)
    if path.is_absolute() or ".." in path.parts or "\\" in inner:
        raise BrokenArchive(f"nama berkas {inner!r} tidak wajar")
    return Path(*path.parts)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return str(value)
    return value


def _value(kind: TypeEngine[Any], value: Any) -> Any:
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    match kind:
        case _ if value is None:
            return None
        case DateTime():
            return datetime.fromisoformat(value)
        case Date():
            return date.fromisoformat(value)
        case Time():
            return time.fromisoformat(value)
        case LargeBinary():
            return base64.b64decode(value)
        case Numeric() if isinstance(value, str):
            return Decimal(value)
    return value


def dated(folder: Path, at: datetime) -> Path:
    return folder / f"kentongan-{at:%Y%m%dT%H%M%S}Z.zip"


def drop_older(folder: Path, *, keep: int) -> Sequence[Path]:
    """All but the newest `keep` of our own dated files; answers what went."""
    old = sorted(folder.glob("kentongan-*Z.zip"))[:-keep] if keep else []
    for path in old:
        path.unlink(missing_ok=True)
    return old
