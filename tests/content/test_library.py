"""The library: who sees what, how it is described and found, and when it may go."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.library import LibraryService, MediaChange, read_tags
from app.content.media import MediaService
from app.content.media_store import MediaFilter
from app.kit.db import Database
from app.kit.errors import BadInput, Forbidden, NotFound
from tests.content.test_media import ALT, files, id_of_media, photo
from tests.support.cast import Cast, id_of


@pytest.fixture
def library(db: Database, media: MediaService) -> LibraryService:
    return LibraryService(db, media.now, media)


async def found(library: LibraryService, actor: object, **wanted: object) -> Sequence[int | None]:
    page = await library.list(actor, MediaFilter(**wanted), limit=50)  # type: ignore[arg-type]
    return [row.id for row in page.rows]


async def test_the_library_is_shared_down_the_tree_and_not_sideways(
    cast: Cast, media: MediaService, library: LibraryService
) -> None:
    kpu = await media.upload(cast.dewi, unit_id=id_of(cast.kpu), data=photo("white"), alt_text=ALT)
    ppk = await media.upload(cast.budi, unit_id=id_of(cast.ppk_barat), data=photo("black"), alt_text=ALT)
    pps = await media.upload(cast.sari, unit_id=id_of(cast.cilendek), data=photo("gray"), alt_text=ALT)
    assert await found(library, cast.sari) == [pps.id, ppk.id, kpu.id]
    assert await found(library, cast.citra) == [kpu.id]
    assert await found(library, cast.dewi) == [pps.id, ppk.id, kpu.id]
    assert await found(library, cast.dewi, unit_id=id_of(cast.kpu)) == [kpu.id]


async def test_words_and_tags_find_it_in_every_language(
    cast: Cast, media: MediaService, library: LibraryService
) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT, alt_texts={"su": "Patugas nyapa."})
    await media.upload(cast.sari, unit_id=None, data=photo("white"), alt_text="Kotak suara.")
    await library.edit(cast.sari, id_of_media(row), MediaChange(tags=["Pasar Anyar", "kampanye"]))
    for wanted in ({"q": "menyapa pedagang"}, {"q": "NYAPA"}, {"q": "anyar"}, {"tag": "pasar anyar"}):
        assert await found(library, cast.sari, **wanted) == [row.id], wanted
    assert await found(library, cast.sari, q="100%") == []
    assert await found(library, cast.sari, tag="pasar") == []
    assert await library.tags(cast.sari) == ["kampanye", "pasar anyar"]
    assert await library.tags(cast.citra) == []


async def test_what_is_not_said_stays_and_an_empty_language_goes(
    cast: Cast, media: MediaService, library: LibraryService
) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT, alt_texts={"su": "Patugas nyapa."})
    edited = await library.edit(cast.sari, id_of_media(row), MediaChange(alt_text="Kotak suara."))
    assert (edited.alt_text, edited.alt_texts) == ("Kotak suara.", {"su": "Patugas nyapa."})
    edited = await library.edit(cast.sari, id_of_media(row), MediaChange(alt_texts={"su": ""}))
    assert (edited.alt_text, edited.alt_texts) == ("Kotak suara.", {})
    with pytest.raises(BadInput):
        await library.edit(cast.sari, id_of_media(row), MediaChange(alt_text=" "))


async def test_only_its_own_unit_or_one_above_changes_or_deletes_it(
    cast: Cast, media: MediaService, library: LibraryService
) -> None:
    row = await media.upload(cast.budi, unit_id=id_of(cast.ppk_barat), data=photo(), alt_text=ALT)
    with pytest.raises(Forbidden):
        await library.edit(cast.sari, id_of_media(row), MediaChange(tags=["x"]))
    with pytest.raises(NotFound):
        await library.delete(cast.citra, id_of_media(row))
    await library.delete(cast.dewi, id_of_media(row))
    assert await found(library, cast.budi) == []


async def test_the_file_goes_with_the_last_that_shows_it(
    cast: Cast, media: MediaService, library: LibraryService
) -> None:
    first = await media.upload(cast.sari, unit_id=None, data=photo(size=(10, 40)), alt_text=ALT)
    second = await media.upload(cast.sari, unit_id=None, data=photo(size=(10, 40)), alt_text=ALT)
    await media.ensure_file(id_of_media(second), "instagram")
    assert len(files(media)) == 2
    await library.delete(cast.sari, id_of_media(first))
    assert len(files(media)) == 2
    await library.delete(cast.sari, id_of_media(second))
    assert files(media) == []


@given(st.lists(st.text(max_size=20), max_size=6))
def test_tags_are_clean_or_refused(given_: list[str]) -> None:
    try:
        tags = read_tags(given_)
    except BadInput:
        return
    assert tags == list(dict.fromkeys(tags)) == read_tags(tags)
