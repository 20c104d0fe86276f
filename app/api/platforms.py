"""The door to what each platform takes: its limits, and what an author may choose there beyond the words."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from app.api.deps import ActorDep, HouseDep, LimitedRoute, Row
from app.platforms.contract import Adapter, OptionKind

router = APIRouter(tags=["akun"], route_class=LimitedRoute)


class ChoiceRow(BaseModel):
    value: str = Field(examples=["following"])
    words: str = Field(examples=["Akun yang diikuti"])


class OptionRow(BaseModel):
    name: str = Field(examples=["replies"])
    label: str = Field(examples=["Siapa yang boleh membalas"])
    kind: OptionKind = Field(description="choice: salah satu `choices`; yes: true; text, link: tulisan; names: daftar.")
    choices: list[ChoiceRow]
    most: int = Field(description="Huruf terbanyak (text) atau butir terbanyak (names); 0: tidak berlaku.")
    usual: str = Field(description="Yang terjadi bila tidak dipilih.")
    help: str


class PlatformRow(Row):
    name: str = Field(examples=["x"])
    title: str = Field(examples=["X"])
    text: int = Field(examples=[280], description="Panjang teks terbanyak, menurut hitungan platformnya.")
    images: int = Field(examples=[4])
    takes_video: bool
    needs_media: bool = Field(description="Tanpa foto atau video milik unit tidak dapat terbit.")
    by_hand: bool = Field(description="Hanya dapat diunggah sendiri: WhatsApp, radio, papan pengumuman dan sebagainya.")
    options: list[OptionRow]


class PlatformList(BaseModel):
    data: list[PlatformRow]


@router.get("/platforms", summary="Platform yang didukung, batasnya, dan pilihan lanjutannya")
async def list_platforms(house: HouseDep, _actor: ActorDep) -> PlatformList:
    return PlatformList(data=[_row(adapter) for adapter in house.platforms.values()])


def _row(adapter: Adapter) -> PlatformRow:
    limits = adapter.limits
    options = [
        OptionRow(
            name=option.name, label=option.label, kind=option.kind, most=option.most, usual=option.usual, help=option.help,
            choices=[ChoiceRow(value=value, words=words) for value, words in option.choices],
        )
        for option in adapter.options
    ]  # fmt: skip
    return PlatformRow(
        name=adapter.name, title=adapter.title, text=limits.text, images=limits.images, needs_media=limits.needs_media,
        takes_video=limits.video is not None, by_hand=getattr(adapter, "by_hand", False), options=options,
    )  # fmt: skip
