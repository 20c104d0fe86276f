import pytest

from app.accounts.variables import VariableKind, kind_of, unfit


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tanggal_kegiatan", VariableKind.DATE),
        ("tanggal", VariableKind.DATE),
        ("waktu_kegiatan", VariableKind.TIME),
        ("jumlah_tps", VariableKind.NUMBER),
        ("rw", VariableKind.NUMBER),
        ("tautan_cek_dpt", VariableKind.URL),
        ("telepon", VariableKind.PHONE),
        ("kontak", VariableKind.TEXT),
        ("nama_pasar", VariableKind.TEXT),
        ("jamaah", VariableKind.TEXT),
    ],
)
def test_a_variables_name_tells_its_kind(name: str, kind: VariableKind) -> None:
    assert kind_of(name) is kind


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("tanggal_kegiatan", "2024-11-21", True),
        ("tanggal_kegiatan", "Kamis, 21 November 2024", True),
        ("tanggal_kegiatan", "besok", False),
        ("jumlah_tps", 12, True),
        ("jumlah_tps", "1.234", True),
        ("jumlah_tps", "dua belas", False),
        ("rw", "05", True),
        ("waktu_kegiatan", "09.00 WIB", True),
        ("waktu_kegiatan", "pagi", False),
        ("tautan_cek_dpt", "cekdptonline.kpu.go.id", True),
        ("tautan_cek_dpt", "lihat bio", False),
        ("telepon", "(0251) 8321234", True),
        ("telepon", "-", False),
        ("nama_pasar", "Pasar 12", True),
        ("jumlah_tps", "", True),
    ],
)
def test_what_does_not_fit_its_kind_is_told(name: str, value: object, fits: bool) -> None:
    assert (unfit(name, value) is None) == fits
