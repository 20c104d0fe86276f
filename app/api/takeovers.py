"""The door to accounts that were hacked: the alarm, the steps back, and the way out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, Field

from app.api.channels import ChannelId
from app.api.deps import ActorDep, Body, HouseDep, LimitedRoute, Row
from app.api.shapes import AnId, Reason
from app.publishing.takeover_rules import NOTIFICATION, RECOVERY, SAFE, Revoke, Verdict
from app.publishing.takeovers import Alarm, TakeoverView

router = APIRouter(route_class=LimitedRoute, tags=["akun"])

PostId = Annotated[int, Path(ge=1, lt=2**31)]


class StrangeRow(Row):
    id: int = Field(examples=[4])
    remote_id: str
    text: str
    url: str | None
    created_at: datetime | None
    verdict: Verdict


class StepRow(Row):
    step: str = Field(examples=["sandi"])
    words: str
    kind: str = Field(examples=["recovery"], description="recovery atau notification.")
    deadline_at: datetime | None = Field(description="Batas pemberitahuan 3 x 24 jam; null: tanpa batas.")
    done_at: datetime | None
    done_by: str | None


class TakeoverRow(Row):
    channel_id: int
    is_open: bool
    since: datetime | None = None
    reported_at: datetime | None = None
    deadline_at: datetime | None = None
    ended_at: datetime | None = None
    moved: int = Field(0, description="Kiriman yang dialihkan ke akun lain.")
    by_hand: int = Field(0, description="Kiriman yang menjadi tugas orang.")
    people: list[int] = Field(default_factory=list, description="Orang yang sesi, tautan dan tokennya diakhiri.")
    revoke_state: Revoke | None = Field(None, description="Apakah platform sudah mencabut sambungan kita.")
    revoke_said: str = ""
    looked_at: datetime | None = None
    look_said: str = ""
    strange: Sequence[StrangeRow] = ()
    steps: Sequence[StepRow] = ()


class NewAlarm(Body):
    since: AwareDatetime | None = Field(None, description="Sejak kapan unggahan diperiksa; kosong: 24 jam terakhir.")
    people: list[AnId] | None = Field(
        None, max_length=200, description="Orang unit yang aksesnya diakhiri; kosong: yang menyambungkan akun."
    )
    to: str = Field(SAFE, max_length=20, examples=["safe"], description="safe, manual, hold, atau satu platform.")
    note: Reason = ""


class Tick(Body):
    done: bool = True


class Judgement(Body):
    verdict: str = Field(max_length=10, examples=["gone"], description="open, ours, atau gone (sudah dihapus).")


@router.get("/channels/{channel_id}/hacked", summary="Pemulihan akun yang diretas")
async def read_takeover(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> TakeoverRow:
    return _row(await house.takeovers.get(actor, channel_id))


@router.post("/channels/{channel_id}/hacked", summary="Akun diretas: jeda, cabut sambungan, alihkan antrean")
async def raise_alarm(house: HouseDep, actor: ActorDep, channel_id: ChannelId, body: NewAlarm) -> TakeoverRow:
    alarm = Alarm(body.since, body.people, body.to, body.note)
    return _row(await house.takeovers.raise_alarm(actor, channel_id, alarm))


@router.post("/channels/{channel_id}/hacked/look", summary="Baca lagi unggahan asing di akun")
async def look_again(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> TakeoverRow:
    return _row(await house.takeovers.look_again(actor, channel_id))


@router.put("/channels/{channel_id}/hacked/steps/{step}", summary="Tandai satu langkah pemulihan")
async def tick(
    house: HouseDep, actor: ActorDep, channel_id: ChannelId, step: Annotated[str, Path(max_length=30)], body: Tick
) -> TakeoverRow:
    return _row(await house.takeovers.tick(actor, channel_id, step, is_done=body.done))


@router.put("/channels/{channel_id}/hacked/posts/{post_id}", summary="Tandai satu unggahan asing")
async def judge(
    house: HouseDep, actor: ActorDep, channel_id: ChannelId, post_id: PostId, body: Judgement
) -> TakeoverRow:
    return _row(await house.takeovers.judge(actor, channel_id, post_id, body.verdict))


@router.post("/channels/{channel_id}/hacked/end", summary="Akun sudah aman: lanjutkan")
async def end_takeover(house: HouseDep, actor: ActorDep, channel_id: ChannelId) -> TakeoverRow:
    return _row(await house.takeovers.end(actor, channel_id))


def _row(view: TakeoverView) -> TakeoverRow:
    row = view.row
    if row is None:
        return TakeoverRow(channel_id=view.channel.id or 0, is_open=False)
    return TakeoverRow(
        channel_id=row.channel_id, is_open=view.is_open, since=row.since_at, reported_at=row.reported_at, deadline_at=row.deadline_at,
        ended_at=row.ended_at, moved=row.moved, by_hand=row.by_hand, people=row.people, revoke_state=Revoke(row.revoke_state),
        revoke_said=row.said, looked_at=row.looked_at, look_said=row.look_said,
        strange=[StrangeRow.model_validate(one) for one in view.strange], steps=_steps(row.ticks, row.deadline_at),
    )  # fmt: skip


def _steps(ticks: Mapping[str, Any], deadline_at: datetime) -> list[StepRow]:
    return [
        StepRow(
            step=step.key, words=step.words, kind=kind, deadline_at=deadline_at if step.has_deadline else None,
            done_at=ticks.get(step.key, {}).get("at"), done_by=ticks.get(step.key, {}).get("by"),
        )
        for kind, steps in (("recovery", RECOVERY), ("notification", NOTIFICATION))
        for step in steps
    ]  # fmt: skip
