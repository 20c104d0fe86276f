"""What is known of one person, handed out or forgotten (UU 27/2022 on personal data), without breaking the audit chain."""

from typing import Any

from app.accounts.models import User
from app.audit.service import record
from app.bootstrap import Kentongan
from app.kit.errors import Conflict
from app.operations import person_store as store


async def export_person(house: Kentongan, user: User) -> dict[str, Any]:
    """Everything but what proves them: their own rows, what they made (by id), and what they did."""
    assert user.id is not None
    async with house.db.read() as session:
        own = {table.name: await store.rows_about(session, table, user.id) for table in store.own_tables()}
        made = {
            f"{table.name}.{column}": await store.ids_made(session, table, column, user.id)
            for table, column in store.made_by()
        }
        person, acts = await store.the_user(session, user.id), await store.acts_of(session, f"user:{user.id}")
    return {
        "person": person,
        "own": {name: rows for name, rows in own.items() if rows},
        "made": {name: ids for name, ids in made.items() if ids},
        "acts": acts,
    }


async def erase_person(house: Kentongan, user: User) -> int:
    """Name and address are replaced, everything of their own is deleted; posts and the audit chain keep only a number.

    Answers how many rows went. Raises Conflict for the last active admin at the root, whom nobody could replace.
    """
    assert user.id is not None
    if not await house.people.has_other_admin(user.id):
        raise Conflict(
            "Ini satu-satunya admin KPU yang aktif. Tambahkan admin lain dulu: kentongan user add ... --role admin"
        )
    async with house.db.write() as session:
        gone = await store.forget(
            session, user.id, name=f"Orang terhapus {user.id}", email=f"terhapus-{user.id}@terhapus.invalid"
        )
        subject = f"user:{user.id}"
        await record(session, at=house.clock.now(), actor="operator", action="user.erase", subject=subject)
    return gone
