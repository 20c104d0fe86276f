"""Whose a template or a design is, and who may change it."""

from app.accounts import unit_store
from app.accounts.models import Unit
from app.accounts.rules import Act, Actor, UnitKind
from app.kit.db import ReadSession
from app.kit.errors import Forbidden, NotFound


async def owner_of(session: ReadSession, actor: Actor, unit_id: int | None) -> Unit:
    """The unit that will own something new; None: where the actor keeps templates. Raises NotFound, Forbidden."""
    if unit_id is None:
        unit_id = next(grant.unit_id for grant in actor.grants if grant.path in actor.paths(Act.TEMPLATES))
    unit = await unit_store.unit(session, unit_id, paths=actor.paths(Act.READ))
    if unit is None:
        raise NotFound("Unit itu tidak ditemukan.")
    actor.must(Act.TEMPLATES, unit.path)
    return unit


async def must_keep(
    session: ReadSession, actor: Actor, *, owner_id: int | None, election_id: int, what: str = "Templat"
) -> None:
    """Raises Forbidden unless the actor may change it; what was shipped belongs to the KPU of its election."""
    if owner_id is not None:
        owned = await unit_store.unit(session, owner_id, paths=actor.paths(Act.TEMPLATES))
    else:
        tops = [grant.unit_id for grant in actor.grants if grant.kind is UnitKind.KPU]
        units = await unit_store.units_in(session, actor.paths(Act.TEMPLATES), ids=tops)
        owned = next((unit for unit in units if unit.election_id == election_id), None)
    if owned is None:
        raise Forbidden(
            f"{what} ini milik unit di atas Anda. Minta Divisi Sosdiklih KPU mengubahnya, atau buat {what.lower()} sendiri."
        )
