"""Captions of a video: read from either format, kept as SubRip, refused where they cannot be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.captions import Cue, read_captions, write_srt
from app.content.library import LibraryService
from app.content.media import MediaService
from app.kit.errors import BadInput
from tests.content.test_media import ALT, id_of_media, photo
from tests.support.cast import Cast

VTT = b"WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.500 align:start\n<v Sari>Halo, <b>warga</b>!\n\n00:03.000 --> 00:04.000\nDua\nbaris\n"


def test_both_formats_become_the_same_subrip() -> None:
    cues = read_captions(VTT)
    assert cues == [Cue(1000, 2500, "Halo, warga!"), Cue(3000, 4000, "Dua\nbaris")]
    assert read_captions(write_srt(cues).encode()) == cues


@pytest.mark.parametrize("data", [b"", b"Halo", b"\xff\xfe", b"00:02.000 --> 00:01.000\nx", b"x" * 200_001])
def test_what_is_no_caption_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_captions(data)


@given(st.text(max_size=200) | st.just(VTT.decode()))
def test_any_text_is_read_or_refused_and_reads_back_the_same(text: str) -> None:
    try:
        cues = read_captions(text.encode())
    except BadInput:
        return
    assert read_captions(write_srt(cues).encode()) == cues


async def test_captions_are_for_videos(cast: Cast, media: MediaService) -> None:
    row = await media.upload(cast.sari, unit_id=None, data=photo(), alt_text=ALT)
    with pytest.raises(BadInput):
        await LibraryService(media.db, media.now, media).put_captions(cast.sari, id_of_media(row), lang="id", data=VTT)
