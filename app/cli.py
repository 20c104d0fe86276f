"""The `kentongan` command."""

import os
import socket
import sys
import webbrowser
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from app import audit_commands, exchange_commands, operator_commands, practice, report_commands
from app.accounts.loading import LoadReport, load_city, load_regions, load_stages
from app.accounts.rules import Act, Role
from app.bootstrap import Kentongan
from app.command import in_house as _in_house
from app.command import must_exist as _must_exist
from app.command import read_settings as _settings
from app.command import say, unit_id_of
from app.content.designs import SHIPPED as SHIPPED_DESIGNS
from app.content.loading import SHIPPED as SHIPPED_TEMPLATES
from app.content.loading import load_templates
from app.kit.errors import AppError
from app.reports.targets import load_targets
from app.settings import Settings
from app.supervisor import become
from simulator.main import create_simulator
from workers.__main__ import main as run_worker

app = typer.Typer(help="Kentongan: kabar serentak dari setiap unit.", no_args_is_help=False, add_completion=False)
load_app = typer.Typer(help="Muat data rujukan; aman dijalankan berulang.", no_args_is_help=True)
user_app = typer.Typer(help="Orang dan perannya.", no_args_is_help=True)
token_app = typer.Typer(help="Token API.", no_args_is_help=True)
for name, group in (("load", load_app), ("user", user_app), ("token", token_app)):
    app.add_typer(group, name=name)
operator_commands.install(app)
exchange_commands.install(app)
audit_commands.install(app)
report_commands.install(app, load_app)
for verb, command in (
    ("reset", operator_commands.user_reset),
    ("export", operator_commands.user_export),
    ("erase", operator_commands.user_erase),
):
    user_app.command(verb)(command)

Host = Annotated[str, typer.Option(help="Alamat yang didengarkan.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Porta web.")]

SETUP_HOURS = 24


