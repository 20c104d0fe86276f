"""What the audit record's acts and subjects are called on a page."""

ACTS = {
    "post.create": "Unggahan dibuat", "post.edit": "Unggahan diubah", "post.submit": "Unggahan diajukan", "post.approve": "Unggahan disetujui",
    "post.reject": "Unggahan ditolak", "post.cancel": "Unggahan dibatalkan", "post.delete": "Draf dihapus", "post.decline": "Saran ditolak unit",
    "post.exempt": "Temuan dibebaskan", "post.recheck": "Unggahan dibaca ulang pemeriksa", "post.lapse": "Tinjauan lewat waktu",
    "post.hold": "Unggahan ditahan", "post.release": "Unggahan dilepas", "post.remark": "Pesan pada unggahan", "posts.import": "Unggahan diimpor",
    "delivery.published": "Terbit", "delivery.edited": "Disunting di tempat", "delivery.withdraw": "Diminta dihapus di platform", "delivery.withdrawn": "Dihapus di platform",
    "delivery.withdraw_dropped": "Permintaan hapus dicabut", "delivery.retry": "Dikirim ulang", "delivery.resolve": "Dipastikan orang",
    "delivery.cancel": "Kiriman dibatalkan",
    "broadcast.create": "Siaran dibuat", "broadcast.approve": "Siaran disetujui", "broadcast.cancel": "Siaran dibatalkan", "broadcast.withdraw": "Siaran diminta dihapus",
    "series.create": "Seri dibuat", "series.edit": "Seri diubah", "series.grow": "Seri diperpanjang", "series.cancel": "Seri dihentikan",
    "channel.hacked": "Akun ditandai diretas", "channel.hacked.tick": "Langkah pemulihan akun ditandai", "channel.hacked.judge": "Unggahan asing ditandai",
    "channel.revoked": "Sambungan akun dicabut", "channel.safe": "Akun dinyatakan aman",
    "channel.connect": "Akun dihubungkan", "channel.edit": "Akun diubah", "channel.close": "Akun ditutup", "channel.check": "Akun dicek",
    "channel.term": "Masa pakai akun diatur", "channel.end": "Masa pakai akun berakhir", "election.term": "Masa kalender diatur", "election.archive": "Pemilihan diarsipkan",
    "channel.needs_reconnect": "Akun perlu disambungkan ulang",
    "tahapan.add": "Tahapan ditambah", "tahapan.edit": "Tahapan diubah", "tahapan.revise": "Tahapan digeser", "tahapan.undo": "Pergeseran dibatalkan",
    "template.add": "Templat dibuat", "template.edit": "Templat diubah", "template.load": "Templat dimuat",
    "media.upload": "Gambar atau video diunggah", "media.edit": "Keterangan gambar diubah", "media.delete": "Gambar dihapus",
    "unit.edit": "Data unit diubah", "unit.term": "Masa tugas unit diatur", "unit.hand_over": "Serah terima", "unit.archive": "Unit diarsipkan", "user.term": "Masa tugas orang diatur", "user.end": "Tugas berakhir", "unit.deputy": "Wakil peninjau diatur", "load.city": "Data kota dimuat",
    "pause.begin": "Jeda semua", "pause.end": "Jeda diakhiri", "sending.hold": "Pengiriman ditahan operator", "sending.resume": "Pengiriman dilanjutkan operator",
    "user.grant": "Peran diberikan", "user.reset": "Akses diterbitkan ulang", "user.activate": "Orang diaktifkan", "user.deactivate": "Orang dinonaktifkan",
    "user.erase": "Data pribadi dihapus", "token.add": "Token API dibuat", "token.revoke": "Token API dicabut",
    "session.start": "Masuk", "session.end": "Keluar", "session.end_others": "Perangkat lain dikeluarkan", "password.set": "Kata sandi diganti",
    "training.begin": "Kelas latihan dibuka", "training.reset": "Kelas latihan diulangi", "training.close": "Kelas latihan selesai",
    "evidence.export": "Bukti diunduh", "evidence.keep": "Masa simpan bukti diatur", "evidence.expire": "Bukti lewat masa simpan dihapus", "complaint.open": "Aduan dicatat, bukti dibekukan", "complaint.withdraw": "Aduan: diminta dihapus", "complaint.close": "Aduan selesai",
}  # fmt: skip
KINDS = {
    "post.": "Unggahan", "delivery.": "Kiriman", "broadcast.": "Siaran", "series.": "Seri", "tahapan.": "Tahapan", "template.": "Templat",
    "media.": "Gambar dan video", "channel.": "Akun", "unit.": "Unit", "user.": "Orang dan peran", "token.": "Token API", "session.": "Masuk dan keluar",
    "pause.": "Jeda", "evidence.": "Bukti", "complaint.": "Aduan",
}  # fmt: skip
ACTORS = {"worker": "Pengirim", "sistem": "Sistem", "operator": "Operator"}
PAGES = {"post": "/unggahan/", "delivery": "/antrean/", "broadcast": "/siaran/", "series": "/seri/", "channel": "/akun/", "unit": "/unit/", "tahapan": "/tahapan/", "complaint": "/aduan/"}  # fmt: skip
SUBJECTS = {
    "post": "Unggahan", "delivery": "Kiriman", "broadcast": "Siaran", "series": "Seri", "channel": "Akun", "unit": "Unit", "tahapan": "Tahapan",
    "template": "Templat", "media": "Berkas", "user": "Orang", "token": "Token", "election": "Pemilihan", "revision": "Pergeseran", "pause": "Jeda", "complaint": "Aduan",
}  # fmt: skip
