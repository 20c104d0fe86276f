"""A person's own safety: password, second factors, recovery codes, open screens; and proving again that it is them."""

from collections.abc import Sequence
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, Response

from app.accounts.proofs import Wrong
from app.accounts.rules import Actor, ProveFirst, must_enrol
from app.accounts.security import NewTotp
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.kit.rates import Quota
from app.web import words
from app.web.render import bare_page, go, page
from app.web.sessions import HouseDep, LogInFirst, cookie_name, local_path, visitor_who_may_enrol

router = APIRouter(include_in_schema=False)

PersonDep = Annotated[Actor, Depends(visitor_who_may_enrol)]
Short = Annotated[str, Form(max_length=100)]
Long = Annotated[str, Form(max_length=20_000)]
Secret = Annotated[str, Form(max_length=600)]
PROOFS = Quota("proofs", 10, 600)
"""Wrong proofs of one person, from wherever: a stolen screen must not try all digits."""


@router.get("/keamanan")
async def show(request: Request, house: HouseDep, actor: PersonDep) -> Response:
    return await _show(request, house, actor)


@router.post("/keamanan/sandi")
async def set_password(
    request: Request, house: HouseDep, actor: PersonDep, sandi: Secret = "", ulang: Secret = ""
) -> Response:
    if sandi != ulang:
        return await _show(request, house, actor, problems={"ulang": "Tidak sama dengan yang di atas."}, status=422)
    try:
        await house.security.set_password(actor, _secret(request, house), sandi)
    except ProveFirst:
        raise
    except AppError as error:
        return await _show(request, house, actor, problems={"sandi": error.message}, status=error.status)
    return go("/keamanan", note="sandi")


@router.post("/keamanan/aplikasi")
async def begin_app(request: Request, house: HouseDep, actor: PersonDep) -> Response:
    return await _show(request, house, actor, totp=await house.security.begin_totp(actor))


@router.post("/keamanan/aplikasi/pasang")
async def confirm_app(request: Request, house: HouseDep, actor: PersonDep, kode: Short = "") -> Response:
    """Answers with the page itself, not a redirect: the recovery codes are shown this once and kept nowhere."""
    try:
        codes = await house.security.confirm_totp(actor, _secret(request, house), kode)
    except ProveFirst:
        raise
    except AppError as error:
        totp = await house.security.begin_totp(actor) if error.status == 422 else None
        return await _show(request, house, actor, totp=totp, problems={"kode": error.message}, status=error.status)
    return await _show(request, house, actor, codes=codes)


@router.post("/keamanan/pemulihan")
async def renew_codes(request: Request, house: HouseDep, actor: PersonDep) -> Response:
    return await _show(request, house, actor, codes=await house.security.renew_codes(actor))


@router.post("/keamanan/cara/{factor_id}/hapus")
async def remove_factor(house: HouseDep, actor: PersonDep, factor_id: int) -> Response:
    await house.security.remove_factor(actor, factor_id)
    return go("/keamanan", note="cara-hapus")


@router.post("/keamanan/perangkat/{screen_id}/keluar")
async def end_screen(house: HouseDep, actor: PersonDep, screen_id: int) -> Response:
    await house.security.end_screen(actor, screen_id)
    return go("/keamanan#perangkat", note="perangkat")


@router.post("/keamanan/perangkat/keluar")
async def end_others(request: Request, house: HouseDep, actor: PersonDep) -> Response:
    await house.security.end_other_screens(actor, _secret(request, house))
    return go("/keamanan#perangkat", note="perangkat")


@router.post("/keamanan/kunci/mulai")
async def ask_passkey(house: HouseDep, actor: PersonDep) -> Response:
    asked = await house.passkeys.ask_to_add(actor)
    return JSONResponse({"step": asked.step, "options": asked.options})


@router.post("/keamanan/kunci")
async def add_passkey(
    request: Request, house: HouseDep, actor: PersonDep, langkah: Secret = "", jawaban: Long = "", nama: Short = ""
) -> Response:
    await house.passkeys.add(actor, _secret(request, house), langkah, jawaban, name=nama)
    overview = await house.security.overview(actor)
    if overview.codes_left:
        return go("/keamanan", note="kunci")
    return await _show(request, house, actor, codes=await house.security.renew_codes(actor))


@router.get("/keamanan/buktikan")
async def ask_proof(request: Request, house: HouseDep, actor: PersonDep, next: str | None = None) -> Response:
    return await _ask_proof(request, house, actor, wanted=next)


@router.post("/keamanan/buktikan")
async def prove(
    request: Request, house: HouseDep, actor: PersonDep, sandi: Secret = "", kode: Short = "", langkah: Secret = "",
    jawaban: Long = "", next: Annotated[str | None, Form(max_length=500)] = None,
) -> Response:  # fmt: skip
    secret = _secret(request, house)
    if not (await house.rates.peek(PROOFS, str(actor.user_id))).is_within:
        return await _ask_proof(
            request, house, actor, wanted=next, problem="Terlalu sering keliru. Coba lagi dalam 10 menit.", status=429
        )
    try:
        if jawaban:
            await house.passkeys.prove(actor, secret, langkah, jawaban)
        else:
            await house.security.prove(actor, secret, password=sandi, code=kode)
    except Wrong as error:
        await house.rates.hit(PROOFS, str(actor.user_id))
        return await _ask_proof(request, house, actor, wanted=next, problem=error.message, status=error.status)
    return go(local_path(next, "/keamanan"))


async def _ask_proof(
    request: Request, house: Kentongan, actor: Actor, *, wanted: str | None, problem: str = "", status: int = 200
) -> Response:
    overview = await house.security.overview(actor)
    return bare_page(
        request, "buktikan.html", status=status, problem=problem, next=local_path(wanted, "/keamanan"), safety=overview,
        kinds={factor.kind for factor in overview.factors}, passkeys=house.passkeys.is_possible,
    )  # fmt: skip


async def _show(
    request: Request,
    house: Kentongan,
    actor: Actor,
    *,
    totp: NewTotp | None = None,
    codes: Sequence[str] = (),
    problems: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    overview = await house.security.overview(actor, _secret(request, house))
    zone = house.settings.timezone
    screens = [
        (screen, words.device(screen.device), words.WAYS[screen.way], words.moment(screen.seen_at, zone)) for screen in overview.screens
    ]  # fmt: skip
    return await page(
        request, house, actor, "keamanan.html", status=status, safety=overview, screens=screens, totp=totp, codes=codes,
        qr=_qr(totp.address) if totp else "", problems=problems or {}, passkeys=house.passkeys.is_possible,
        needed=house.people.needs_factor and must_enrol(actor.grants, has_factor=bool(overview.factors)),
        kinds=words.FACTORS,
    )  # fmt: skip


def _qr(address: str) -> str:
    """Drawn here, so that the secret goes to nobody's QR service."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def _secret(request: Request, house: Kentongan) -> str:
    secret = request.cookies.get(cookie_name(house.settings))
    if not secret:
        raise LogInFirst("Masuk dulu untuk membuka halaman ini.")
    return secret
