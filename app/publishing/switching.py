"""A channel changes between publishing by itself and being a person's task, its queue and history intact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.accounts.rules import Actor
from app.channels import rules, store
from app.channels.models import Channel
from app.channels.rules import Environment, State
from app.channels.service import ChannelService, managed
from app.kit.db import WriteSession
from app.kit.errors import BadInput, Conflict, Problem
from app.publishing import switch_store

UNDER_WAY = "Sebagian unggahan akun ini sedang diterbitkan atau belum pasti. Tunggu sebentar, atau putuskan dulu di antrean, lalu coba lagi."
CONNECT_FIRST = (
    "Akun ini belum punya sambungan ke platformnya. Hubungkan dulu lewat halaman akunnya; antreannya ikut berpindah."
)


@dataclass
class SwitchService:
    now: Callable[[], datetime]
    channels: ChannelService

    async def switch(
        self,
        actor: Actor,
        channel_id: int,
        *,
        environment: str,
        credential: Mapping[str, str] | str | None = None,
    ) -> Channel:
        """To `manual` or to `live`; the same again changes nothing.

        The credential of a live channel is kept sealed, so that the way back is one step. Raises Conflict while something is
        under way, where the account is there already, and where there is no credential to go live with.
        """
        wanted = rules.read_environment(environment)
        if wanted is Environment.PRACTICE:
            raise BadInput("Akun latihan dibuat sebagai akun latihan.", Problem("environment", "live atau manual"))
        actor.must_prove()
        async with self.channels.db.write() as session:
            channel = await managed(session, actor, channel_id)
            rules.must_be_open(channel.state)
            if channel.environment == wanted:
                return channel
            if channel.environment == Environment.PRACTICE:
                raise Conflict("Akun latihan tetap akun latihan. Tambahkan akun sungguhannya sebagai akun baru.")
            await self._check(session, channel, wanted)
            if wanted is Environment.LIVE:
                self._arm(channel, credential)
            channel.environment = wanted
            channel.check_at = self.now() if wanted is Environment.LIVE else None
            if channel.state == State.NEEDS_RECONNECT:
                channel.state, channel.state_reason = State.CONNECTED, ""
            await store.save(session, channel)
            await self.channels.note(session, actor, f"channel.to_{wanted}", channel)
            await self.channels.announce(session, channel)
        return channel

    async def _check(self, session: WriteSession, channel: Channel, wanted: Environment) -> None:
        same = await store.find_same(session, platform=channel.platform, environment=wanted, handle=channel.handle)
        if same is not None:
            raise Conflict(
                f"Akun {channel.handle} di {channel.platform} sudah tercatat dengan cara terbit itu. Pakai akun itu, dan tutup yang ini."
            )
        if await switch_store.count_in_flight(session, channel.id or 0):
            raise Conflict(UNDER_WAY)

    def _arm(self, channel: Channel, credential: Mapping[str, str] | str | None) -> None:
        """Whether the credential still works is asked at once, before anything is due."""
        if credential is not None:
            opened = rules.read_credential(
                credential, environment=Environment.LIVE, platform=channel.platform, handle=channel.handle
            )
            channel.sealed = self.channels.seal.seal(opened) if opened else ""
        address = channel.base_url or self.channels.bases(channel.platform, Environment.LIVE)
        if not channel.sealed or not address:
            raise Conflict(CONNECT_FIRST, Problem("credential", "hubungkan akunnya dulu"))
