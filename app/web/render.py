"""Turns a page's facts into HTML: the whole page for a browser, or the one block that htmx asked for."""

import gzip
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.rules import Actor
from app.bootstrap import Kentongan
from app.content.languages import language_name
from app.content.rules import LANGUAGES
from app.content.values import zone_name
from app.settings import ROOT
from app.web import words
from app.web.assets import address
from app.web.frame import Frame, frame_for
from app.web.once import new_mark
from app.web.templates import variable_example, variable_input, variable_name

# What a page may say after a form was sent; the address carries the key, never the words.
NOTES = {
    "coba": "Unggahan dikirim ulang.",
    "massal": "Selesai untuk semua yang Anda pilih.",
    "massal-kosong": "Belum ada kiriman yang dicentang.",
    "baca-ulang": "Akun dibaca ulang dalam setengah menit. Muat ulang halaman ini sesudahnya.",
    "sudah": "Ditandai sudah terbit.",
    "belum": "Ditandai belum terbit; dikirim ulang.",
    "batal": "Unggahan dibatalkan.",
    "hapus": "Platform diminta menghapusnya. Halaman ini memperlihatkan kemajuannya.",
    "terhapus": "Ditandai sudah dihapus di platform.",
    "biarkan": "Permintaan hapus dicabut; unggahan dibiarkan terbit.",
    "siaran-hapus": "Platform diminta menghapus yang sudah terbit; sisanya dibatalkan.",
    "setuju": "Unggahan disetujui.",
    "tolak": "Unggahan ditolak.",
    "bebas": "Temuan dibebaskan; alasannya tercatat.",
    "tersimpan": "Tersimpan sebagai draf.",
    "dijadwalkan": "Dijadwalkan.",
    "diajukan": "Diajukan untuk ditinjau.",
    "siaran": "Siaran dibuat. Halaman ini memperlihatkan kemajuannya.",
    "siaran-batal": "Siaran dibatalkan; yang belum terbit tidak akan dikirim.",
    "keluar": "Anda sudah keluar.",
    "dibaca": "Ditandai sudah dibaca.",
    "tersimpan-atur": "Pengaturan tersimpan.",
    "setuju-habis": "Disetujui. Tidak ada lagi yang menunggu tinjauan Anda.",
    "setuju-semua": "Semua yang Anda pilih disetujui.",
    "tolak-habis": "Ditolak. Tidak ada lagi yang menunggu tinjauan Anda.",
    "diretas": "Akun dijeda dan diamankan. Ikuti langkah di bawah.",
    "aman": "Akun dinyatakan aman; antreannya dilanjutkan.",
    "hubung": "Akun terhubung.",
    "hubung-ulang": "Kredensial baru tersimpan.",
    "jeda": "Akun dijeda. Unggahannya ditahan sampai dilanjutkan.",
    "lanjut": "Akun dilanjutkan.",
    "cara": "Cara terbit akun diganti. Antrean dan riwayatnya ikut.",
    "cek": "Akun dicek ke platform: masih terhubung.",
    "cek-gagal": "Akun dicek: platform menolak kredensialnya. Hubungkan ulang.",
    "tutup": "Akun ditutup. Yang sudah terbit tetap ada.",
    "tahapan": "Tahapan tersimpan.",
    "masa-kalender": "Masa kalender tersimpan.",
    "arsip-kalender": "Pemilihan diarsipkan: kalender dan unitnya hanya dapat dibaca.",
    "templat": "Templat tersimpan sebagai versi baru.",
    "templat-baru": "Templat dibuat.",
    "tahapan-baru": "Tahapan ditambahkan. Unggahan yang menyebutnya ikut disesuaikan.",
    "tahapan-geser": "Tahapan digeser beserta unggahannya.",
    "tahapan-wilayah": "Tanggal untuk wilayah ini masih sama. Isi tanggalnya di bawah; unggahan yang ikut bergeser diperlihatkan dulu.",
    "kalender-impor": "Kalender diimpor; unggahan yang bergantung padanya ikut bergeser.",
    "tahapan-batal": "Perubahan dibatalkan; tahapan dan unggahannya kembali seperti semula.",
    "jeda-semua": "Dijeda. Tidak ada yang terbit dari unit ini dan unit di bawahnya sampai Anda lanjutkan.",
    "jeda-selesai": "Dilanjutkan. Yang masih berlaku terbit sesuai waktunya.",
    "pindah": "Unggahan dipindah.",
    "pindah-urung": "Pemindahan diurungkan.",
    "catatan": "Pesan terkirim.",
    "tahan": "Ditahan. Tidak terbit sampai dilepas.",
    "lepas": "Dilepas. Terbit sesuai waktunya bila sudah disetujui.",
    "siaran-setuju": "Siaran disetujui, termasuk semua salinan yang tidak diubah unit.",
    "bahasa": "Tercatat: teksnya sudah dibaca penutur asli.",
    "masa-simpan": "Masa simpan bukti tersimpan.",
    "masa": "Hari terakhir tersimpan.",
    "arsip": "Diarsipkan. Tidak ada lagi yang terbit dari unit ini.",
    "akhiri": "Tugasnya berakhir; aksesnya ditutup.",
    "aduan": "Aduan tercatat.",
    "aduan-hapus": "Platform diminta menghapusnya. Halaman ini memperlihatkan kemajuannya.",
    "aduan-selesai": "Aduan selesai.",
    "wakil": "Wakil peninjau tersimpan.",
    "saran-tolak": "Saran ditolak; alasannya dibaca oleh pengirim siaran.",
    "seri": "Seri dibuat.",
    "seri-ubah": "Seri diubah, sampai ke unggahan yang belum dikirim.",
    "seri-henti": "Seri dihentikan; yang belum terbit tidak akan dikirim.",
    "unit": "Data unit tersimpan.",
    "impor": "Unggahan diimpor. Lihat di antrean, atau di tinjauan bila perlu disetujui dulu.",
    "warga": "Halaman warga diperbarui.",
    "webhook-hapus": "Webhook dihapus.",
    "kegiatan": "Kegiatan tersimpan.",
    "kegiatan-batal": "Kegiatan dibatalkan.",
    "sandi": "Kata sandi tersimpan. Perangkat lain dikeluarkan.",
    "cara-hapus": "Cara itu dihapus.",
    "perangkat": "Perangkat dikeluarkan.",
    "poster": "Desain poster tersimpan. Unggahan yang sudah ada tetap memakai desain lamanya.",
    "poster-arsip": "Desain diarsipkan: tidak ditawarkan lagi.",
    "poster-kembali": "Desain ditawarkan lagi.",
    "umpan-cabut": "Alamat kalender dicabut.",
    "takarir": "Takarir tersimpan.",
    "pustaka": "Tersimpan di pustaka.",
    "pustaka-ubah": "Perubahan tersimpan. Unggahan yang sudah disetujui tetap memakai teks alternatif yang lama.",
    "pustaka-hapus": "Dihapus dari pustaka.",
    "kelas": "Kelas dibuka. Cetak atau tampilkan kode QR-nya.",
    "kelas-ulang": "Kelas diulangi: unggahan peserta dihapus dan langkahnya mulai dari awal.",
    "kelas-ulang-dinding": "Kelas diulangi dan unggahan peserta dihapus. Dinding latihan masih menampilkannya, karena simulator tidak mengizinkan.",
    "kelas-selesai": "Kelas selesai. Kode QR-nya tidak berlaku lagi.",
    "kunci": "Kunci sandi terpasang.",
}

