"""Pieces of requests and answers that several routes share."""

from datetime import datetime, time
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field, field_validator, model_validator

from app.api.deps import Body, Moment, Row
from app.posts.postering import PosterWish
from app.posts.rules import Anchor, Timing
from app.publishing.rules import Outcome, State

MAX_ID = 2**31 - 1
Id = Annotated[int, Path(ge=1, le=MAX_ID)]
AnId = Annotated[int, Field(ge=1, le=MAX_ID)]
Environment = Literal["live", "practice", "manual"]
Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["id"])]
Code = Annotated[str, Field(max_length=40, pattern=r"^[\w.-]*$", examples=["PYL-06"])]
Text = Annotated[str, Field(max_length=70_000, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$", examples=["Tanggalnya keliru"])]
Variables = Annotated[
    dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=500)] | int], Field(max_length=60)
]


Options = Annotated[
    dict[Annotated[str, Field(max_length=30)], Annotated[dict[str, bool | str | list[str]], Field(max_length=20)]],
    Field(max_length=20, description="Pilihan lanjutan per platform; GET /platforms menyebut yang dikenal."),
]


class AnchorBody(Body):
    """So many days before (negative) or after a stage's start or end, at a local time of the unit."""

    tahapan: Code = Field(examples=["PYL-07"])
    edge: Literal["start", "end"] = Field("start", examples=["start"])
    offset_days: int = Field(0, ge=-400, le=400, examples=[-7])
    time: str = Field(pattern=r"^([01]\d|2[0-3])[:.][0-5]\d$", examples=["09:00"])


class PosterBody(Body):
    """A poster of a design, drawn for each unit when it is published; not shown on TikTok."""

    design_id: AnId = Field(examples=[2])
    headline: str = Field(
        "", max_length=160, examples=["Cek nama Anda"], description="Kosong: judul templat atau kalimat pertama."
    )

    def as_wish(self) -> PosterWish:
        return PosterWish(self.design_id, self.headline)


class TimingBody(Body):
    """Either `at` (RFC 3339 with offset) or `anchor`."""

    at: Moment | None = Field(None, examples=["2024-11-20T09:00:00+07:00"])
    anchor: AnchorBody | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "TimingBody":
        if (self.at is None) == (self.anchor is None):
            raise ValueError("isi salah satu: at atau anchor")
        return self

    def as_timing(self) -> Timing:
        if self.anchor is None:
            return Timing(at=self.at)
        a = self.anchor
        return Timing(anchor=Anchor(a.tahapan, a.edge, a.offset_days, time.fromisoformat(a.time.replace(".", ":"))))


class ReasonBody(Body):
    reason: Reason = ""


class AttemptRow(Row):
    n: int = Field(examples=[1])
    kind: str = Field(examples=["send"], description="send, atau look: pengecekan ke platform.")
    started_at: datetime
    ended_at: datetime
    outcome: Outcome = Field(examples=["published"])
    http_status: int | None = Field(examples=[201])
    code: str
    detail: str


class WishRow(Row):
    reason: str = Field(examples=["Tanggalnya keliru"])
    asked_at: datetime
    by_hand: bool = Field(description="Sistem tidak dapat menghapusnya: seseorang perlu menghapus sendiri di akunnya.")
    said: str = Field(description="Jawaban terakhir platform, bila belum berhasil.")


class DeliveryRow(Row):
    id: int = Field(examples=[301])
    post_id: int = Field(examples=[75])
    broadcast_id: int | None
    channel_id: int = Field(examples=[12])
    unit_id: int = Field(examples=[17])
    unit_name: str = Field(examples=["PPS Cilendek Barat"])
    platform: str = Field(examples=["instagram"])
    environment: Environment = Field(examples=["practice"])
    handle: str = Field(examples=["pps.cilendekbarat"])
    state: State = Field(examples=["published"])
    reason: str = Field(examples=[""], description="Mengapa keadaannya begini, bila bukan karena semuanya lancar.")
    text: str
    due_at: datetime
    valid_until: datetime
    published_at: datetime | None
    late_seconds: float | None = Field(examples=[0.4])
    remote_id: str | None
    url: str | None
    proof_id: int | None = Field(None, description="Gambar bukti dari yang mengunggah sendiri (GET /media/{id}/file).")
    attempts: list[AttemptRow] = []
    withdrawal: WishRow | None = Field(None, description="Diminta dihapus di platform dan belum terhapus.")
    in_place: bool = Field(False, description="Menyunting unggahan yang sudah terbit; tidak membuat yang baru.")
    edited_by: int | None = Field(
        None, description="Kiriman yang kemudian menyunting ini di tempat; hanya pada satu kiriman."
    )


class VariantRow(Row):
    platform: str = Field(examples=["x"])
    text: str
    length: int = Field(examples=[204], description="Menurut cara hitung platform itu sendiri.")
    limit: int = Field(examples=[280])


class PriceRow(Row):
    """What live deliveries cost where a platform bills by the post; 0 where none does."""

    usd: float = Field(examples=[0.015], description="Dolar AS.")
    posts: int = Field(examples=[1], description="Berapa kiriman yang berbayar.")
    with_link: int = Field(examples=[0], description="Di antaranya yang memuat tautan dan lebih mahal.")
    sentence: str = Field(examples=["Perkiraan biaya X: US$0,015 untuk 1 unggahan."])


class FindingRow(Row):
    rule: str = Field(examples=["G18_tanggal_pemungutan_salah"])
    level: Literal["block", "review", "remind"] = Field(examples=["block"])
    reason: str
    span: tuple[int, int] = Field(examples=[(0, 12)])
    title: str = Field("", examples=["Tanggal pemungutan suara keliru"])
    basis: str = Field("", examples=["DKPP 2/2017 ps. 9; PKPU 2/2024"], description="Dasar hukum.")
    exempt: str = Field("", description="Alasan peninjau membebaskan temuan ini; kosong: berlaku.")

    @field_validator("span", mode="before")
    @classmethod
    def _as_pair(cls, value: Any) -> Any:
        return tuple(value)
