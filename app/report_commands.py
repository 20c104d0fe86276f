"""The commands that print recaps and load what regions aim at."""

from pathlib import Path
from typing import Annotated

import typer

from app.accounts.rules import Actor, Grant, Role, UnitKind
from app.bootstrap import Kentongan
from app.command import in_house, must_exist, say, unit_id_of
from app.reports.rules import Kind
from app.reports.service import RecapWanted
from app.reports.targets import load_targets
from app.reports.writers.files import WRITERS, File, write_file

OPERATOR = Actor(0, "operator", (Grant(0, UnitKind.KPU, "/", Role.VIEWER),))
"""Who runs a command on the machine itself reads everything."""

Format = Annotated[str, typer.Option("--format", help="pdf, xlsx, csv, atau json.")]
UnitCode = Annotated[str, typer.Option("--unit", help="Kode wilayah atau nomor unit; kosong: semua unit.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Berkas tujuan; kosong: nama bawaan.")]


def report_weekly(
    week: Annotated[str, typer.Option(help="Misalnya 2024-W47; kosong: pekan ini.")] = "",
    unit: UnitCode = "",
    ending: Format = "pdf",
    output: Output = None,
) -> None:
    """Rekap mingguan, Senin sampai Minggu."""
    _report(Kind.WEEKLY, week, unit, ending, output)


def report_monthly(
    month: Annotated[str, typer.Option(help="Misalnya 2024-11; kosong: bulan ini.")] = "",
    unit: UnitCode = "",
    ending: Format = "pdf",
    output: Output = None,
) -> None:
    """Rekap bulanan."""
    _report(Kind.MONTHLY, month, unit, ending, output)


def report_tahapan(
    code: Annotated[str, typer.Option(help="Kode tahapan, misalnya PYL-06.")],
    unit: UnitCode = "",
    ending: Format = "pdf",
    output: Output = None,
) -> None:
    """Rekap unggahan yang berbicara tentang satu tahapan."""
    _report(Kind.TAHAPAN, code, unit, ending, output)


def _report(kind: Kind, key: str, unit: str, ending: str, output: Path | None) -> None:
    if ending not in WRITERS:
        raise typer.BadParameter(f"pilih {', '.join(WRITERS)}", param_hint="--format")

    async def work(house: Kentongan) -> File:
        unit_id = await unit_id_of(house, unit) if unit else None
        recap = await house.recaps.make(OPERATOR, RecapWanted(kind, key or None, unit_id))
        return await write_file(recap, ending)

    file = in_house(work)
    if output is None and ending == "json":
        say(file.content.decode())
        return
    target = output or Path(file.name)
    target.write_bytes(file.content)
    say(str(target))


def load_target_file(
    file: Annotated[Path, typer.Argument(help="CSV: wilayah_code, low, high, source.")],
    election: Annotated[str, typer.Option(help="Kode pemilihan.")] = "pilkada-2024",
) -> None:
    """Sasaran partisipasi per wilayah, dalam persen."""
    must_exist(file)
    merged = in_house(lambda house: load_targets(house.db, house.tahapan, file, election=election))
    say(f"Ditambahkan {merged.added}, diperbarui {merged.changed}.")


def install(app: typer.Typer, load: typer.Typer) -> None:
    """Puts the commands into the program's own lists."""
    reports = typer.Typer(help="Rekap untuk Divisi Sosdiklih.", no_args_is_help=True)
    for name, command in (("weekly", report_weekly), ("monthly", report_monthly), ("tahapan", report_tahapan)):
        reports.command(name)(command)
    app.add_typer(reports, name="report")
    load.command("targets")(load_target_file)