SQUEEZED_FROM = 800
"""Characters; a smaller answer fits one packet anyway."""

MACROS = (
    "_macros.html",
    "_kartu.html",
    "_pratinjau.html",
    "_waktu.html",
    "_templat.html",
    "_masalah.html",
    "_tahapan.html",
    "_penerima.html",
    "_pilihan.html",
    "_seri.html",
    "_kunci.html",
    "_laporan.html",
    "_bebaskan.html",
    "_percakapan.html",
    "_bahasa.html",
    "_pustaka.html",
    "_siap.html",
    "_tulis.html",
)


def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals |= {
        "asset": address,
        "words": words,
        "language_name": language_name,
        "new_mark": new_mark,
        "languages": LANGUAGES,
        "is_training": _is_training,
        "zone_name": zone_name,
        "variable_name": variable_name,
        "variable_example": variable_example,
        "variable_input": variable_input,
    }
    env.filters |= {"moment": words.moment, "moment_to_the_second": words.moment_to_the_second, "number": words.number}
    # As globals, because a block rendered alone does not run the imports at the top of its page.
    for name in MACROS:
        module = env.get_template(name).module
        env.globals |= {macro: value for macro, value in vars(module).items() if not macro.startswith("_")}
    return env


def _is_training(request: Request) -> bool:
    house: Kentongan = request.app.state.house
    return house.settings.training


ENV = _environment()


def wants_part(request: Request) -> bool:
    """htmx asks for a part of a page; a browser that goes back through history wants all of it."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"


async def page(
    request: Request,
    house: Kentongan,
    actor: Actor,
    template: str,
    *,
    status: int = 200,
    part: str | None = None,
    frame: Frame | None = None,
    **facts: Any,
) -> Response:
    """`part`: the block that serves htmx; without it, or for a plain browser, the whole page."""
    common = {"request": request, "note": NOTES.get(request.query_params.get("pesan", ""))}
    if part is not None and wants_part(request):
        return _answer(request, render_block(ENV, template, part, **common, **facts), status)
    frame = frame or await frame_for(house, actor)
    return _answer(request, ENV.get_template(template).render(**common, frame=frame, **facts), status)


def block(request: Request, template: str, part: str, **facts: Any) -> str:
    """One block's HTML, for what is not an answer of its own."""
    return render_block(ENV, template, part, request=request, note=None, **facts)


def bare_page(request: Request, template: str, *, status: int = 200, **facts: Any) -> Response:
    """A page for somebody who is not logged in."""
    note = NOTES.get(request.query_params.get("pesan", ""))
    return _answer(request, ENV.get_template(template).render(request=request, note=note, frame=None, **facts), status)


def go(path: str, *, note: str = "") -> Response:
    """After a form: the browser fetches `path` anew, so that reloading sends nothing twice."""
    if note:
        head, mark, tail = path.partition("#")
        path = f"{head}{'&' if '?' in head else '?'}pesan={note}{mark}{tail}"
    return RedirectResponse(path, 303)


def _answer(request: Request, html: str, status: int) -> Response:
    """Squeezed here and not for the whole program, since the simulator and the API gain nothing from it."""
    headers = {"Vary": "HX-Request, Cookie, Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", "") or len(html) < SQUEEZED_FROM:
        return HTMLResponse(html, status, headers)
    return HTMLResponse(gzip.compress(html.encode(), 5, mtime=0), status, headers | {"Content-Encoding": "gzip"})
