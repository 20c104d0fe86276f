"""Every setting of the program, read from the environment, a `.env` file or `_FILE` variants for secrets."""

import os
from decimal import Decimal
from email.utils import parseaddr
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from app.kit.clock import Clock

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "KENTONGAN_"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class _FromFiles(PydanticBaseSettingsSource):
    """`KENTONGAN_SECRET_KEYS_FILE=/run/secrets/keys` gives SECRET_KEYS its content, as container secrets do."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(
        Path("kentongan-data"), description="Folder for the database, keys, media and the embedded Redis."
    )
    database_url: str = Field("", description="postgresql://... in production; empty: a SQLite file in DATA_DIR.")
    reports_database_url: str = Field(
        "",
        description="postgresql://... of a read replica that reports and dashboards ask; empty: the database itself.",
    )
    redis_url: str = Field(
        "embedded", description="redis://... in production; embedded: a Valkey of our own on a Unix socket."
    )
    secret_keys: str = Field(
        "", description="Comma-separated; the first seals, all open. Empty outside production: made in DATA_DIR."
    )
    base_url: str = Field("http://127.0.0.1:8000", description="Public address; Instagram fetches images from it.")
    environment: Environment = Field(Environment.DEVELOPMENT, description="development or production.")
    timezone: str = Field("Asia/Jakarta", description="Zone of the installation, for units without one of their own.")
    clock: str = Field(
        "", description="offset=<s>;speed=<factor>;since=<unix s> for tests and training; refused in production."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")
    metrics_token: str = Field("", description="Bearer token that opens /metrics; empty: /metrics answers 404.")
    grace_hours: float = Field(
        24.0, description="How long after its time a post may still go out, unless its stage ends earlier."
    )
    backup_dir: str = Field(
        "", description="Folder of the daily backup; empty: DATA_DIR/backups; off: none, something else takes it."
    )
    backup_keep: int = Field(14, ge=1, description="How many of the daily backups are kept.")
    send_timeout: float = Field(30.0, description="Real seconds an answer of a platform is waited for.")
    x_monthly_cap_usd: Decimal = Field(
        Decimal(0), ge=0, description="US dollars that posts on X may cost in a calendar month. 0: no cap."
    )
    x_read_back_usd: Decimal = Field(
        Decimal(0),
        ge=0,
        description="US dollars a calendar month for reading X accounts' own posts back. 0: X is not read back.",
    )
    pace_per_minute: int = Field(
        0,
        ge=0,
        description="At most so many posts a minute leave this installation, over all platforms. 0: no limit of our own.",
    )
    silent_after: float = Field(
        6.0, description="Real seconds without a heartbeat after which a worker's sends are adopted."
    )
    verify_before_resend: bool = Field(
        True,
        description="Ask the platform before sending an unsure delivery again. Off only to show that tests catch it.",
    )
    rate_reads: int = Field(
        1200, ge=0, description="API reads a minute of one token or session (else of one address); 0: no limit."
    )
    rate_writes: int = Field(300, ge=0, description="API writes a minute, counted likewise; 0: no limit.")
    rate_logins: int = Field(
        30,
        ge=0,
        description="Log-in links a minute that one address may get wrong; a right one always opens. 0: no limit.",
    )
    rate_sprays: int = Field(
        100,
        ge=0,
        description="Accounts whose password one network may get wrong in an hour; then a password alone opens none from there. 0: no limit.",
    )
    allow_private_addresses: bool = Field(
        False,
        description="Let addresses that people type (own servers, webhooks) lead to this machine: tests and training only, refused in production.",
    )
    second_factor: Literal["auto", "optional"] = Field(
        "auto",
        description="auto: approvers and admins need a second factor in production; optional: nobody does, for trying a production set-up.",
    )
    training: bool = Field(
        False,
        description="Say on every page that this is a training. In production also: no second factor, and no live account can be joined.",
    )
    simulator_url: str = Field("", description="Where practice channels go; empty: the simulator in the web process.")
    meta_graph_version: str = Field("v26.0", description="Graph API version of Facebook and Instagram.")
    x_api_url: str = Field("https://api.x.com", description="Base address of X.")
    facebook_graph_url: str = Field("https://graph.facebook.com", description="Base address of Facebook's Graph API.")
    instagram_graph_url: str = Field(
        "https://graph.instagram.com", description="Base address of Instagram's Graph API."
    )
    threads_graph_url: str = Field("https://graph.threads.net", description="Base address of Threads' Graph API.")
    bluesky_pds_url: str = Field(
        "https://bsky.social", description="Base address of Bluesky, for channels that name no server of their own."
    )
    tiktok_api_url: str = Field("https://open.tiktokapis.com", description="Base address of TikTok.")
    youtube_api_url: str = Field("https://www.googleapis.com", description="Base address of YouTube.")
    x_client_id: str = Field("", description="Number of the X app, for joining accounts.")
    x_client_secret: str = Field("", description="Secret of the X app; empty for a public client.")
    meta_app_id: str = Field("", description="Number of the Meta app, for joining Facebook Pages.")
    meta_app_secret: str = Field("", description="Secret of the Meta app.")
    instagram_app_id: str = Field("", description="Number of the Instagram app (Instagram Login).")
    instagram_app_secret: str = Field("", description="Secret of the Instagram app.")
    threads_app_id: str = Field("", description="Number of the Threads app.")
    threads_app_secret: str = Field("", description="Secret of the Threads app.")
    tiktok_client_key: str = Field("", description="Key of the TikTok app.")
    tiktok_client_secret: str = Field("", description="Secret of the TikTok app.")
    google_client_id: str = Field("", description="Number of the Google app, for YouTube.")
    google_client_secret: str = Field("", description="Secret of the Google app.")
    meta_verify_token: str = Field(
        "", description="Word that Meta repeats when it first calls our webhook address; empty: it is turned away."
    )
    youtube_uploads_a_day: int = Field(
        100, ge=1, description="Videos that Google lets the app upload in 24 hours; more once it has granted more."
    )
    smtp_url: str = Field(
        "",
        description="smtp://user:pass@host:587 (STARTTLS) or smtps://user:pass@host:465; empty: no notice goes by mail.",
    )
    mail_from: str = Field(
        "", description="Sender of mails, such as Kentongan <kabar@kpu.example>; needed with SMTP_URL."
    )
    telegram_bot_token: str = Field("", description="Token of the bot that brings notices; empty: none by Telegram.")
    telegram_api_url: str = Field("https://api.telegram.org", description="Base address of Telegram's Bot API.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _FromFiles(settings_cls), dotenv_settings

    @field_validator(
        "base_url",
        "simulator_url",
        "x_api_url",
        "facebook_graph_url",
        "instagram_graph_url",
        "threads_graph_url",
        "bluesky_pds_url",
        "telegram_api_url",
        "tiktok_api_url",
        "youtube_api_url",
    )
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("clock")
    @classmethod
    def _clock_is_readable(cls, value: str) -> str:
        Clock.parse(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_is_readable(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
            raise ValueError("tulis smtp://pengguna:sandi@peladen:587 atau smtps://pengguna:sandi@peladen:465")
        return value

    def model_post_init(self, _context: Any) -> None:
        if self.smtp_url and "@" not in parseaddr(self.mail_from)[1]:
            raise ValueError("KENTONGAN_SMTP_URL needs KENTONGAN_MAIL_FROM: an address that mails come from")
        if self.environment is Environment.PRODUCTION:
            if self.clock:
                raise ValueError("KENTONGAN_CLOCK is refused in production: posts must leave in real time")
            if self.allow_private_addresses:
                raise ValueError(
                    "KENTONGAN_ALLOW_PRIVATE_ADDRESSES is refused in production: it opens the inner network to whoever types an address"
                )
            if not self.secret_keys:
                raise ValueError(
                    "KENTONGAN_SECRET_KEYS is needed in production: without it sealed credentials are lost with the data folder"
                )

    @cached_property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'kentongan.db').resolve()}"

    @property
    def backup_folder(self) -> Path | None:
        if self.backup_dir == "off":
            return None
        return Path(self.backup_dir) if self.backup_dir else self.data_dir / "backups"

    @cached_property
    def parsed_clock(self) -> Clock:
        return Clock.parse(self.clock)

    @property
    def simulator(self) -> str:
        return self.simulator_url or f"{self.base_url}/simulator"

    @property
    def needs_factor(self) -> bool:
        return self.environment is Environment.PRODUCTION and self.second_factor == "auto" and not self.training

    @property
    def redis_address(self) -> str:
        """Where Redis listens; the embedded one is found by its socket while `up` or `demo` runs."""
        given = os.environ.get("KENTONGAN_EMBEDDED_REDIS")
        socket = (self.data_dir / "valkey" / "s.sock").resolve()
        own = f"unix://{socket}" if self.redis_url == "embedded" and socket.exists() else self.redis_url
        return given or own

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"
