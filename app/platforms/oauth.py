"""What all consent flows share: the address people are sent to, and what a token answer says. Sources stand with each platform."""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from app.platforms.answer import Answer, find_at, find_id, find_number, quote
from app.platforms.connecting import AppKey, CannotConnect, Life, Place
from app.platforms.contract import NeedsReconnect, Refused, TryLater
from app.platforms.http import AioTransport, Request

TRY_AGAIN = "Mulai lagi dari halaman akun."


def authorize_url(
    page: str, place: Place, *, scope: str, state: str, challenge: str = "", id_name: str = "client_id", **more: str
) -> str:
    """Where the person is sent. `challenge` only where the platform knows PKCE (S256); `id_name`: what it calls the app's id."""
    asked = {
        "response_type": "code",
        id_name: place.app.id,
        "redirect_uri": place.callback,
        "scope": scope,
        "state": state,
    }
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"} if challenge else {}
    return f"{page}?{urlencode(asked | proof | more)}"


def basic(app: AppKey) -> dict[str, str]:
    """HTTP Basic as RFC 6749 section 2.3.1 has it."""
    return {"Authorization": "Basic " + base64.b64encode(f"{app.id}:{app.secret}".encode()).decode()}


def check_scopes(granted: Iterable[str], needed: Iterable[str], *, title: str) -> None:
    """Raises CannotConnect naming what is missing: found now, not at the first post."""
    missing = sorted(set(needed) - set(granted))
    if missing:
        raise CannotConnect(
            f"Izin {title} kurang: {', '.join(missing)}.",
            "Mulai lagi, dan biarkan semua izin tercentang di halaman persetujuannya.",
            code="scope_missing",
        )


def split_scopes(value: object) -> tuple[str, ...]:
    """Scopes as a list, or separated by spaces or commas."""
    if isinstance(value, list):
        return tuple(str(scope) for scope in value)
    return tuple(part for part in str(value or "").replace(",", " ").split() if part)


def read_tokens(answer: Answer, *, title: str) -> dict[str, Any]:
    """The body of a good token answer; else raises CannotConnect or TryLater."""
    body = answer.json
    if body is not None and isinstance(body.get("data"), list) and body["data"]:
        body = body["data"][0]  # Instagram's newer shape
    if answer.ok and body and find_id(body.get("access_token")):
        return dict(body)
    raise failure(answer, title=title)


def failure(answer: Answer, *, title: str) -> Exception:
    """What a refused code, key or token means for the person who stands at the door."""
    if answer.json is None or answer.status >= 500 or answer.status == 429:
        return TryLater(f"{title} sedang terganggu ({answer.status}).", code="unreadable", http_status=answer.status)
    error = find_at(answer.json, "error")
    code = str(find_at(error, "code") or error or find_at(answer.json, "error_type") or answer.status)
    words = find_at(error, "message") or answer.json.get("error_description") or answer.json.get("error_message")
    if answer.status == 401 or code in ("unauthorized_client", "invalid_client", "1", "101"):
        return CannotConnect(
            f"{title} tidak mengenal aplikasi kita: {quote(words or error)}",
            "Minta pengelola memeriksa nomor dan rahasia aplikasi di pengaturan Kentongan.",
            code="bad_app",
        )
    return CannotConnect(
        f"{title} menolak kode persetujuannya: {quote(words or error)}",
        f"Kode itu hanya berlaku sebentar dan sekali pakai. {TRY_AGAIN}",
        code="bad_code",
    )


def must_be_forgotten(answer: Answer, *, title: str) -> None:
    """What a platform said when asked to forget a token: raises TryLater where it may yet do it, Refused where a person must."""
    if answer.ok:
        return
    if answer.json is None or answer.status >= 500 or answer.status == 429:
        raise TryLater(f"{title} sedang terganggu ({answer.status}).", code="unreadable", http_status=answer.status)
    raise Refused(f"{title} menolak mencabutnya ({answer.status}).", code="not_revoked", http_status=answer.status)


def life_of(body: Mapping[str, Any], *, now: datetime, refresh: timedelta | None = None) -> Life:
    """From `expires_in` (seconds); `refresh`: how long the refresh token lives, None: as long as the token itself."""
    seconds = find_number(body.get("expires_in"))
    ends_at = now + timedelta(seconds=seconds) if seconds else None
    return Life(ends_at, now + refresh if refresh is not None else ends_at)


async def renew_with_refresh_token(
    ask: Callable[[], Any], *, title: str, credential: Mapping[str, str]
) -> dict[str, Any]:
    """`ask` sends the refresh token once. Raises NeedsReconnect where it is refused, TryLater where nobody can say."""
    if not credential.get("refresh_token"):
        raise NeedsReconnect(f"Hubungkan ulang {title}: sambungannya tidak dapat diperpanjang.", code="no_refresh")
    answer: Answer = await ask()
    try:
        return read_tokens(answer, title=title)
    except CannotConnect as error:
        if error.code == "bad_app":
            raise TryLater(error.reason, after=timedelta(minutes=30), code=error.code) from error
        sentence = f"Hubungkan ulang {title}: sambungan sudah berakhir atau dicabut."
        raise NeedsReconnect(sentence, code="bad_refresh", http_status=answer.status) from error


async def post_form(
    transport: AioTransport,
    url: str,
    form: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    hidden: str = "",
    guarded: bool = False,
) -> Answer:
    """`hidden` is blotted out of what comes back. Never a create: a lost answer is TryLater."""
    return await transport.send(Request("POST", url, form=form, headers=headers or {}, hidden=hidden, guarded=guarded))
