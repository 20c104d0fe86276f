"""What people say to each other about a post, and a reviewer's hand on it: not yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.accounts.rules import Act, Actor
from app.audit.service import record, tell
from app.kit.db import Database, ReadSession, WriteSession
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound, Problem
from app.posts import review_store, review_telling, store
from app.posts.models import Post, Remark
from app.posts.review_rules import RemarkKind
from app.posts.rules import PostState
from app.publishing import pause_store
from app.publishing.models import Pause

LONGEST = 1000
MOST = 200
_HELD = (PostState.IN_REVIEW, PostState.APPROVED, PostState.SCHEDULED)


@dataclass(frozen=True)
class RemarkView:
    id: int
    kind: RemarkKind
    user_id: int
    name: str
    text: str
    created_at: datetime


@dataclass(frozen=True)
class Conversation:
    """Oldest first. `is_asked`: a reviewer's question has no answer yet. `hold`: why a reviewer holds the post; empty: nobody does."""

    remarks: Sequence[RemarkView]
    is_asked: bool
    hold: str


@dataclass
class Discussing:
    db: Database
    now: Callable[[], datetime]

    async def read(self, actor: Actor, post_id: int) -> Conversation:
        async with self.db.read() as session:
            await self._found(session, actor, post_id)
            return await self._conversation(session, actor, post_id)

    async def say(
        self, actor: Actor, post_id: int, text: str, *, kind: RemarkKind = RemarkKind.COMMENT
    ) -> Conversation:
        """Whoever may write for the unit may say something; a question is a reviewer's, and goes to the authors.

        Raises NotFound, Forbidden, BadInput without words, Conflict when there are too many.
        """
        said = text.strip()
        if not 0 < len(said) <= LONGEST:
            raise BadInput(f"Tulis pesannya, paling panjang {LONGEST} huruf.", Problem("text", "wajib diisi"))
        async with self.db.write() as session:
            post, path = await self._found(session, actor, post_id)
            actor.must(Act.WRITE, path)
            if kind is RemarkKind.QUESTION:
                actor.must(Act.REVIEW, path)
                if actor.user_id in review_telling.authors_of(post):
                    raise Forbidden("Anda yang menulis unggahan ini. Beri catatan saja; peninjau akan membacanya.")
            before = await review_store.remarks_of(session, actor.paths(Act.READ), post_id, limit=MOST)
            if len(before) >= MOST:
                raise Conflict("Percakapan ini sudah terlalu panjang. Setujui atau tolak unggahannya.")
            row = Remark(post_id=post_id, user_id=actor.user_id, kind=kind, text=said, created_at=self.now())
            await review_store.add_remark(session, row)
            took_part = {remark.user_id for remark, _ in before} - {actor.user_id}
            if actor.user_id not in review_telling.authors_of(post):
                took_part |= review_telling.authors_of(post)
            event = review_telling.remarked(post, actor, kind, said, to=sorted(took_part))
            await tell(session, [event], at=self.now())
            await self._note(session, actor, "post.remark", post_id, {"kind": str(kind), "text": said})
            return await self._conversation(session, actor, post_id)

    async def hold(self, actor: Actor, post_id: int, *, reason: str) -> None:
        """Nothing of it leaves until it is released; its approval stays. Raises NotFound, Forbidden, BadInput, Conflict."""
        said = reason.strip()
        if not said:
            raise BadInput("Tulis alasan menahan unggahan ini.", Problem("reason", "wajib diisi"))
        async with self.db.write() as session:
            post, path = await self._found(session, actor, post_id)
            actor.must(Act.REVIEW, path)
            if post.state not in _HELD:
                raise Conflict("Hanya unggahan yang menunggu tinjauan atau terjadwal yang dapat ditahan.")
            if await pause_store.hold_of(session, post_id):
                raise Conflict("Unggahan ini sudah ditahan.")
            row = Pause(
                unit_id=post.unit_id, path=path, post_id=post_id, reason=said, created_by=actor.user_id,
                created_at=self.now(),
            )  # fmt: skip
            session.add(row)
            await session.flush()
            reason = pause_store.SAYS_OF_ONE + said
            row.held = await pause_store.hold(session, pause_store.of_post(post_id), reason=reason)
            await tell(session, [review_telling.held(post, actor, said)], at=self.now())
            await self._note(session, actor, "post.hold", post_id, {"reason": said, "held": row.held})

    async def release(self, actor: Actor, post_id: int) -> None:
        """What was approved and is still good goes on; what has passed its limit is missed."""
        async with self.db.write() as session:
            _, path = await self._found(session, actor, post_id)
            actor.must(Act.REVIEW, path)
            row = await pause_store.hold_of(session, post_id)
            if row is None:
                raise Conflict("Unggahan ini tidak sedang ditahan.")
            row.ended_at, row.ended_by = self.now(), actor.user_id
            session.add(row)
            await session.flush()
            released = await pause_store.release(session, pause_store.of_post(post_id), now=self.now())
            await self._note(session, actor, "post.release", post_id, {"released": released})

    async def _conversation(self, session: ReadSession, actor: Actor, post_id: int) -> Conversation:
        found = await review_store.remarks_of(session, actor.paths(Act.READ), post_id, limit=MOST)
        hold = await pause_store.hold_of(session, post_id)
        views = [
            RemarkView(row.id or 0, RemarkKind(row.kind), row.user_id, name, row.text, row.created_at)
            for row, name in found
        ]
        is_asked = bool(views) and views[-1].kind is RemarkKind.QUESTION
        return Conversation(views, is_asked, hold.reason if hold else "")

    async def _found(self, session: ReadSession, actor: Actor, post_id: int) -> tuple[Post, str]:
        found = await store.find_post(session, actor.paths(Act.READ), post_id)
        if found is None:
            raise NotFound("Unggahan ini tidak ada, atau bukan milik unit Anda.")
        return found

    async def _note(
        self, session: WriteSession, actor: Actor, action: str, post_id: int, detail: dict[str, object]
    ) -> None:
        await record(session, at=self.now(), actor=actor.label, action=action, subject=f"post:{post_id}", detail=detail)
