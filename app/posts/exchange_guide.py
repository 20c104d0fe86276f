"""What the columns of the posts' table mean, told to the people who fill it in."""

from collections.abc import Mapping, Sequence

from app.content.rules import LANGUAGES
from app.kit.sheets import Table
from app.posts.exchange_rules import COLUMNS, DAY_NAMES, EDGES, ENVIRONMENTS, SEGMENTS

POSTS, ACCOUNTS, TEMPLATES, GUIDE = "Unggahan", "Akun", "Templat", "Petunjuk"
WIDTHS = {
    "teks": 60,
    "teks_platform": 40,
    "nama_unit": 28,
    "akun": 28,
    "waktu": 18,
    "batas_waktu": 18,
    "Penjelasan": 100,
}

ABOUT: Mapping[str, str] = {
    "unggahan": "Penanda bebas. Baris dengan penanda yang sama menjadi satu unggahan ke beberapa akun. Kosong: satu baris satu unggahan.",
    "unit": "Wajib. Kode wilayah unit (32.71.04.1008) atau nama unit persis (PPS Cilendek Barat).",
    "nama_unit": "Untuk dibaca saja; diabaikan saat impor.",
    "platform": "Wajib. Platform akun: x, facebook, instagram, dan seterusnya.",
    "akun": "Wajib. Nama akun unit itu di platform tersebut, tanpa @. Lihat lembar Akun.",
    "jenis_akun": "otomatis, latihan, atau unggah sendiri. Boleh kosong bila nama akunnya hanya satu.",
    "bahasa": f"{' atau '.join(LANGUAGES)}. Kosong: id.",
    "templat": "Kunci templat (lihat lembar Templat). Kosong: teks sendiri.",
    "teks": "Teks untuk semua platform. Dengan templat, kosongkan agar teks templat dipakai apa adanya.",
    "teks_platform": "Teks khusus untuk platform di baris ini. Kosong: memakai teks.",
    "waktu": "Tanggal dan jam terbit menurut zona unit: 2024-11-27 07:00 atau 27/11/2024 07.00. Kosong dan tanpa acuan: draf.",
    "acuan": "Kode tahapan sebagai acuan waktu (PYL-07). Isi jam juga; kosongkan waktu.",
    "ujung": "mulai atau selesai tahapan acuan. Kosong: mulai.",
    "hari": "Berapa hari dari ujung itu: -3 tiga hari sebelumnya, 2 dua hari sesudahnya. Kosong: 0.",
    "jam": "Jam terbit dengan acuan: 07:00.",
    "nama_hari": "Dengan acuan: hari pekan berikutnya sejak tanggal itu (senin ... minggu). Biasanya kosong.",
    "batas_waktu": "Sesudah saat ini tidak lagi dikirim. Kosong: akhir tahapan atau batas bawaan.",
    "tahapan": "Kode tahapan yang dibicarakan teks. Kosong: dipilih dari acuan atau templat.",
    "segmen": f"{', '.join(SEGMENTS)}. Kosong: umum, atau milik templat.",
    "program": "Nama program kegiatan. Boleh kosong.",
    "gambar": "Nomor gambar dari pustaka, dipisahkan koma: 12, 15.",
    "keadaan": "Untuk dibaca saja; diabaikan saat impor. Unggahan hasil impor selalu diperiksa dan ditinjau seperti biasa.",
    "isi_...": "Satu kolom untuk tiap isian templat, misalnya isi_rw atau isi_tempat_kegiatan.",
}


def posts_table(header: Sequence[str], rows: Sequence[Mapping[str, str]], platforms: Sequence[str]) -> Table:
    choices: dict[str, Sequence[str]] = {
        "platform": list(platforms), "bahasa": list(LANGUAGES), "jenis_akun": list(ENVIRONMENTS.values()),
        "ujung": list(EDGES.values()), "segmen": SEGMENTS, "nama_hari": DAY_NAMES,
    }  # fmt: skip
    return Table(POSTS, header, [[row.get(name, "") for name in header] for row in rows], choices, WIDTHS)


def guide_table() -> Table:
    return Table(GUIDE, ("Kolom", "Penjelasan"), list(ABOUT.items()), widths=WIDTHS)


def empty_header(variables: Sequence[str] = ()) -> list[str]:
    """Without what an import looks away from."""
    return [name for name in COLUMNS if name not in {"nama_unit", "keadaan"}] + [f"isi_{name}" for name in variables]
