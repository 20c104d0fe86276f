"""Web Push: a person's own devices, and how a notice reaches them through the browsers' push services (RFC 8030, 8291, 8292)."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.accounts.rules import Actor
from app.kit.db import Database
from app.kit.errors import BadInput, Forbidden, NotFound, Problem
from app.kit.http import SafeClient, Unreachable
from app.kit.seal import Seal, Unreadable
from app.notices import store
from app.notices.models import PushDevice
from app.notices.rules import Way
from app.notices.transport import GiveUp, Letter, TryAgain

LIVES = timedelta(days=1)
"""A push service keeps a message for a phone that is off for so long."""
LONGEST_BODY = 900
"""Characters: services take at least 4,096 bytes of encrypted payload (RFC 8030, 7.2)."""
MOST_DEVICES = 10


@dataclass(frozen=True)
class Device:
    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True)
class Push:
    """A transport whose letters go `to` a user's number: all devices of that person get the same one."""

    way: ClassVar[Way] = Way.PUSH
    together: ClassVar[int] = 1

    db: Database
    seal: Seal
    now: Callable[[], datetime]
    client: SafeClient
    base_url: str

    @property
    def public_key(self) -> str:
        """What browsers are told to expect of us: an uncompressed P-256 point, base64url."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    async def add(self, actor: Actor, *, endpoint: str, p256dh: str, auth: str, name: str) -> int:
        """Keeps a device for the person who holds it now, and turns this way on. Raises BadInput, Forbidden for a token."""
        if actor.scopes is not None:
            raise Forbidden("Perangkat didaftarkan dengan masuk sendiri, bukan dengan token.")
        endpoint = self.client.read(endpoint, field="alamat")
        sealed = self.seal.seal({"endpoint": endpoint, "p256dh": p256dh, "auth": auth})
        await asyncio.to_thread(self._try_key, endpoint, p256dh, auth)
        mark = hashlib.sha256(endpoint.encode()).hexdigest()
        async with self.db.write() as session:
            await store.set_preference(session, actor.user_id, Way.PUSH, address="", is_on=True)
            return await store.add_device(
                session,
                actor.user_id,
                endpoint_hash=mark,
                sealed=sealed,
                name=name[:80],
                now=self.now(),
                most=MOST_DEVICES,
            )

    async def devices(self, actor: Actor) -> Sequence[Device]:
        async with self.db.read() as session:
            rows = await store.devices_of(session, actor.user_id)
        return [Device(row.id or 0, row.name, row.created_at) for row in rows]

    async def remove(self, actor: Actor, device_id: int) -> None:
        """Raises NotFound for a device of somebody else."""
        async with self.db.write() as session:
            if not await store.drop_devices(session, [device_id], user_id=actor.user_id):
                raise NotFound("Perangkat ini tidak terdaftar, atau bukan milik Anda.")

    async def send(self, letter: Letter) -> None:
        async with self.db.read() as session:
            rows = await store.devices_of(session, int(letter.to))
        if not rows:
            raise GiveUp("Belum ada perangkat yang menerima kabar.")
        body = json.dumps(
            {"title": letter.subject, "body": letter.text[:LONGEST_BODY], "link": letter.link, "key": letter.key[-32:]}
        )
        answers = [await self._reach(row, body) for row in rows]
        gone = [row.id or 0 for row, status in zip(rows, answers, strict=True) if status in {401, 403, 404, 410}]
        if gone:
            async with self.db.write() as session:
                await store.drop_devices(session, gone, user_id=int(letter.to))
        if any(200 <= status < 300 for status in answers):
            return
        if len(gone) == len(rows):
            raise GiveUp("Peramban tidak lagi menerima kabar. Daftarkan lagi perangkatnya di Pengaturan kabar.")
        raise TryAgain("Layanan push peramban belum dapat dihubungi. Dicoba lagi.")

    async def _reach(self, row: PushDevice, body: str) -> int:
        """The status of the push service; 0: no answer, 410: we cannot read what we kept."""
        try:
            kept = self.seal.open(row.sealed)
        except Unreadable:
            return 410
        data, headers = await asyncio.to_thread(self._encrypt, kept, body)
        try:
            return (await self.client.send("POST", kept["endpoint"], headers=headers, body=data)).status
        except (Unreachable, BadInput):
            return 0

    def _encrypt(self, kept: dict[str, str], body: str) -> tuple[bytes, dict[str, str]]:
        # Loaded here: most processes never push, and these bring much with them.
        from py_vapid import Vapid02
        from pywebpush import WebPusher

        parts = urlsplit(kept["endpoint"])
        claims = {
            "sub": self.base_url if self.base_url.startswith("https://") else "mailto:kabar@kentongan.invalid",
            "aud": f"{parts.scheme}://{parts.netloc}",
            # The push service's clock is the real one, also where ours is moved for a training.
            "exp": str(int(time.time()) + 12 * 3600),
        }
        info = {"endpoint": kept["endpoint"], "keys": {"p256dh": kept["p256dh"], "auth": kept["auth"]}}
        coded = WebPusher(info).encode(body.encode(), content_encoding="aes128gcm")
        headers = {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(LIVES.total_seconds())),
            "Urgency": "high",
            **Vapid02(self._key).sign(claims),
        }
        return bytes(coded["body"]), headers

    def _try_key(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Refused while the person is there, not when the first notice is due."""
        from pywebpush import WebPusher  # as above

        try:
            WebPusher({"endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}}).encode(b"uji")
        except Exception as error:
            # The library names no class: a broken key is an IndexError, a ValueError or its own, as it happens.
            raise BadInput(
                "Kunci perangkat tidak terbaca. Coba daftarkan lagi.", Problem("kunci", "tidak terbaca")
            ) from error

    @property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        """Follows from the first secret key, so there is nothing to set up; after a rotation devices are asked for again."""
        seed = HKDF(hashes.SHA256(), 48, None, b"kentongan web push").derive(self.seal.keys[0].encode())
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        return ec.derive_private_key(int.from_bytes(seed, "big") % (order - 1) + 1, ec.SECP256R1())
