"""The commands of whoever keeps an installation running: look it over, take it into a file, bring it back, change its keys."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.accounts.models import User
from app.bootstrap import Kentongan
from app.command import in_house, must_exist, read_settings, say
from app.operations import archive
from app.operations.backup import backup as take_backup
from app.operations.backup import restore as bring_back
from app.operations.doctor import Level, examine
from app.operations.persons import erase_person, export_person
from app.operations.rotating import rotate
from app.publishing.rules import State
from workers.queue import Queue

JsonOption = Annotated[bool, typer.Option("--json", help="Keluaran JSON.")]


def install(app: typer.Typer) -> None:
    """Puts the commands into the program's own list."""
    keys = typer.Typer(help="Kunci rahasia.", no_args_is_help=True)
    keys.command("rotate")(keys_rotate)
    app.add_typer(keys, name="keys")
    for command in (doctor, backup, restore, hold, resume):
        app.command()(command)


def doctor(as_json: JsonOption = False) -> None:
    """Periksa pemasangan ini dan sebutkan cara membetulkannya; kode keluar 1 bila ada yang rusak."""
    settings = read_settings()
    # The embedded one has an address only while it runs.
    is_there = settings.redis_address != "embedded"
    queue = Queue(settings.redis_address)

    async def look(house: Kentongan) -> list[dict[str, str]]:
        if is_there:
            house.redis_is_up = queue.is_up
        try:
            return [asdict(finding) for finding in await examine(house)]
        finally:
            await queue.close()

    found = in_house(look, settings, migrated=False)
    if as_json:
        say(json.dumps({"ok": not _is_broken(found), "findings": found}, ensure_ascii=False))
    else:
        for one in found:
            say(f"{_WORDS[Level(one['level'])]:<8} {one['name']}: {one['found']}")
            if one["mend"]:
                say(f"         → {one['mend']}")
    raise typer.Exit(1 if _is_broken(found) else 0)


_WORDS = {Level.OK: "baik", Level.WARN: "PERHATI", Level.BROKEN: "RUSAK"}


def _is_broken(found: list[dict[str, str]]) -> bool:
    return any(one["level"] == Level.BROKEN for one in found)


def backup(
    file: Annotated[
        Path, typer.Argument(help="Berkas .zip baru, atau folder: nama berkasnya lalu dibuat dari waktunya.")
    ],
    keep: Annotated[
        int, typer.Option(min=0, help="Di dalam folder: simpan sekian yang terbaru saja; 0: semuanya.")
    ] = 0,
) -> None:
    """Cadangkan basis data dan gambar ke satu berkas; aman selagi berjalan. Kunci rahasia disimpan terpisah."""
    settings = read_settings()

    async def work(house: Kentongan) -> str:
        target = archive.dated(file, house.clock.now()) if file.is_dir() else file
        try:
            taken = await take_backup(house, target)
        except OSError as error:
            raise RuntimeError(f"Cadangan gagal dibuat: {error.strerror or error}") from error
        gone = archive.drop_older(file, keep=keep) if file.is_dir() else ()
        dropped = f" {len(gone)} cadangan lama dihapus." if gone else ""
        return f"Cadangan {taken.file}: {taken.rows} baris, {taken.pictures} gambar, {taken.bytes} bita.{dropped}"

    say(in_house(work, settings))
    where = "KENTONGAN_SECRET_KEYS" if settings.secret_keys else str(settings.data_dir / "keys")
    say(f"Kunci rahasia tidak ikut. Simpan terpisah: {where}")


