"""What a person must have at hand to join an account of each platform, and under which names it is kept."""

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
