"""The commands on the audit record: whether it is whole, and evidence to take along."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.audit.sealing import Verdict, verify
from app.bootstrap import Kentongan
from app.command import in_house, say, unit_id_of
from app.evidence.packing import Pack

OPERATOR = Actor(0, "operator", (Grant(0, UnitKind.KPU, "/", Role.ADMIN),))
"""Who runs a command on the machine itself may take everything along."""


def install(app: typer.Typer) -> None:
    """Puts the commands into the program's own list."""
    audit = typer.Typer(help="Jejak audit.", no_args_is_help=True)
    audit.command("verify")(audit_verify)
    audit.command("export")(audit_export)
    app.add_typer(audit, name="audit")


def audit_verify(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Periksa rantai jejak audit dari awal sampai akhir, dan setiap kepala harian yang pernah diumumkan."""
    verdict = in_house(lambda house: verify(house.db))
    say(json.dumps(verdict.__dict__, default=str) if as_json else _sentence(verdict))
    raise typer.Exit(0 if verdict.is_whole else 1)


def _sentence(verdict: Verdict) -> str:
    if verdict.broken_at is not None:
        return f"RUSAK pada peristiwa nomor {verdict.broken_at}: isinya diubah atau ada yang dihapus sesudah disegel."
    if verdict.false_on is not None:
        return (
            f"RUSAK: rantai dibuat ulang; tidak lagi melalui kepala yang diumumkan untuk {verdict.false_on:%d/%m/%Y}."
        )
    return f"Utuh: {verdict.sealed} peristiwa tersegel, {verdict.unsealed} menunggu disegel. Kepala rantai {verdict.head[:16]}."


def audit_export(
    output: Annotated[Path, typer.Option("--output", "-o", help="Berkas .zip baru.")],
    post: Annotated[int, typer.Option(min=0, help="Nomor satu unggahan; 0: satu periode.")] = 0,
    first: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Hari pertama.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Hari terakhir, ikut.")] = None,
    unit: Annotated[str, typer.Option(help="Kode wilayah atau nomor unit, beserta bawahannya; kosong: semua.")] = "",
) -> None:
    """Bukti satu unggahan atau satu periode sebagai ZIP, dengan pemeriksa yang berjalan tanpa jaringan."""
    if not post and (first is None or last is None):
        raise typer.BadParameter("isi --post, atau --from dan --to")

    async def work(house: Kentongan) -> Pack:
        if post:
            return await house.evidence.of_post(OPERATOR, post)
        assert first is not None
        assert last is not None
        chosen = await unit_id_of(house, unit) if unit else None
        zone = ZoneInfo(house.settings.timezone)
        end = (last + timedelta(days=1)).replace(tzinfo=zone)
        return await house.evidence.of_period(OPERATOR, first.replace(tzinfo=zone), end, unit_id=chosen)

    pack = in_house(work)
    shutil.move(pack.path, output)
    say(f"Bukti {output}: {pack.posts} unggahan, {pack.deliveries} kiriman, sidik SHA-256 {pack.sha256}")
