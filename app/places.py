"""Where each platform listens, and as whom we come there, out of the settings."""

from app.platforms.connecting import AppKey, Place
from app.settings import Settings

CALLBACK = "/akun/hubungkan/kembali"
"""The one address that platforms send people back to; it must be entered at each platform's developer page."""

PRACTICE_APP = AppKey("kentongan-latihan", "rahasia-latihan")
"""What the simulator takes us for; it opens nothing else."""


def news_secrets(settings: Settings) -> dict[tuple[str, str], str]:
    """By platform and environment, what the platform signs its webhooks with: the secret of our app there."""
    live = {
        "facebook": settings.meta_app_secret,
        "instagram": settings.instagram_app_secret or settings.meta_app_secret,
        "threads": settings.threads_app_secret,
        "tiktok": settings.tiktok_client_secret,
    }
    practice = {(platform, "practice"): PRACTICE_APP.secret for platform in live}
    return {(platform, "live"): secret for platform, secret in live.items()} | practice


class base_of:  # noqa: N801 - a function with a memory of the settings
    """Where a channel's platform listens: the simulator for practice, else the platform's own address.

    Empty for a platform whose channels each name their own server.
    """

    def __init__(self, settings: Settings) -> None:
        self._simulator = settings.simulator
        self._live = {
            "x": settings.x_api_url,
            "facebook": settings.facebook_graph_url,
            "instagram": settings.instagram_graph_url,
            "threads": settings.threads_graph_url,
            "telegram": settings.telegram_api_url,
            "bluesky": settings.bluesky_pds_url,
            "tiktok": settings.tiktok_api_url,
            "youtube": settings.youtube_api_url,
        }

    def __call__(self, platform: str, environment: str) -> str:
        return f"{self._simulator}/{platform}" if environment == "practice" else self._live.get(platform, "")


class place_of:  # noqa: N801 - likewise
    """A platform's address with our app's number there. An address that an operator has changed stands in for all its hosts."""

    def __init__(self, settings: Settings) -> None:
        self._base = base_of(settings)
        self._own = base_of(Settings.model_construct(simulator_url="-"))
        self._version = settings.meta_graph_version
        self._callback = f"{settings.base_url}{CALLBACK}"
        self._guards = not settings.allow_private_addresses
        self._apps = {
            "x": AppKey(settings.x_client_id, settings.x_client_secret),
            "facebook": AppKey(settings.meta_app_id, settings.meta_app_secret),
            "instagram": AppKey(settings.instagram_app_id, settings.instagram_app_secret),
            "threads": AppKey(settings.threads_app_id, settings.threads_app_secret),
            "tiktok": AppKey(settings.tiktok_client_key, settings.tiktok_client_secret),
            "youtube": AppKey(settings.google_client_id, settings.google_client_secret),
        }

    def __call__(self, platform: str, environment: str, server: str) -> Place:
        base = server or self._base(platform, environment)
        app = PRACTICE_APP if environment == "practice" else self._apps.get(platform, AppKey())
        is_own = environment == "live" and base == (server or self._own(platform, environment))
        guards = self._guards and environment == "live"
        return Place(base, self._version, app, self._callback, is_own, guards)
