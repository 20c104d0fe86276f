"""The door to the library: list, describe, order and tidy up pictures and videos, and see where they are used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, PageDep, Row, linked
from app.api.media import MediaId, MediaRow, row_of
from app.content.library import MediaChange
from app.content.media_store import MediaFilter
from app.kit.paging import Page

router = APIRouter(route_class=LimitedRoute, tags=["media"])


class ListedMedia(MediaRow):
    used: int = Field(examples=[3], description="Dipakai oleh sekian unggahan, di unit mana pun.")


class MediaList(Row):
    data: Sequence[ListedMedia]
    next: str | None = Field(None, examples=[None])


class UseRow(Row):
    post_id: int = Field(examples=[75])
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    state: str = Field(examples=["scheduled"])
    due_at: datetime | None


class Uses(Row):
    data: Sequence[UseRow]


class MediaEdit(Body):
    """Only what is sent changes. `alt_texts` are merged by language; an empty one is taken away."""

    alt_text: str | None = Field(None, max_length=2000, examples=["Petugas menyapa pedagang di pasar."])
    alt_texts: dict[str, Annotated[str, Field(max_length=2000)]] | None = Field(
        None, examples=[{"su": "Patugas nyapa padagang di pasar."}]
    )
    tags: list[Annotated[str, Field(max_length=100)]] | None = Field(
        None, max_length=50, examples=[["pasar", "kampanye"]]
    )


@router.get("/media", summary="Pustaka: gambar dan video yang dapat dipakai")
async def list_media(
    request: Request,
    response: Response,
    house: HouseDep,
    actor: ActorDep,
    page: PageDep,
    q: Annotated[str | None, Query(max_length=100, description="Kata dalam teks alternatif atau tag.")] = None,
    tag: Annotated[str | None, Query(max_length=40)] = None,
    kind: Annotated[Literal["upload", "video"] | None, Query()] = None,
    unit: Annotated[int | None, Query(ge=1, lt=2**31, description="Unit pemilik.")] = None,
) -> MediaList:
    wanted = MediaFilter(q=q, tag=tag, kind=kind, unit_id=unit)
    found = await house.library.list(actor, wanted, limit=page.limit, cursor=page.cursor)
    response.headers.update(linked(request, Page[object](found.rows, found.next)))
    used = await house.usage.counts([row.id or 0 for row in found.rows])
    rows = [ListedMedia(**row_of(row).model_dump(), used=used[row.id or 0]) for row in found.rows]
    return MediaList(data=rows, next=found.next)


@router.patch("/media/{media_id}", summary="Ubah teks alternatif dan tag")
async def edit_media(house: HouseDep, actor: ActorDep, media_id: MediaId, body: MediaEdit) -> MediaRow:
    change = MediaChange(alt_text=body.alt_text, alt_texts=body.alt_texts, tags=body.tags)
    return row_of(await house.library.edit(actor, media_id, change))


@router.delete("/media/{media_id}", status_code=204, summary="Hapus yang tidak dipakai")
async def delete_media(house: HouseDep, actor: ActorDep, media_id: MediaId) -> None:
    await house.library.delete(actor, media_id)


class CaptionsBody(Body):
    lang: str = Field("id", max_length=8)
    text: str = Field(
        max_length=200_000,
        examples=["1\n00:00:00,000 --> 00:00:02,000\nHalo, warga!\n"],
        description="SubRip atau WebVTT.",
    )


class CaptionsRow(Row):
    captions: dict[str, str] = Field(description="SubRip menurut bahasa.")


@router.get("/media/{media_id}/captions", summary="Takarir video")
async def get_captions(house: HouseDep, actor: ActorDep, media_id: MediaId) -> CaptionsRow:
    return CaptionsRow(captions=await house.library.captions(actor, media_id))


@router.post("/media/{media_id}/captions", summary="Simpan takarir video satu bahasa")
async def put_captions(house: HouseDep, actor: ActorDep, media_id: MediaId, body: CaptionsBody) -> CaptionsRow:
    await house.library.put_captions(actor, media_id, lang=body.lang, data=body.text.encode())
    return CaptionsRow(captions=await house.library.captions(actor, media_id))


@router.get("/media/{media_id}/uses", summary="Dipakai di unggahan mana")
async def list_uses(house: HouseDep, actor: ActorDep, media_id: MediaId) -> Uses:
    await house.media.get(actor, media_id)
    return Uses(data=[UseRow.model_validate(use) for use in await house.usage.uses(actor, media_id)])