def restore(
    file: Path,
    replace: Annotated[bool, typer.Option("--replace", help="Ganti seluruh isi basis data yang sudah berisi.")] = False,
    other_keys: Annotated[
        bool,
        typer.Option("--other-keys", help="Kuncinya sudah hilang: terima tanda tangan yang tidak dapat diperiksa."),
    ] = False,
) -> None:
    """Pulihkan dari cadangan. Yang mungkin sudah terbit diragukan dan dicek; tidak ada yang dikirim sebelum `kentongan resume`."""
    must_exist(file)
    done = in_house(lambda house: bring_back(house, file, replace=replace, other_keys=other_keys))
    say(f"Dipulihkan: {done.rows} baris, {done.pictures} gambar, keadaan {done.taken_at.isoformat()}.")
    say(f"Diragukan, dicek ke platform: {done.doubtful.get(State.UNSURE, 0)} kiriman.")
    say(f"Ditandai terlewat karena belum sempat disetujui: {done.doubtful.get(State.MISSED, 0)} kiriman.")
    say(f"Unggah manual yang perlu dilihat orangnya: {done.doubtful.get(State.MANUAL, 0)} kiriman.")
    say("PENGIRIMAN DITAHAN. Periksa antrean dan token yang dicabut sejak itu, lalu jalankan: kentongan resume")


def hold(
    reason: Annotated[str, typer.Option(help="Mengapa; tampil di antrean dan di /readyz.")] = "Ditahan operator.",
    doubt_since: Annotated[
        datetime | None,
        typer.Option(
            help="Sesudah basis data cadangan diangkat dan mungkin kehilangan catatan: ragukan kiriman yang jatuh tempo sejak ini (UTC)."
        ),
    ] = None,
) -> None:
    """Tahan semua pengiriman sampai `kentongan resume`."""

    async def work(house: Kentongan) -> dict[str, int]:
        if doubt_since is not None:
            return await house.holding.doubt_since(house.clock.aware(doubt_since))
        await house.holding.hold(reason=reason)
        return {}

    found = in_house(work)
    say("PENGIRIMAN DITAHAN. Lanjutkan dengan: kentongan resume")
    if found:
        say("Diragukan: " + ", ".join(f"{count} {state}" for state, count in found.items()))


def resume() -> None:
    """Lanjutkan pengiriman yang ditahan oleh `hold` atau `restore`."""
    say("Pengiriman dilanjutkan." if in_house(lambda house: house.holding.resume()) else "Tidak ada yang ditahan.")


def user_reset(email: str) -> None:
    """Ponsel hilang dan tidak ada admin di atasnya: hapus sandi, faktor kedua, dan sesinya; mencetak tautan baru."""
    settings = read_settings()

    async def work(house: Kentongan) -> str:
        return await house.security.reset_by_operator((await _person(house, email)).id or 0)

    say(f"masuk: {settings.base_url}/masuk/{in_house(work, settings)}")


async def _person(house: Kentongan, email: str) -> User:
    user = await house.people.find_user_by_email(email)
    if user is None:
        raise RuntimeError(f"Tidak ada pengguna dengan surel {email}.")
    return user


def user_export(email: str) -> None:
    """Semua yang tersimpan tentang satu orang, sebagai JSON (UU 27/2022); tanpa kata sandi dan kunci."""

    async def work(house: Kentongan) -> dict[str, object]:
        return await export_person(house, await _person(house, email))

    say(json.dumps(in_house(work), default=str, ensure_ascii=False, indent=2))


def user_erase(
    email: str, yes: Annotated[bool, typer.Option("--yes", help="Tanpa ditanya lagi; tidak dapat diurungkan.")] = False
) -> None:
    """Hapus data pribadi satu orang; unggahan dan jejak audit hanya menyimpan nomornya."""
    if not yes:
        typer.confirm(f"Hapus semua data pribadi {email}? Ini tidak dapat diurungkan.", abort=True)

    async def work(house: Kentongan) -> int:
        return await erase_person(house, await _person(house, email))

    say(f"Terhapus: {in_house(work)} baris. Nama dan surelnya diganti; hapus juga cadangan lama sesuai masa simpannya.")


def keys_rotate(
    drop_old: Annotated[
        bool,
        typer.Option(
            "--drop-old", help="Hapus kunci lama dari berkas kunci, bila tidak ada lagi yang disegel dengannya."
        ),
    ] = False,
) -> None:
    """Ganti kunci: sekali untuk membuat yang baru, mulai ulang semua proses, lalu sekali lagi untuk menyegel ulang."""
    for line in in_house(lambda house: rotate(house, drop_old=drop_old)):
        say(line)
