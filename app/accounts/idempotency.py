"""How a call that its sender repeats is carried out once and answered alike every time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.accounts import idempotency_store as store
from app.accounts.models import IdempotentCall
from app.kit.db import Database
from app.kit.errors import BadInput, Conflict, Problem
from app.kit.seal import Seal, Unreadable

KEPT = timedelta(hours=24)
LONGEST_KEY = 255
HEADER = "Idempotency-Key"


class State(StrEnum):
    RUNNING = "running"
    DONE = "done"


class StillRunning(Conflict):
    """The first call has not ended yet: ask again shortly."""

    kind = "still-running"


class Interrupted(Conflict):
    """Nobody knows whether the first call did its work, and doing it twice would be worse than asking."""

    kind = "interrupted"


@dataclass(frozen=True)
class Call:
    """`holder`: the hash of the token or session; `name`: method and path; `request_hash`: of what was sent."""

    user_id: int
    holder: str
    name: str
    key: str
    request_hash: str


@dataclass(frozen=True)
class Answer:
    """What the first call was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Turn:
    """The right to carry a call out; ends with `keep` or `forget`."""

    id: int


@dataclass(frozen=True)
class IdempotencyService:
    """`patience`: after so long a call that never ended counts as interrupted."""

    db: Database
    seal: Seal
    now: Callable[[], datetime]
    patience: timedelta

    async def begin(self, call: Call) -> Turn | Answer:
        """A turn for whoever comes first, the kept answer for all who come later.

        Raises BadInput for another request under the same key, StillRunning, Interrupted.
        """
        now = self.now()
        row = {
            "user_id": call.user_id,
            "holder": call.holder,
            "name": call.name,
            "key": call.key,
            "request_hash": call.request_hash,
            "state": State.RUNNING,
            "started_at": now,
            "expires_at": now + KEPT,
            "headers": {},
            "sealed_body": "",
        }
        async with self.db.write() as session:
            await store.drop_expired(session, now=now, holder=call.holder)
            claimed = await store.claim(session, row)
            if claimed is not None:
                return Turn(claimed)
            found = await store.find(session, holder=call.holder, name=call.name, key=call.key)
        if found is None:  # its first call failed in this very moment and was forgotten
            raise _still_running()
        return self._again(call, found)

    async def keep(self, turn: Turn, answer: Answer) -> None:
        """From now on this answers every repetition."""
        values = {
            "state": State.DONE,
            "http_status": answer.status,
            "headers": dict(answer.headers),
            "sealed_body": self.seal.seal({"body": answer.body.decode("utf-8", "surrogateescape")}),
        }
        async with self.db.write() as session:
            await store.settle(session, turn.id, values)

    async def forget(self, turn: Turn) -> None:
        """The call came to nothing; its repetition is a first one."""
        async with self.db.write() as session:
            await store.drop(session, turn.id)

    async def sweep(self) -> int:
        """Drops what is past its time; answers how many."""
        async with self.db.write() as session:
            return await store.drop_expired(session, now=self.now())

    def _again(self, call: Call, found: IdempotentCall) -> Answer:
        if found.request_hash != call.request_hash:
            raise BadInput(
                f"{HEADER} ini sudah dipakai untuk permintaan lain. Pakai kunci baru untuk setiap permintaan baru.",
                Problem(HEADER, "sudah dipakai untuk permintaan lain"),
            )
        if found.state == State.RUNNING:
            if self.now() - found.started_at < self.patience:
                raise _still_running()
            raise _interrupted()
        try:
            body = self.seal.open(found.sealed_body)["body"]
        except Unreadable as error:
            raise _interrupted() from error
        assert found.http_status is not None
        return Answer(found.http_status, found.headers, body.encode("utf-8", "surrogateescape"))


def _still_running() -> StillRunning:
    return StillRunning(
        "Permintaan yang sama masih dikerjakan. Tunggu sebentar, lalu kirim lagi dengan kunci yang sama."
    )


def _interrupted() -> Interrupted:
    return Interrupted(
        "Permintaan pertama dengan kunci ini terputus, jadi hasilnya tidak diketahui. Periksa dulu apakah sudah terjadi, "
        "lalu kirim lagi dengan kunci baru bila belum."
    )
