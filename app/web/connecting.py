"""What a person must have at hand to join an account of each platform, what that platform cannot do, and how a pasted token is kept."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One part of a credential; `is_secret` ones are never shown again, not even after a mistake."""

    name: str
    label: str
    hint: str = ""
    is_secret: bool = False
    is_needed: bool = False


@dataclass(frozen=True)
class Recipe:
    steps: Sequence[str]
    fields: Sequence[Field]


@dataclass(frozen=True)
class Guide:
    """For joining through the platform itself: what to have ready, what happens there, what this platform cannot do.

    `identifier` and `secret` name the two fields of a platform without a consent page.
    """

    prepare: Sequence[str]
    cannot: Sequence[str]
    consent: Sequence[str] = ()
    identifier: Field | None = None
    secret: Field | None = None


def _consent(title: str, *more: str) -> tuple[str, ...]:
    return (
        f"Masuk ke {title} sebagai akun unit, bukan akun pribadi. Bila sudah masuk sebagai orang lain, keluar dulu di sana.",
        *more,
        "Tekan Izinkan, dan biarkan semua izin tercentang.",
    )


_GUIDES = {
    "x": Guide(
        ("Nama pengguna dan kata sandi akun X unit.", "Kode verifikasi, bila akunnya memakai dua langkah."),
        (
            "Setiap kiriman berbayar: sekitar US$0,015, dan US$0,20 bila memuat tautan.",
            "Teks yang sama di banyak akun dilarang; templat selalu menyebut nama wilayah.",
            "Kiriman yang sudah terbit tidak dapat disunting.",
        ),
        _consent("X"),
    ),
    "facebook": Guide(
        (
            "Halaman Facebook unit (bukan profil pribadi).",
            "Akun pribadi yang menjadi pengelola Halaman itu dengan tugas membuat kiriman.",
        ),
        (
            "Profil pribadi dan grup tidak dapat diterbitkan lewat aplikasi.",
            "Izinnya berakhir 90 hari sesudah disambungkan; Kentongan mengingatkan seminggu sebelumnya.",
        ),
        (
            "Masuk ke Facebook dengan akun pribadi Anda yang mengelola Halaman unit.",
            "Di layar pemilihan, centang Halaman unit Anda.",
            "Tekan Izinkan, dan biarkan semua izin tercentang.",
        ),
    ),
    "instagram": Guide(
        ("Akun Instagram unit yang sudah diubah menjadi akun profesional.", "Nama pengguna dan kata sandinya."),
        (
            "Tulisan tanpa gambar tidak dapat terbit; Kentongan membuatkan poster.",
            "Tautan di keterangan tidak dapat ditekan, dan keterangan tidak dapat disunting.",
        ),
        _consent("Instagram"),
    ),
    "threads": Guide(
        ("Akun Threads unit (memakai nama dan kata sandi Instagram-nya).",),
        ("Kiriman yang sudah terbit tidak dapat disunting.", "Paling banyak 250 kiriman sehari."),
        _consent("Threads"),
    ),
    "tiktok": Guide(
        ("Akun TikTok unit dan kata sandinya.",),
        (
            "Hanya video dan foto; tulisan saja tidak dapat terbit.",
            "Poster dengan logo tidak boleh ditambahkan aplikasi.",
            "Tanpa pilihan “siapa yang boleh melihat”, unggahan masuk sebagai draf dan Anda terbitkan di aplikasi TikTok.",
            "Sebelum aplikasi diaudit TikTok, hanya draf atau “hanya akun itu sendiri” yang diterima.",
        ),
        _consent("TikTok"),
    ),
    "youtube": Guide(
        ("Akun Google yang memiliki kanal YouTube unit.",),
        (
            "Hanya video; tulisan dan gambar tidak dapat terbit.",
            "Sebelum aplikasi diaudit Google, video terkunci pribadi.",
        ),
        _consent("Google", "Bila ditanya, pilih kanal unit."),
    ),
    "mastodon": Guide(
        ("Alamat peladen akun unit, misalnya https://mastodon.social.", "Surel dan kata sandi akunnya di peladen itu."),
        ("Jumlah tayangan tidak tersedia di Mastodon.",),
        _consent("Mastodon"),
    ),
    "bluesky": Guide(
        (
            "Nama lengkap akun, misalnya pps-cilendek.bsky.social.",
            "Kata sandi aplikasi: buka Bluesky, Pengaturan, Privasi dan keamanan, Kata sandi aplikasi, lalu buat satu.",
        ),
        ("Jumlah tayangan tidak tersedia di Bluesky.", "Kiriman yang sudah terbit tidak dapat disunting."),
        identifier=Field("nama", "Nama lengkap akun", "Misalnya pps-cilendek.bsky.social."),
        secret=Field("rahasia", "Kata sandi aplikasi", "Bukan kata sandi utama.", is_secret=True, is_needed=True),
    ),
    "telegram": Guide(
        (
            "Bot: kirim /newbot ke @BotFather di Telegram, lalu salin tokennya.",
            "Tambahkan bot itu sebagai admin saluran unit, dengan izin mengirim pesan.",
        ),
        (
            "Telegram tidak memberi jumlah tayangan.",
            "Bila jawabannya hilang di jalan, Telegram tidak dapat ditanya: Anda yang memastikan.",
        ),
        identifier=Field("nama", "Saluran", "Misalnya @ppscilendekbarat."),
        secret=Field("rahasia", "Token bot", "Dari @BotFather, utuh.", is_secret=True, is_needed=True),
    ),
}


