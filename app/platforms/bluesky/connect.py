"""How a Bluesky account is joined: an app password, and the server that the account's own document names.

Sources: lexicons `com.atproto.identity.resolveHandle`, `com.atproto.server.createSession` (bluesky-social/atproto at d6296a1);
did:plc documents at plc.directory, did:web at the domain's /.well-known/did.json (atproto.com, "DID").
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from app.platforms.answer import find_at, find_id
from app.platforms.connecting import Candidate, CannotConnect, Place, Way
from app.platforms.contract import TryLater
from app.platforms.http import AioTransport, Request

DIRECTORY = "https://plc.directory"
_SERVICE = "AtprotoPersonalDataServer"


class BlueskyConnector:
    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    way: ClassVar[Way] = Way.SECRET
    scopes: ClassVar[tuple[str, ...]] = ()
    app_settings: ClassVar[tuple[str, ...]] = ()
    renews: ClassVar[bool] = False
    forget_by_hand = (
        "Di Bluesky: Setelan, Privasi dan keamanan, Kata sandi aplikasi, lalu hapus yang dibuat untuk Kentongan."
    )

    def __init__(self, *, timeout: float, now: Callable[[], datetime]) -> None:
        self._transport = AioTransport(title=self.title, timeout=timeout)

    async def open(self, place: Place, *, identifier: str, secret: str) -> Candidate:
        handle = identifier.strip().removeprefix("@")
        did = handle if handle.startswith("did:") else await self._did(place, handle)
        home = await self._home(place, did)
        answer = await self._transport.send(
            Request(
                "POST",
                f"{home}/xrpc/com.atproto.server.createSession",
                json={"identifier": did, "password": secret},
                hidden=secret,
                guarded=place.guards and place.is_own,
            )
        )
        body = answer.json or {}
        if not answer.ok or not body.get("did"):
            raise _refused(str(body.get("error") or ""), answer.status)
        named = str(body.get("handle") or handle)
        # The DID, not the handle: it stays when the account renames itself.
        credential = {"access_token": secret, "account_id": str(body["did"]), "username": str(body["did"])}
        return Candidate(str(body["did"]), named, named, credential, base_url=home)

    async def close(self) -> None:
        await self._transport.close()

    async def _did(self, place: Place, handle: str) -> str:
        url = f"{place.base_url}/xrpc/com.atproto.identity.resolveHandle"
        answer = await self._transport.send(Request("GET", url, query=(("handle", handle),)))
        did = str((answer.json or {}).get("did") or "")
        if answer.ok and did.startswith("did:"):
            return did
        if answer.json is None or answer.status >= 500:
            raise TryLater(f"Bluesky sedang terganggu ({answer.status}).", http_status=answer.status)
        raise CannotConnect(
            f"Akun Bluesky {handle!r} tidak ditemukan.",
            "Tulis nama lengkapnya, misalnya pps-cilendek.bsky.social, lalu coba lagi.",
            code="no_account",
        )

    async def _home(self, place: Place, did: str) -> str:
        """The server that keeps the account; raises CannotConnect where its document names none we may call."""
        if did.startswith("did:web:") and place.is_own:
            url = f"https://{did.removeprefix('did:web:')}/.well-known/did.json"
        else:
            url = f"{place.at(DIRECTORY)}/{did}"
        answer = await self._transport.send(Request("GET", url, guarded=place.guards and place.is_own))
        for service in _services(answer.json):
            if str(service.get("type")) == _SERVICE and find_id(service.get("id")).endswith("#atproto_pds"):
                return str(service.get("serviceEndpoint") or "").rstrip("/")
        raise CannotConnect(
            "Peladen penyimpan akun Bluesky ini tidak ditemukan.",
            "Pastikan akunnya masih aktif, lalu coba lagi.",
            code="no_server",
        )


def _services(document: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    services = find_at(document, "service")
    return [each for each in services if isinstance(each, dict)] if isinstance(services, list) else []


def _refused(error: str, status: int) -> Exception:
    if status >= 500 or status == 429:
        return TryLater(f"Bluesky sedang terganggu ({status}).", http_status=status)
    if error == "AuthFactorTokenRequired":
        return CannotConnect(
            "Itu kata sandi utama: Bluesky meminta kode surel untuknya.",
            "Buat kata sandi aplikasi di Pengaturan, Privasi dan keamanan, lalu tempel yang itu.",
            code="main_password",
        )
    if error == "AccountTakedown":
        return CannotConnect(
            "Akun ini ditangguhkan Bluesky.", "Ajukan banding lewat aplikasi Bluesky dulu.", code="takedown"
        )
    return CannotConnect(
        "Nama akun atau kata sandi aplikasinya tidak cocok.",
        "Buat kata sandi aplikasi baru di Pengaturan, Privasi dan keamanan, lalu tempel utuh.",
        code="bad_secret",
    )