def main() -> None:
    """Every refusal a person can act on is one sentence, not a traceback; exit codes 0 done, 1 failed, 2 wrong use."""
    try:
        app()
    except AppError as error:
        _complain(error.message, *(f"{problem.field}: {problem.message}" for problem in error.problems))
    except ValidationError as error:
        _complain(
            "Pengaturan belum benar.",
            *(f"KENTONGAN_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()),
        )
    except RuntimeError as error:
        _complain(str(error))


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
    raise SystemExit(1)


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        up()


@app.command()
def up(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Jalankan semuanya di mesin ini: basis data, Redis tertanam, web, dan satu pekerja."""
    settings = _settings(**_base_url(host, port))
    _refuse_taken_port(host, port)

    async def prepare(house: Kentongan) -> str | None:
        return None if await house.people.any_user() else await practice.first_admin_link(house, hours=SETUP_HOURS)

    secret = _in_house(prepare, settings)
    say(f"Kentongan: {settings.base_url}")
    if secret:
        say(
            f"Belum ada pengguna. Buka tautan sekali pakai ini (berlaku {SETUP_HOURS} jam): {settings.base_url}/masuk/{secret}"
        )
        say("Undang paling sedikit dua peninjau KPU di halaman Orang: tidak ada yang menyetujui tulisannya sendiri.")
    become(settings, host, port)


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="Alamat yang didengarkan; dengan --class seluruh jaringan ruangan.")] = "",
    port: Port = 8000,
    browse: Annotated[bool, typer.Option(help="Buka peramban.")] = True,
    calendar: Annotated[
        str, typer.Option(help="shifted: kalender 2024 digeser ke depan; real: tanggal aslinya.")
    ] = "shifted",
    training: Annotated[
        str, typer.Option("--class", help="Nama kelas latihan di satu ruangan: kode QR tiap unit dan papan pelatih.")
    ] = "",
) -> None:
    """Kota Bogor lengkap di atas simulator: tanpa akun, tanpa kata sandi, tanpa memasang apa pun."""
    if calendar not in {"shifted", "real"}:
        raise typer.BadParameter("pilih shifted atau real", param_hint="--calendar")
    folder = {} if os.environ.get("KENTONGAN_DATA_DIR") else {"data_dir": Path("kentongan-demo")}
    host = host or ("0.0.0.0" if training else "127.0.0.1")
    settings = _settings(**_base_url(host, port, seen_from_outside=bool(training)), **folder, training=True)
    _refuse_taken_port(host, port)
    ready = _in_house(lambda house: practice.set_up(house, shifted=calendar == "shifted"), settings)
    say(f"Kentongan (latihan): {settings.base_url}")
    if ready.shifted_weeks:
        say(f"Kalender 2024 digeser maju {ready.shifted_weeks} pekan, agar hari pemungutan suara sekitar sebulan lagi.")
    _introduce(ready, settings.base_url)
    if training:
        _introduce_class(training, settings)
    say(f"Dinding simulator: {settings.simulator}/_sim/wall")
    say("Tekan Ctrl-C untuk berhenti; data tetap tersimpan.")

    link = f"{settings.base_url}/masuk/{ready.links[0].secret}"
    become(
        settings, host, port, greeting=["begin-practice", *(["--open", link] if browse and sys.stdout.isatty() else [])]
    )


@app.command(hidden=True)
def begin_practice(link: Annotated[str, typer.Option("--open")] = "") -> None:
    """The demo's first broadcast, on its first start only: later ones find what the first one left."""

    async def work(house: Kentongan) -> None:
        if await house.broadcasts.any():
            return
        view = await practice.first_broadcast(house)
        seconds = int(practice.FIRST_BROADCAST.total_seconds())
        say(
            f"Siaran pertama: “{view.title}” ke {view.units} unit, {view.deliveries} kiriman, terbit {seconds} detik lagi."
        )

    _in_house(work)
    if link:
        webbrowser.open(link)


def _introduce(ready: practice.Practice, base_url: str) -> None:
    for link in ready.links:
        say(f"masuk: {link.name} {link.role} {base_url}/masuk/{link.secret}")
    say(f"token: {ready.token}")


def _introduce_class(name: str, settings: Settings) -> None:
    async def work(house: Kentongan) -> tuple[int, str]:
        return await practice.hold_class(house, name)

    class_id, secret = _in_house(work, settings)
    say(f"pelatih: {settings.base_url}/masuk/{secret}?next=/latihan/{class_id}")


def _base_url(host: str, port: int, *, seen_from_outside: bool = False) -> dict[str, str]:
    """What the caller has set stays; else the address we listen on."""
    if Settings.model_fields["base_url"].default != Settings().base_url:
        return {}
    shown = host
    if host in {"0.0.0.0", "::"}:
        shown = _own_address() if seen_from_outside else "127.0.0.1"
    return {"base_url": f"http://{shown}:{port}"}


def _own_address() -> str:
    """Of this machine in the network around it; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:  # no network at all
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RuntimeError(
                f"Porta {port} di {host} tidak dapat dipakai ({error.strerror}). Pilih yang lain dengan --port."
            ) from error


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Proses web saja."""
    settings = _settings()
    uvicorn.run(
        "app.main:from_environment",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        backlog=2048,
        log_level=settings.log_level.lower(),
    )


@app.command()
def worker() -> None:
    """Satu proses pekerja; boleh dijalankan sebanyak yang perlu."""
    run_worker()


@app.command()
def simulator(host: Host = "127.0.0.1", port: Port = 8099) -> None:
    """Simulator platform saja."""
    settings = _settings()
    uvicorn.run(
        create_simulator(settings.data_dir / "simulator", clock_setting=settings.clock),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
    )


@app.command()
def migrate() -> None:
    """Bawa skema basis data ke versi terbaru."""

    async def nothing(_house: Kentongan) -> None:
        return None

    _in_house(nothing)
    say("Skema basis data sudah versi terbaru.")


@load_app.command("kota-bogor")
def load_kota_bogor(
    shift_weeks: Annotated[int, typer.Option(min=0, max=5200, help="Geser kalender maju sekian pekan (latihan).")] = 0,
) -> None:
    """76 wilayah, 75 unit, 87 tahapan, 31 templat Kota Bogor."""

    async def work(house: Kentongan) -> None:
        report = await load_city(
            house.db, now=house.clock.now(), shift_weeks=shift_weeks, on_moved=house.tahapan.on_moved
        )
        templates = await load_templates(house.db, now=house.clock.now())
        await house.designs.load()
        targets = await load_targets(house.db, house.tahapan)
        say(
            f"Kota Bogor: {report.regions} wilayah, {report.units} unit, {report.stages} tahapan, {templates.templates} templat."
        )
        _tell(
            report.added + templates.added + targets.added,
            report.changed + templates.changed + targets.changed,
            report.kept + templates.kept,
        )

    _in_house(work)


@load_app.command("practice")
def load_practice() -> None:
    """Orang, akun latihan, dan token untuk mencoba pemasangan di basis data mana pun."""

    async def work(house: Kentongan) -> None:
        ready = await practice.set_up(house)
        _introduce(ready, house.settings.base_url)
        say(f"Akun latihan baru: {ready.channels}. Kalender digeser {ready.shifted_weeks} pekan.")

    _in_house(work)


@load_app.command("wilayah")
def load_wilayah(file: Annotated[Path, typer.Argument(help="CSV, atau CSV.xz seluruh Indonesia.")]) -> None:
    """Wilayah dari berkas Anda."""
    _must_exist(file)

    async def work(house: Kentongan) -> LoadReport:
        if not sys.stderr.isatty():
            return await load_regions(house.db, file)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("wilayah", total=None)
            return await load_regions(
                house.db, file, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )

    report = _in_house(work)
    say(f"{report.regions} wilayah.")
    _tell(report.added, report.changed, report.kept)


@load_app.command("stages")
def load_stage_file(
    file: Path, election: Annotated[str, typer.Option(help="Kode pemilihan.")] = "pilkada-2024"
) -> None:
    """Kalender tahapan dari berkas CSV Anda."""
    _must_exist(file)
    report = _in_house(
        lambda house: load_stages(house.db, file, election, now=house.clock.now(), on_moved=house.tahapan.on_moved)
    )
    say(f"{report.stages} tahapan.")
    _tell(report.added, report.changed, report.kept)


@load_app.command("templates")
def load_template_file(
    file: Annotated[Path, typer.Argument()] = SHIPPED_TEMPLATES,
    election: Annotated[str, typer.Option(help="Kode pemilihan.")] = "pilkada-2024",
) -> None:
    """Templat dari berkas YAML Anda."""
    _must_exist(file)
    report = _in_house(lambda house: load_templates(house.db, file, now=house.clock.now(), election=election))
    say(f"{report.templates} templat.")
    _tell(report.added, report.changed, report.kept)


@load_app.command("posters")
def load_poster_file(
    file: Annotated[Path, typer.Argument()] = SHIPPED_DESIGNS,
    election: Annotated[str, typer.Option(help="Kode pemilihan.")] = "pilkada-2024",
) -> None:
    """Desain poster dari berkas YAML Anda."""
    _must_exist(file)
    count = _in_house(lambda house: house.designs.load(file, election=election))
    say(f"{count} desain poster baru atau diperbarui." if count else "Tidak ada yang berubah.")


def _tell(added: int, changed: int, kept: int) -> None:
    if not added and not changed:
        say("Tidak ada yang berubah.")
    else:
        say(f"Ditambahkan {added}, diperbarui {changed}.")
    if kept:
        say(f"Dibiarkan karena sudah disunting orang: {kept}.")


@user_app.command("add")
def user_add(
    email: str,
    unit: Annotated[str, typer.Option(help="Kode wilayah unit (32.71.04.1008) atau nomor unit.")],
    role: Annotated[Role, typer.Option()],
    name: Annotated[str, typer.Option()] = "",
) -> None:
    """Tambahkan orang, atau ubah perannya; mencetak tautan undangan sekali pakai."""

    async def work(house: Kentongan) -> str:
        unit_id = await unit_id_of(house, unit)
        user = await house.people.add_user(
            email=email, name=name or email.split("@")[0], unit_id=unit_id, role=role, by="operator"
        )
        return await house.people.make_link(user.id or 0, purpose="invite", hours=72)

    settings = _settings()
    say(f"masuk: {settings.base_url}/masuk/{_in_house(work, settings)}")


@token_app.command("add")
def token_add(
    user: Annotated[str, typer.Option(help="Surel pemilik token.")],
    unit: Annotated[str, typer.Option(help="Kode wilayah atau nomor unit; token berlaku di situ dan di bawahnya.")],
    scope: Annotated[
        list[Act] | None, typer.Option(help="Boleh berulang; kosong: semua yang boleh dilakukan orangnya.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366)] = 90,
) -> None:
    """Buat token API; dicetak sekali ini saja."""

    async def work(house: Kentongan) -> str:
        owner = await house.people.find_user_by_email(user)
        if owner is None:
            raise RuntimeError(f"Tidak ada pengguna dengan surel {user}. Tambahkan dulu: kentongan user add {user} ...")
        unit_id = await unit_id_of(house, unit)
        return await house.people.add_token(
            user_id=owner.id or 0, unit_id=unit_id, scopes=scope or None, days=days, name="cli"
        )

    say(f"token: {_in_house(work)}")


if __name__ == "__main__":
    main()
