"""Hand-offs: what a person publishes in the platform's own app, with text and pictures at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.publishing.read_store import Filter
from app.publishing.rules import State
from app.web.cards import Card, cards_for
from app.web.pictures import Photo, photos_of
from app.web.render import page
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

PAGE = 20


@dataclass(frozen=True)
class Task:
    """`is_now`: its minute has come."""

    card: Card
    text: str
    photos: Sequence[Photo]
    is_now: bool


@router.get("/tugas")
async def list_tasks(
    request: Request, house: HouseDep, actor: VisitorDep, cursor: Annotated[str | None, Query(max_length=400)] = None
) -> Response:
    found = await house.publishing.list(actor, Filter(states=(State.MANUAL,)), limit=PAGE, cursor=cursor)
    cards, now = await cards_for(house, actor, found.rows), house.clock.now()
    tasks = []
    for view, card in zip(found.rows, cards, strict=True):
        post = await house.posts.get(actor, view.post_id)
        tasks.append(Task(card, view.text, await photos_of(house, actor, post), view.due_at <= now))
    return await page(
        request, house, actor, "tugas.html", part="daftar", tasks=tasks, is_first=cursor is None,
        more=f"/tugas?cursor={found.next}" if found.next else None,
    )  # fmt: skip
