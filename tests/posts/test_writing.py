"""Writing a post: a draft keeps anything, a post with a time is checked in full."""

from datetime import timedelta

import pytest

from app.accounts.rules import Actor
from app.kit.errors import AppError, BadInput, Forbidden, NotFound
from app.posts.rules import Anchor, PostState, Timing
from app.posts.service import PostInput, PostView
from app.publishing.rules import State
from tests.posts.conftest import Place
from tests.support.cast import id_of
from tests.support.house import add_template, channels_of

SOON = timedelta(hours=2)


def in_(place: Place, span: timedelta) -> Timing:
    return Timing(at=place.house.clock.now() + span)


async def write(place: Place, actor: Actor, **fields: object) -> PostView:
    """A post of PPS Cilendek Barat."""
    unit_id = fields.pop("unit_id", id_of(place.cast.cilendek))
    return await place.house.posts.create(actor, PostInput(unit_id=unit_id, **fields))  # type: ignore[arg-type]


async def refused(place: Place, actor: Actor, **fields: object) -> AppError:
    with pytest.raises(AppError) as caught:
        await write(place, actor, **fields)
    page = await place.house.posts.list(place.cast.dewi, _everything(), limit=10)
    assert not page.rows, "something was written all the same"
    return caught.value


def _everything() -> object:
    from app.posts.store import PostFilter

    return PostFilter()


async def test_a_draft_keeps_any_text_and_says_what_stands_in_its_way(place: Place) -> None:
    text = "Ayo coblos nomor 3! " + "y" * 300
    post = await write(place, place.cast.sari, text=text)
    assert (post.state, post.text, post.deliveries, post.due_at) == (PostState.DRAFT, text, [], None)
    said = {problem["field"]: problem["message"] for problem in post.problems}
    assert said["text.x"] == "Teks untuk X terlalu panjang: 320 dari 280, kelebihan 40."
    assert "netral" in said["text"]
    assert [finding["rule"] for finding in post.guard] == ["G01_ajakan_paslon"]


async def test_a_too_long_text_names_each_platform_and_the_amount(place: Place) -> None:
    error = await refused(place, place.cast.sari, text="a" * 2500, timing=in_(place, SOON))
    assert isinstance(error, BadInput)
    assert {problem.field: problem.message for problem in error.problems} == {
        "text.x": "Teks untuk X terlalu panjang: 2500 dari 280, kelebihan 2220.",
        "text.instagram": "Teks untuk Instagram terlalu panjang: 2500 dari 2200, kelebihan 300.",
    }


async def test_a_missing_variable_is_named(place: Place) -> None:
    template = await add_template(place.house, place.cast, "Kumpul di {{ tempat_kegiatan }}, {{ nama_unit }}.")
    error = await refused(place, place.cast.sari, template_id=template, timing=in_(place, SOON))
    problem = error.problems[0]
    assert (problem.field, "tempat_kegiatan" in problem.message) == ("variables.tempat_kegiatan", True)
    assert "{{" not in error.message


async def test_an_unknown_variable_is_refused_and_the_known_ones_are_told(place: Place) -> None:
    error = await refused(place, place.cast.sari, template_id=place.template, variables={"nama_unti": "PPS"})
    assert error.problems[0].field == "variables.nama_unti"
    assert "nama_unit, wilayah" in error.message


async def test_a_channel_of_another_unit_is_refused(place: Place) -> None:
    foreign = (await channels_of(place.house, place.cast, place.cast.menteng))["x"]
    error = await refused(place, place.cast.sari, text="Halo", channels=[foreign.id], timing=in_(place, SOON))
    assert isinstance(error, BadInput)
    assert error.problems[0].field == "channels"


@pytest.mark.parametrize(("who", "kind"), [("citra", NotFound), ("vino", Forbidden)])
async def test_a_unit_out_of_sight_is_not_there_and_one_in_sight_is_refused(
    place: Place, who: str, kind: type[AppError]
) -> None:
    actor: Actor = getattr(place.cast, who)
    assert isinstance(await refused(place, actor, text="Halo", timing=in_(place, SOON)), kind)


