"""The progress of a broadcast while somebody looks at it: one answer that goes on, instead of a question every two seconds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response, StreamingResponse

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.kit.errors import AppError
from app.web.broadcast import progress_facts
from app.web.frame import frame_for
from app.web.render import block
from app.web.sessions import HouseDep, VisitorDep

router = APIRouter(include_in_schema=False)

LOOK = 1.0
"""Seconds between two looks at the numbers."""
LOOKS = 60
"""After these the browser asks anew, with its session: nobody watches on who may no longer."""
MOST = 100
"""Streams of one process; whoever comes later asks every two seconds, as without streams."""


@dataclass
class Watching:
    """How many streams of this process are open."""

    count: int = 0
    limit: int = field(default=MOST)


watching = Watching()


@router.get("/siaran/{broadcast_id}/langsung")
async def stream(
    request: Request, house: HouseDep, actor: VisitorDep, broadcast_id: Annotated[int, Path(ge=1, lt=2**31)]
) -> Response:
    """Server-sent events: `kemajuan` with the block's HTML whenever it differs, `selesai` once nothing can change."""
    await house.broadcasts.get(actor, broadcast_id)
    if watching.count >= watching.limit:
        return Response(status_code=204)  # a browser does not ask again after this
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _told(request, house, actor, broadcast_id), media_type="text/event-stream", headers=headers
    )


async def _told(request: Request, house: Kentongan, actor: Actor, broadcast_id: int) -> AsyncIterator[str]:
    watching.count += 1
    try:
        frame, said = await frame_for(house, actor), ""
        yield "retry: 2000\n\n"
        for _ in range(LOOKS):
            try:
                view = await house.broadcasts.get(actor, broadcast_id)
            except AppError:
                return
            facts = await progress_facts(house, actor, frame, view)
            html = block(request, "siaran_satu.html", "kemajuan", live=True, **facts)
            yield event("kemajuan", html) if html != said else ": masih\n\n"
            said = html
            if not facts["is_open"]:
                yield event("selesai", "-")
                return
            await asyncio.sleep(LOOK)
    finally:
        watching.count -= 1


def event(name: str, data: str) -> str:
    """As the standard wants it: every line of the data by itself (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"event: {name}\n{lines}\n"
