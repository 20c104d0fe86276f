from dataclasses import replace

import pytest

from app.content.drafts import Change, Draft
from app.content.service import RenderInput, TemplateService
from app.content.store import Wanted
from app.kit.errors import BadInput, Conflict, Forbidden, NotFound
from tests.content.world import at
from tests.support.cast import Cast, id_of

DRAFT = Draft(
    key="senam-pagi",
    title="Senam pagi",
    stages=("PYL-06",),
    units=("ppk", "pps"),
    texts={
        ("id", "short"): "Senam bersama {{ nama_unit }} di {{ tempat_kegiatan }}, {{ tanggal_kegiatan }}.",
        ("id", "alt"): "Warga {{ wilayah }} bersenam.",
    },
    pillar="pemilih_pemula",
)
GIVEN = {"tempat_kegiatan": "Balai RW 05", "tanggal_kegiatan": "2024-11-10"}


async def test_a_saved_template_says_what_must_be_filled_in(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    assert saved == await templates.get(cast.sari, saved.id)
    assert saved.languages == ["id"]
    assert saved.ask == ["tanggal_kegiatan", "tempat_kegiatan"]
    assert (saved.segment, saved.unit_id, saved.version) == ("pemula", id_of(cast.kpu), 1)


async def test_a_ppks_template_serves_its_pps_and_not_the_ppk_next_door(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.budi, DRAFT)
    assert (await templates.get(cast.sari, saved.id)).id == saved.id
    assert (await templates.get(cast.dewi, saved.id)).id == saved.id
    with pytest.raises(NotFound):
        await templates.get(cast.citra, saved.id)
    page = await templates.list(cast.citra, limit=50, cursor=None)
    assert page.rows == []


async def test_who_may_not_write_templates_is_told_so(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.budi, DRAFT)
    with pytest.raises(Forbidden):
        await templates.add(cast.sari, replace(DRAFT, key="lain"))
    with pytest.raises(Forbidden):
        await templates.edit(cast.sari, saved.id, Change(title="Lain"))
    with pytest.raises(NotFound):
        await templates.add(cast.budi, replace(DRAFT, key="lain"), unit_id=id_of(cast.bantarjati))


async def test_a_key_is_taken_only_once(cast: Cast, templates: TemplateService) -> None:
    await templates.add(cast.dewi, DRAFT)
    with pytest.raises(Conflict, match="senam-pagi"):
        await templates.add(cast.budi, DRAFT)


async def test_what_the_sandbox_refuses_is_refused_with_line_and_reason(cast: Cast, templates: TemplateService) -> None:
    texts = {("id", "long"): "Baris satu\n{{ unit.kunci }}"}
    with pytest.raises(BadInput, match="baris 2: titik") as caught:
        await templates.add(cast.dewi, replace(DRAFT, texts=texts))
    assert [problem.field for problem in caught.value.problems] == ["texts.id.long"]
    assert (await templates.list(cast.dewi, limit=50, cursor=None)).rows == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "Huruf Besar"}, "key"),
        ({"title": " "}, "title"),
        ({"stages": ("XYZ-1",)}, "stages"),
        ({"stages": ()}, "stages"),
        ({"units": ("kpps",)}, "units"),
        ({"segment": "semua"}, "segment"),
        ({"pillar": "dua kata"}, "pillar"),
        ({"texts": {("xq", "short"): "sugeng"}}, "texts.xq.short"),
        ({"texts": {("id", "tweet"): "halo"}}, "texts.id.tweet"),
        ({"texts": {("id", "short"): " "}}, "texts.id.short"),
        ({"texts": {("id", "alt"): "hanya gambar"}}, "texts"),
    ],
)
async def test_what_is_unknown_is_refused_by_its_field(
    cast: Cast, templates: TemplateService, change: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        await templates.add(cast.dewi, replace(DRAFT, **change))  # type: ignore[arg-type]
    assert field in {problem.field for problem in caught.value.problems}


async def test_an_edit_changes_only_what_is_given(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    edited = await templates.edit(
        cast.dewi, saved.id, Change(texts={("su", "short"): "Senam {{ nama_unit }}", ("id", "alt"): None})
    )
    assert (edited.title, edited.languages, edited.version) == (DRAFT.title, ["id", "su"], 2)
    assert ("id", "alt") not in edited.texts
    assert edited == await templates.get(cast.dewi, saved.id)
    assert (await templates.edit(cast.dewi, saved.id, Change(title=DRAFT.title))).version == 2


async def test_an_edit_that_is_refused_leaves_everything_as_it_was(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    with pytest.raises(BadInput):
        await templates.edit(cast.dewi, saved.id, Change(title="Baru", texts={("id", "short"): "{{ a() }}"}))
    assert await templates.get(cast.dewi, saved.id) == saved


async def test_lists_page_and_narrow(cast: Cast, templates: TemplateService) -> None:
    keys = ["satu", "dua", "tiga"]
    for key, stage in zip(keys, ("*", "TNG-01", "PYL-06"), strict=True):
        await templates.add(cast.dewi, replace(DRAFT, key=key, title=f"Templat {key}", stages=(stage,)))
    first = await templates.list(cast.sari, limit=2, cursor=None)
    rest = await templates.list(cast.sari, limit=2, cursor=first.next)
    assert [row.key for row in (*first.rows, *rest.rows)] == keys
    quiet = await templates.list(cast.sari, Wanted(stage="TNG-01", unit_kind="pps", lang="id"), limit=9, cursor=None)
    assert [row.key for row in quiet.rows] == ["satu", "dua"]
    assert [row.key for row in (await templates.list(cast.sari, Wanted(q="TIGA"), limit=9, cursor=None)).rows] == [
        "tiga"
    ]
    assert (await templates.list(cast.sari, Wanted(lang="su"), limit=9, cursor=None)).rows == []


async def test_a_template_speaks_as_the_unit_it_is_rendered_for(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    wanted = RenderInput(id_of(cast.cilendek), "x", variables=GIVEN)
    found = await templates.render(cast.sari, saved.id, wanted)
    assert found.text == "Senam bersama PPS Cilendek Barat di Balai RW 05, Minggu, 10 November 2024."
    assert found.alt_text == "Warga Kelurahan Cilendek Barat bersenam."
    assert (found.length, found.limit, found.missing, found.guard) == (len(found.text), 280, (), ())
    assert found.tahapan == "PYL-06"


async def test_a_missing_variable_is_named_and_blocks(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    found = await templates.render(cast.sari, saved.id, RenderInput(id_of(cast.cilendek), "instagram"))
    assert found.missing == ("tanggal_kegiatan", "tempat_kegiatan")
    assert "[isi: tempat_kegiatan]" in found.text
    assert [finding.level for finding in found.guard] == ["block", "block"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"platform": "friendster"}, "platform"), ({"lang": "su"}, "lang"), ({"tahapan": "XYZ"}, "tahapan")],
)
async def test_rendering_refuses_what_it_does_not_know(
    cast: Cast, templates: TemplateService, change: dict[str, str], field: str
) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    wanted = replace(RenderInput(id_of(cast.cilendek), "x", variables=GIVEN), **change)  # type: ignore[arg-type]
    with pytest.raises(BadInput) as caught:
        await templates.render(cast.sari, saved.id, wanted)
    assert [problem.field for problem in caught.value.problems] == [field]


async def test_nobody_renders_for_a_unit_out_of_sight(cast: Cast, templates: TemplateService) -> None:
    saved = await templates.add(cast.dewi, DRAFT)
    with pytest.raises(NotFound):
        await templates.render(cast.citra, saved.id, RenderInput(id_of(cast.cilendek), "x"))


async def test_the_stage_is_the_one_of_the_day_unless_it_is_named(cast: Cast, templates: TemplateService) -> None:
    texts = {("id", "short"): "{{ tahapan }} mulai {{ tanggal_mulai }}"}
    saved = await templates.add(cast.dewi, replace(DRAFT, stages=("*",), texts=texts))
    wanted = RenderInput(id_of(cast.cilendek), "x", at=at(2024, 11, 25))
    assert (await templates.render(cast.sari, saved.id, wanted)).text == "Masa tenang mulai 24 November 2024"
    named = await templates.render(cast.sari, saved.id, replace(wanted, tahapan="PYL-06"))
    assert named.text == "Pelaksanaan kampanye mulai 25 September 2024"


async def test_words_in_any_other_language_wait_for_a_native_speaker(cast: Cast, templates: TemplateService) -> None:
    texts = {**DRAFT.texts, ("jv", "short"): "Senam {{ nama_unit }}", ("su", "short"): "Senam {{ nama_unit }}"}
    saved = await templates.add(cast.dewi, replace(DRAFT, texts=texts))
    assert (saved.languages, list(saved.needs_reader)) == (["id", "jv", "su"], ["jv", "su"])
    for who, refusal in ((cast.sari, Forbidden), (cast.budi, Conflict)):
        with pytest.raises(refusal):
            await templates.confirm(who, saved.id, "jv" if who is cast.sari else "id")
    assert list((await templates.confirm(cast.budi, saved.id, "jv")).needs_reader) == ["su"]
    await templates.confirm(cast.dewi, saved.id, "su")
    again = await templates.edit(cast.dewi, saved.id, Change(texts={("su", "short"): "Senam isuk {{ nama_unit }}"}))
    assert list(again.needs_reader) == ["su"]
