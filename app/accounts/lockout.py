"""Shuts every door that a person has open, for when somebody else may stand in one of them."""

from collections.abc import Sequence
from datetime import datetime

from app.accounts import proof_store, store
from app.accounts.tokens import hash_of
from app.kit.db import WriteSession


async def lock_out(
    session: WriteSession, user_ids: Sequence[int], *, now: datetime, keep: str = "", keeper: int | None = None
) -> None:
    """Ends their screens, unused links and API tokens. `keep` is the screen of `keeper`, who asks for it and stays in."""
    for user_id in user_ids:
        if user_id == keeper and keep:
            await proof_store.end_other_sessions(session, user_id, hash_of(keep), now=now)
        else:
            await store.end_sessions_of(session, user_id, now=now)
        await store.end_links_of(session, user_id, now=now)
        await store.end_tokens_of(session, user_id, now=now)