async def test_a_template_of_another_kecamatan_is_not_there(place: Place) -> None:
    from app.content.drafts import Draft

    draft = Draft("punya-barat", "Punya Barat", ("*",), ("pps",), {("id", "short"): "Halo {{ nama_unit }}"})
    theirs = await place.house.templates.add(place.cast.budi, draft, unit_id=id_of(place.cast.ppk_barat))
    with pytest.raises(NotFound):
        await write(place, place.cast.citra, unit_id=id_of(place.cast.bantarjati), template_id=theirs.id)


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"text": "Halo", "timing": timedelta(hours=-1)}, "timing", "sudah lewat"),
        ({"text": "Halo", "timing": timedelta(days=800)}, "timing", "terlalu jauh"),
        ({"text": "Ayo coblos nomor 3!", "timing": SOON}, "text", "netral"),
        ({"text": "  ", "timing": SOON}, "text.x", "masih kosong"),
        ({"timing": SOON}, "text", "Tulis teksnya"),
        ({"text": "Halo", "overrides": {"myspace": "Halo"}, "timing": SOON}, "overrides", "myspace"),
        ({"text": "Halo", "tahapan": "ZZZ-99", "timing": SOON}, "tahapan", "ZZZ-99"),
    ],
)
async def test_what_cannot_go_out_is_refused_in_words(
    place: Place, fields: dict[str, object], field: str, says: str
) -> None:
    span = fields["timing"]
    assert isinstance(span, timedelta)
    error = await refused(place, place.cast.sari, **{**fields, "timing": in_(place, span)})
    assert isinstance(error, BadInput)
    assert field in {problem.field for problem in error.problems}
    assert says in error.message


async def test_an_untouched_template_is_approved_at_once_and_localised(place: Place) -> None:
    post = await write(place, place.cast.sari, template_id=place.template, timing=in_(place, SOON))
    text = "Halo warga Kelurahan Cilendek Barat, ini PPS Cilendek Barat."
    assert post.state is PostState.SCHEDULED
    assert {d.platform: (d.state, d.text) for d in post.deliveries} == {
        name: (State.DUE, text) for name in ("x", "facebook", "instagram")
    }
    assert {d.due_at for d in post.deliveries} == {post.due_at} == {place.house.clock.now() + SOON}


async def test_a_template_text_changed_by_hand_is_reviewed(place: Place) -> None:
    post = await write(
        place, place.cast.sari, template_id=place.template, overrides={"x": "Halo!"}, timing=in_(place, SOON)
    )
    assert post.state is PostState.IN_REVIEW
    assert {variant["platform"]: variant["text"] for variant in post.variants}["x"] == "Halo!"


async def test_an_instagram_post_without_a_picture_gets_the_units_poster(place: Place) -> None:
    own = await channels_of(place.house, place.cast, place.cast.cilendek)
    post = await write(place, place.cast.sari, template_id=place.template, timing=in_(place, SOON))
    async with place.house.db.read() as session:
        from app.publishing.models import Delivery

        rows = {d.platform: (await session.get_one(Delivery, d.id)).message for d in post.deliveries}
    assert len(rows["instagram"]["pictures"]) == 1
    assert rows["x"]["pictures"] == rows["facebook"]["pictures"] == []
    only_x = await write(
        place, place.cast.sari, template_id=place.template, channels=[own["x"].id], timing=in_(place, SOON)
    )
    assert [d.platform for d in only_x.deliveries] == ["x"]


async def test_an_anchored_post_is_due_at_the_units_own_hour_and_speaks_of_its_stage(place: Place) -> None:
    from datetime import time

    anchor = Anchor("PYL-07", "start", -2, time(8))
    template = await add_template(place.house, place.cast, "{{ nama_unit }}: {{ tahapan }}, {{ tanggal_mulai }}")
    post = await write(place, place.cast.rina, template_id=template, timing=Timing(anchor=anchor))
    assert post.due_at is not None
    assert post.due_at.isoformat() == "2024-11-25T01:00:00+00:00"
    assert post.tahapan == "PYL-07"
    assert post.variants[0]["text"].endswith("Pelaksanaan pemungutan suara, 27 November 2024")


async def test_a_post_in_masa_tenang_goes_to_the_kpu_even_untouched(place: Place) -> None:
    from datetime import UTC, datetime

    quiet = Timing(at=datetime(2024, 11, 25, 3, tzinfo=UTC))
    post = await write(place, place.cast.sari, template_id=place.template, timing=quiet)
    assert (post.state, "masa tenang" in post.reason) == (PostState.IN_REVIEW, True)
    own = await write(place, place.cast.dewi, template_id=place.template, timing=quiet)
    assert own.state is PostState.SCHEDULED


async def test_a_paused_channel_holds_its_delivery_until_it_speaks_again(place: Place) -> None:
    own = await channels_of(place.house, place.cast, place.cast.cilendek)
    x_id = own["x"].id or 0
    await place.house.channels.edit(place.cast.rina, x_id, state="paused")
    post = await write(place, place.cast.sari, template_id=place.template, timing=in_(place, SOON))
    assert {d.platform: d.state for d in post.deliveries}["x"] is State.WAITING
    await place.house.channels.edit(place.cast.rina, x_id, state="connected")
    fresh = await place.house.posts.get(place.cast.sari, post.id)
    assert {d.state for d in fresh.deliveries} == {State.DUE}