def guide(platform: str) -> Guide | None:
    return _GUIDES.get(platform)


_ID = Field("account_id", "Nomor akun", "Boleh kosong; bila kosong, ditanyakan ke platform.")


def _token(label: str, hint: str = "") -> Field:
    return Field("access_token", label, hint, is_secret=True, is_needed=True)


_RECIPES = {
    "x": Recipe(
        (
            "Satu aplikasi X untuk seluruh kota, dibuat KPU di developer.x.com dengan OAuth 2.0.",
            "Izin aplikasinya: tweet.read, tweet.write, users.read, media.write, offline.access.",
            "Masuk sebagai akun unit, izinkan aplikasi, lalu salin token aksesnya.",
        ),
        (_token("Token akses"), _ID, Field("username", "Nama pengguna", "Tanpa @; boleh kosong.")),
    ),
    "facebook": Recipe(
        (
            "Halaman Facebook unit, dan Anda admin di halaman itu.",
            "Aplikasi Meta dengan izin pages_manage_posts, pages_read_engagement, read_insights.",
            "Token Halaman, bukan token pribadi; berlaku 60 sampai 90 hari.",
        ),
        (
            _token("Token Halaman"),
            Field("account_id", "Nomor Halaman", "Ada di menu Tentang halaman."),
            Field("app_secret", "Rahasia aplikasi", "Boleh kosong.", is_secret=True),
        ),
    ),
    "instagram": Recipe(
        (
            "Akun Instagram profesional (bisnis atau kreator), bukan akun pribadi.",
            "Aplikasi Meta dengan Instagram Login dan izin instagram_business_content_publish.",
            "Token aksesnya berlaku 60 hari; hubungkan ulang sebelum habis.",
        ),
        (_token("Token akses"), _ID),
    ),
    "threads": Recipe(
        ("Akun Threads unit.", "Aplikasi Meta dengan izin threads_basic dan threads_content_publish."),
        (_token("Token akses"), _ID),
    ),
    "telegram": Recipe(
        (
            "Bot dari @BotFather; simpan tokennya.",
            "Jadikan bot itu admin di saluran unit, dengan izin mengirim pesan.",
        ),
        (_token("Token bot"), Field("account_id", "Saluran", "Misalnya @ppscilendekbarat; boleh kosong bila sama.")),
    ),
    "bluesky": Recipe(
        ("Kata sandi aplikasi dari Pengaturan, Privasi dan keamanan. Jangan pakai kata sandi utama.",),
        (_token("Kata sandi aplikasi"), Field("username", "Nama lengkap akun", "Misalnya pps.bsky.social.")),
    ),
    "mastodon": Recipe(
        ("Alamat peladen akun unit.", "Token akses dari Preferensi, Pengembangan, dengan izin read dan write."),
        (_token("Token akses"), _ID),
    ),
}
_OTHER = Recipe(("Token akses dari halaman pengembang platform ini.",), (_token("Token akses"), _ID))


def recipe(platform: str) -> Recipe:
    return _RECIPES.get(platform, _OTHER)
