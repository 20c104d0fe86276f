from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from app.content.values import to_ask, values_for, write_date, zone_name
from tests.content.world import PPK, PPS, at, calendar


def values(**given: object) -> dict[str, object]:
    return values_for(PPS, calendar(), stage=None, due_at=at(2024, 11, 1), given=given)


def test_a_unit_brings_its_place_its_day_and_its_hours() -> None:
    found = values()
    assert found["nama_unit"] == "PPS Cilendek Barat"
    assert found["wilayah"] == "Kelurahan Cilendek Barat"
    assert found["tanggal_pemungutan_suara"] == "Rabu, 27 November 2024"
    assert found["tanggal_pemungutan_suara_su"] == "Rebo, 27 Nopémber 2024"
    assert found["hari_menuju"] == 26
    assert found["jam_tps"] == "07.00-13.00 WIB"
    assert found["tautan_cek_dpt"] == "cekdptonline.kpu.go.id"


def test_a_ppk_has_no_kelurahan_to_speak_of() -> None:
    assert "kelurahan" not in values_for(PPK, calendar(), stage=None, due_at=at(2024, 11, 1), given={})


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Asia/Jakarta", "WIB"), ("Asia/Pontianak", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT")],
)
def test_hours_carry_the_name_of_the_units_own_zone(zone: str, name: str) -> None:
    assert zone_name(zone) == name


def test_days_are_counted_in_the_units_own_zone() -> None:
    """23.30 UTC on the 25th is already the 26th in Bogor: one day to go, not two."""
    due = datetime(2024, 11, 25, 23, 30, tzinfo=UTC)
    assert values_for(PPS, calendar(), stage=None, due_at=due, given={})["hari_menuju"] == 1


def test_nothing_is_invented_once_voting_day_is_past_or_unknown() -> None:
    assert "hari_menuju" not in values_for(PPS, calendar(), stage=None, due_at=at(2024, 12, 1), given={})
    unknown = calendar()
    stages = {code: replace(stage, starts_on=None, ends_on=None) for code, stage in unknown.stages.items()}
    found = values_for(PPS, replace(unknown, stages=stages), stage=None, due_at=at(2024, 11, 1), given={})
    assert not {"hari_menuju", "tanggal_pemungutan_suara", "tanggal_pemungutan_suara_su"} & found.keys()


def test_a_stage_with_half_its_dates_gives_half_its_variables() -> None:
    plan = calendar()
    found = values_for(PPS, plan, stage=plan.find("HRH-01"), due_at=at(2024, 11, 20), given={})
    assert found["tanggal_selesai"] == "24 November 2024"
    assert "tanggal_mulai" not in found


def test_a_given_day_is_written_out_in_both_languages() -> None:
    found = values(tanggal_kegiatan="2024-10-13")
    assert found["tanggal_kegiatan"] == "Minggu, 13 Oktober 2024"
    assert found["tanggal_kegiatan_su"] == "Minggu, 13 Oktober 2024"


def test_a_given_voting_day_moves_the_countdown_with_it() -> None:
    assert values(tanggal_pemungutan_suara="2024-11-03")["hari_menuju"] == 2


def test_a_day_given_in_words_takes_its_computed_twin_away() -> None:
    assert "tanggal_pemungutan_suara_su" not in values(tanggal_pemungutan_suara="akhir November")


def test_what_is_given_wins_over_what_is_inherited() -> None:
    speaker = replace(PPS, variables={"tempat_kegiatan": "Kantor Kelurahan", "alamat": "Jl. Melati"})
    found = values_for(
        speaker, calendar(), stage=None, due_at=at(2024, 11, 1), given={"tempat_kegiatan": "Balai RW 05"}
    )
    assert (found["tempat_kegiatan"], found["alamat"]) == ("Balai RW 05", "Jl. Melati")


def test_an_empty_field_is_a_missing_value() -> None:
    assert "nama_pasar" not in values(nama_pasar="  ")


def test_numbers_typed_into_a_form_are_numbers() -> None:
    found = values(rw="5", hari_menuju="3")
    assert (found["rw"], found["hari_menuju"]) == ("05", 3)


def test_candidates_names_are_for_the_guard_and_never_for_a_text() -> None:
    found = values_for(PPS, calendar(nama_calon="A; B"), stage=None, due_at=at(2024, 11, 1), given={})
    assert "nama_calon" not in found


def test_another_election_has_other_hours_without_any_code() -> None:
    plan = calendar()
    plan = replace(plan, election=replace(plan.election, opens=time(8), closes=time(14, 30)))
    found = values_for(replace(PPS, timezone="Asia/Jayapura"), plan, stage=None, due_at=at(2024, 11, 1), given={})
    assert found["jam_tps"] == "08.00-14.30 WIT"


def test_a_person_is_asked_only_for_what_nobody_else_knows() -> None:
    assert to_ask(["nama_unit", "jam_tps", "tanggal_kegiatan", "tanggal_kegiatan_su", "nama_pasar"]) == [
        "nama_pasar",
        "tanggal_kegiatan",
    ]


def test_dates_follow_the_house_style() -> None:
    assert write_date(date(2024, 8, 5)) == "Senin, 5 Agustus 2024"
    assert write_date(date(2024, 8, 5), width="long") == "5 Agustus 2024"
