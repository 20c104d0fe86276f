"""The commands that bring posts in from a table and take them out into one."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.command import in_house, must_exist, say, unit_id_of
from app.kit.sheets import Format
from app.posts.exchange import Imported
from app.posts.store import PostFilter


def install(app: typer.Typer) -> None:
    """Puts the commands into the program's own list."""
    for name, about, command in (
        ("import", "Unggahan dari XLSX atau CSV.", import_posts),
        ("export", "Unggahan sebagai XLSX atau CSV.", export_posts),
    ):
        group = typer.Typer(help=about, no_args_is_help=True)
        # Without a callback typer makes a group of one command that command itself.
        group.callback()(lambda: None)
        group.command("posts")(command)
        app.add_typer(group, name=name)


def import_posts(
    file: Annotated[Path, typer.Argument(help="XLSX atau CSV UTF-8; unduh contohnya dari halaman Impor.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya periksa.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Impor baris yang baik walau ada yang ditolak.")] = False,
    email: Annotated[str, typer.Option("--as", help="Surel orang yang mengimpor; kosong: admin pertama.")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Impor unggahan; bila satu baris ditolak tidak ada yang ditulis, kecuali --partial."""
    must_exist(file)

    async def work(house: Kentongan) -> Imported:
        actor = await _acting(house, email)
        data = await asyncio.to_thread(file.read_bytes)
        if not sys.stderr.isatty():
            return await house.exchange.import_posts(actor, data, dry_run=dry_run, partial=partial)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("unggahan", total=None)
            return await house.exchange.import_posts(
                actor, data, dry_run=dry_run, partial=partial,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip

    done = in_house(work)
    if as_json:
        rejected = [cell.__dict__ for cell in done.rejected]
        say(
            json.dumps({"accepted": done.accepted, "rejected": rejected, "posts": list(done.posts)}, ensure_ascii=False)
        )
    else:
        for cell in done.rejected:
            say(f"baris {cell.row}{f' kolom {cell.column}' if cell.column else ''}: {cell.reason}")
        verb = "akan diimpor" if dry_run else "diimpor"
        say(
            f"{done.accepted} baris {verb} ({len(done.posts) or done.would_be} unggahan), {done.bad_rows} baris ditolak."
        )
    raise typer.Exit(1 if done.rejected and not (partial and done.posts) else 0)


def export_posts(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Berkas .xlsx atau .csv; kosong: CSV ke layar.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Kode wilayah atau nomor unit; unit itu dan semua di bawahnya.")] = "",
    email: Annotated[str, typer.Option("--as", help="Surel orang yang mengekspor; kosong: admin pertama.")] = "",
) -> None:
    """Unggahan dengan kolom yang sama seperti impor."""
    if output is not None and output.suffix not in {".xlsx", ".csv"}:
        raise typer.BadParameter("nama berkas berakhir .xlsx atau .csv", param_hint="--output")

    async def work(house: Kentongan) -> bytes:
        actor = await _acting(house, email)
        under = (await house.units.get(actor, await unit_id_of(house, unit))).path if unit else None
        form: Format = "xlsx" if output is not None and output.suffix == ".xlsx" else "csv"
        return await house.exchange.export(actor, PostFilter(under=under), form=form)

    data = in_house(work)
    if output is None:
        say(data.decode("utf-8-sig").rstrip())
    else:
        output.write_bytes(data)
        say(f"Ditulis: {output}")


async def _acting(house: Kentongan, email: str) -> Actor:
    """Whose name stands on what a command does: the person named, else the first admin."""
    found = await house.people.find_user_by_email(email) if email else await house.people.first_admin()
    if found is None or found.id is None:
        raise RuntimeError(
            f"Tidak ada pengguna {email}." if email else "Belum ada admin. Tambahkan dulu: kentongan user add."
        )
    return await house.people.actor_of(found.id)
