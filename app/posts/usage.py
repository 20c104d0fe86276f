"""Where pictures of the library are used."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.accounts.rules import Act, Actor
from app.kit.db import Database
from app.posts import media_store as store
from app.posts.media_store import Use

SHOWN = 50


@dataclass
class UsageService:
    db: Database

    async def uses(self, actor: Actor, media_id: int, *, limit: int = SHOWN) -> Sequence[Use]:
        """The newest posts the actor may see that show it; a picture out of sight is simply nowhere."""
        async with self.db.read() as session:
            return await store.uses(session, actor.paths(Act.READ), media_id, limit=limit)

    async def counts(self, media_ids: Collection[int]) -> Mapping[int, int]:
        """Posts of all units, since one that the actor cannot see keeps a picture from being deleted as well."""
        async with self.db.read() as session:
            found = await store.count_uses(session, media_ids) if media_ids else {}
        return {media_id: found.get(media_id, 0) for media_id in media_ids}
