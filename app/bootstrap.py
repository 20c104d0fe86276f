"""Builds every service once, each given exactly what it needs. Doors, workers and commands all live in this house."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from app.accounts.calendars import CalendarKeyService
from app.accounts.deputies import DeputyService
from app.accounts.idempotency import IdempotencyService
from app.accounts.passkeys import PasskeyService
from app.accounts.security import SecurityService
from app.accounts.service import PeopleService
from app.accounts.units import UnitService
from app.activities.service import ActivityService
from app.channels.connecting import ConnectService
from app.channels.keeping import Keeper
from app.channels.service import ChannelService
from app.content.designs import DesignService
from app.content.guard_service import GuardService, shipped_rules
from app.content.library import LibraryService
from app.content.media import MediaService
from app.content.renditions import SMALL, SMALL_SHAPE, Shape
from app.content.service import TemplateService
from app.content.trying import TemplateDesk
from app.content.uploads import UploadService
from app.engagement.followers import FollowersService
from app.engagement.hearing import HearingService
from app.engagement.outside import OutsideService
from app.engagement.reading_back import ReadBackService
from app.engagement.service import EngagementService
from app.evidence.complaints import ComplaintService
from app.evidence.deadlines import DeadlineWatch
from app.evidence.heads import HeadTeller
from app.evidence.history import HistoryService
from app.evidence.keeping import KeepingService
from app.evidence.packing import EvidenceService
from app.kit.clock import Clock
from app.kit.db import Database
from app.kit.http import SafeClient
from app.kit.rates import Rates
from app.kit.seal import Seal, keys_in
from app.notices.mail import Mailer
from app.notices.push import Push
from app.notices.service import NoticesService
from app.notices.telegram import Telegram
from app.places import base_of, news_secrets, place_of
from app.platforms.connecting import Connector
from app.platforms.contract import Adapter, Pace, Scope
from app.platforms.registry import build_adapters, build_by_hand, build_connectors
from app.posts.answering import AnswerService
from app.posts.approving import Approving
from app.posts.board import BoardService
from app.posts.broadcasts import BroadcastService
from app.posts.copies import CopyApproval
from app.posts.correcting import CorrectionService
from app.posts.discussing import Discussing
from app.posts.ending import EndingService
from app.posts.exchange import ExchangeService
from app.posts.moving import MoveService
from app.posts.revising import ReviseService
from app.posts.series import SeriesService
from app.posts.service import PostService
from app.posts.suggesting import SuggestService
from app.posts.terms import TermService
from app.posts.usage import UsageService
from app.posts.watching import ReviewWatch
from app.publishing.breaker import Breaker
from app.publishing.bulk import BulkService
from app.publishing.holding import HoldService
from app.publishing.incidents import IncidentService
from app.publishing.pacing import Pacer
from app.publishing.pausing import PauseService
from app.publishing.publisher import Publisher
from app.publishing.service import PublishingService
from app.publishing.spending import Cap
from app.publishing.switching import SwitchService
from app.publishing.takeovers import TakeoverService
from app.publishing.withdrawing import WithdrawService
from app.reports.compliance import ComplianceService
from app.reports.mailing import RecapMailService
from app.reports.overview import OverviewService
from app.reports.public import PublicPageService
from app.reports.service import RecapService
from app.settings import Environment, Settings
from app.tahapan.exchange import CalendarExchange
from app.tahapan.service import TahapanService
from app.training.service import TrainingService
from app.webhooks.service import WebhookService
from app.wilayah.service import WilayahService

CALL_PATIENCE = 600.0
"""Real seconds after which an API call that never ended counts as interrupted; a broadcast to a whole country takes less."""

Ring = Callable[[str], Awaitable[None]]
"""Asks for a background job soon; losing the ring loses nothing, sweeps find the work."""


async def _rings_nobody(_job: str) -> None:
    return None


async def _nobody_is_up() -> bool:
    return False


@dataclass
class Kentongan:
    """The whole program without its doors. `close` lets go of every connection."""

    settings: Settings
    clock: Clock
    db: Database
    seal: Seal
    platforms: dict[str, Adapter]
    connectors: dict[str, Connector]
    wilayah: WilayahService
    tahapan: TahapanService
    units: UnitService
    people: PeopleService
    security: SecurityService
    passkeys: PasskeyService
    idempotency: IdempotencyService
    channels: ChannelService
    connecting: ConnectService
    keeper: Keeper
    templates: TemplateService
    media: MediaService
    guard: GuardService
    publishing: PublishingService
    withdrawing: WithdrawService
    posts: PostService
    exchange: ExchangeService
    broadcasts: BroadcastService
    corrections: CorrectionService
    revising: ReviseService
    series: SeriesService
    suggesting: SuggestService
    pauses: PauseService
    holding: HoldService
    engagement: EngagementService
    notices: NoticesService
    activities: ActivityService
    recaps: RecapService
    training: TrainingService
    outside: SafeClient
    """Speaks to addresses that people have typed; nothing else may."""
    copy: Database
    """What reports ask: a read replica, else the database itself. A replica is a little behind, so nothing decides by it."""
    ring: Ring = _rings_nobody
    redis_is_up: Callable[[], Awaitable[bool]] = _nobody_is_up
    rates: Rates = field(default_factory=Rates)

    @property
    def switching(self) -> SwitchService:
        return SwitchService(self.clock.now, self.channels)

    @property
    def library(self) -> LibraryService:
        return LibraryService(self.db, self.clock.now, self.media)

    @property
    def uploads(self) -> UploadService:
        return UploadService(self.db, self.clock.now, self.media)

    @property
    def calendar_keys(self) -> CalendarKeyService:
        return CalendarKeyService(self.db, self.clock.now, self.people)

    @property
    def designs(self) -> DesignService:
        return DesignService(self.db, self.clock.now, self.tahapan, self.media)

    @property
    def hearing(self) -> HearingService:
        token = self.settings.meta_verify_token
        return HearingService(self.db, self.clock.now, self.channels, news_secrets(self.settings), token)

    @property
    def usage(self) -> UsageService:
        return UsageService(self.db)

    @property
    def compliance(self) -> ComplianceService:
        return ComplianceService(self.recaps)

    @property
    def followers(self) -> FollowersService:
        return FollowersService(self.db, self.clock.now, self.platforms, self.channels, self.settings.timezone)

    @property
    def read_back(self) -> ReadBackService:
        now, cap = self.clock.now, self.settings.x_read_back_usd
        return ReadBackService(self.db, now, self.platforms, self.channels, self.tahapan, self.guard.rules, cap)

    @property
    def elsewhere(self) -> OutsideService:
        return OutsideService(self.db, self.clock.now, self.platforms, self.settings.x_read_back_usd)

    @property
    def webhooks(self) -> WebhookService:
        return WebhookService(self.db, self.clock, self.seal, self.outside)

    @property
    def recap_mail(self) -> RecapMailService:
        mailer, base_url = self.notices.mailer, self.settings.base_url
        return RecapMailService(self.db, self.clock, self.recaps, mailer, self.people.actor_of, base_url)

    @property
    def public_pages(self) -> PublicPageService:
        return PublicPageService(self.db, self.clock.now, self.tahapan)

    @property
    def overviews(self) -> OverviewService:
        return OverviewService(self.copy, self.clock.now, self.recaps, self.settings.timezone)

    @property
    def answers(self) -> AnswerService:
        return AnswerService(self.db, self.clock.now)

    @property
    def board(self) -> BoardService:
        return BoardService(self.db)

    @property
    def bulk(self) -> BulkService:
        return BulkService(self.publishing)

    @property
    def moving(self) -> MoveService:
        return MoveService(self.posts)

    @property
    def approving(self) -> Approving:
        copies = CopyApproval(self.db, self.clock.now, self.posts.guard, self.tahapan, self.platforms)
        return Approving(self.db, self.clock.now, self.posts, copies)

    @property
    def discussing(self) -> Discussing:
        return Discussing(self.db, self.clock.now)

    @property
    def review_watch(self) -> ReviewWatch:
        return ReviewWatch(self.db, self.clock.now)

    @property
    def calendars(self) -> CalendarExchange:
        return CalendarExchange(self.db, self.tahapan)

    @property
    def complaints(self) -> ComplaintService:
        folder = self.settings.media_dir / "aduan"
        return ComplaintService(
            self.db, self.clock, self.evidence, self.withdrawing, self.broadcasts, folder, self.settings.timezone
        )

    @property
    def terms(self) -> TermService:
        zone = self.settings.timezone
        return TermService(self.db, self.clock, self.people, self.channels, self.publishing, zone)

    @property
    def template_desk(self) -> TemplateDesk:
        return TemplateDesk(self.templates)

    @property
    def deadlines(self) -> DeadlineWatch:
        return DeadlineWatch(self.db, self.clock)

    @property
    def endings(self) -> EndingService:
        return EndingService(self.db, self.clock, self.channels, self.terms, self.settings.timezone)

    @property
    def keeping(self) -> KeepingService:
        return KeepingService(self.db, self.clock, self.settings.media_dir / "aduan", self.settings.timezone)

    @property
    def history(self) -> HistoryService:
        return HistoryService(self.db)

    @property
    def head_teller(self) -> HeadTeller:
        return HeadTeller(self.db, self.clock, self.settings.timezone)

    @property
    def evidence(self) -> EvidenceService:
        return EvidenceService(self.db, self.media, self.clock.now)

    @property
    def deputies(self) -> DeputyService:
        return DeputyService(self.db, self.clock.now)

    @property
    def incidents(self) -> IncidentService:
        return IncidentService(self.db, self.clock, self.platforms)

    @property
    def takeovers(self) -> TakeoverService:
        grace = timedelta(hours=self.settings.grace_hours)
        places = self.connecting.places
        return TakeoverService(self.db, self.clock, self.platforms, self.channels, self.connectors, places, grace)

    def breaker(self) -> Breaker:
        """One for each worker process."""
        return Breaker(self.db, self.clock, self.platforms, self.channels)

    def publisher(self) -> Publisher:
        """A publisher for one worker process."""
        settings = self.settings
        return Publisher(
            self.db,
            self.clock,
            self.platforms,
            self.channels,
            self.media,
            Pacer(
                self.clock,
                self.platforms,
                settings.send_timeout,
                _everywhere(settings),
                {"youtube": settings.youtube_uploads_a_day},
            ),
            self.breaker(),
            self.withdrawing,
            self.keeper,
            send_timeout=settings.send_timeout,
            silent_after=settings.silent_after,
            verify=settings.verify_before_resend,
        )

    @property
    def push(self) -> Push:
        """Needs nothing set up, so it is always there."""
        assert self.notices.push is not None
        return self.notices.push

    async def close(self) -> None:
        await self.keeper.settle()
        for adapter in self.platforms.values():
            await adapter.close()
        await self.outside.close()
        for connector in self.connectors.values():
            await connector.close()
        await self.rates.close()
        await self.db.close()
        if self.copy is not self.db:
            await self.copy.close()


def _everywhere(settings: Settings) -> Pace | None:
    """The operator's own pace, over all platforms."""
    return Pace(settings.pace_per_minute, timedelta(minutes=1), Scope.PLATFORM) if settings.pace_per_minute else None


def _seal(settings: Settings) -> Seal:
    """With the operator's keys, else with those made in the data folder."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    given = tuple(key.strip() for key in settings.secret_keys.split(",") if key.strip())
    return Seal(given or keys_in(settings.data_dir))


def build(settings: Settings) -> Kentongan:
    """Opens nothing yet: connections are made when first used."""
    now = (clock := settings.parsed_clock).now
    db, seal, grace = Database(settings.database), _seal(settings), timedelta(hours=settings.grace_hours)
    copy = Database(settings.reports_database_url) if settings.reports_database_url else db
    platforms = build_adapters(timeout=settings.send_timeout, now=now) | build_by_hand()
    tahapan = TahapanService(db, now)
    channels = _channels(settings, db, seal, platforms)
    connectors, connecting, keeper = _connecting(settings, db, seal, channels)
    media = _media(settings, db, seal, platforms)
    publishing = PublishingService(db, clock, grace, Cap(settings.x_monthly_cap_usd))
    channels.on_state.append(publishing.on_channel_state)
    people = PeopleService(db, now, needs_factor=settings.needs_factor)
    security = SecurityService(db, seal, now, people, links_suffice=settings.environment is Environment.DEVELOPMENT)
    guard = shipped_rules()
    posts = PostService(db, now, grace, platforms, guard, tahapan, media, publishing)
    revising = ReviseService(db, now, grace, platforms, guard, tahapan, media, publishing)
    tahapan.on_moved.append(revising.on_moved)
    broadcasts = BroadcastService(db, now, grace, platforms, guard, tahapan, media, publishing)
    templates = TemplateService(db, now, tahapan, platforms, guard)
    outside = SafeClient(allow_private=settings.allow_private_addresses)
    return Kentongan(
        settings,
        clock,
        db,
        seal,
        platforms,
        connectors,
        wilayah=WilayahService(db),
        tahapan=tahapan,
        units=UnitService(db, now),
        people=people,
        security=security,
        passkeys=PasskeyService(db, now, security, settings.base_url),
        idempotency=IdempotencyService(db, seal, now, clock.span(CALL_PATIENCE)),
        channels=channels,
        connecting=connecting,
        keeper=keeper,
        templates=templates,
        media=media,
        guard=GuardService(db, tahapan, guard, now, platforms),
        publishing=publishing,
        withdrawing=WithdrawService(db, clock, platforms, channels, publishing),
        posts=posts,
        exchange=ExchangeService(posts),
        broadcasts=broadcasts,
        corrections=CorrectionService(db),
        series=SeriesService(db, now, platforms, tahapan, broadcasts, people.actor_of),
        suggesting=SuggestService(posts),
        revising=revising,
        pauses=PauseService(db, clock),
        holding=HoldService(db, clock, platforms, settings.send_timeout),
        engagement=EngagementService(db, now, platforms, channels, posts, settings.timezone),
        notices=_notices(settings, db, seal, outside),
        outside=outside,
        activities=ActivityService(db, now, posts, templates),
        recaps=RecapService(copy, now, tahapan, settings.timezone),
        copy=copy,
        training=_training(settings, db, seal, people, channels),
    )


def _training(
    settings: Settings, db: Database, seal: Seal, people: PeopleService, channels: ChannelService
) -> TrainingService:
    nothing_else = settings.training and settings.environment is Environment.PRODUCTION
    training = TrainingService(db, people, seal, settings.simulator, settings.parsed_clock.now, nothing_else)
    channels.on_state.append(training.on_channel_state)
    return training


def _media(settings: Settings, db: Database, seal: Seal, platforms: dict[str, Adapter]) -> MediaService:
    shapes = {name: Shape.of(adapter.limits) for name, adapter in platforms.items()} | {SMALL: SMALL_SHAPE}
    return MediaService(db, seal, settings.media_dir, settings.base_url, settings.parsed_clock.now, shapes)


def _channels(settings: Settings, db: Database, seal: Seal, platforms: dict[str, Adapter]) -> ChannelService:
    now, version = settings.parsed_clock.now, settings.meta_graph_version
    channels = ChannelService(db, seal, now, platforms, base_of(settings), version)
    channels.allow_private = settings.allow_private_addresses
    return channels


def _connecting(
    settings: Settings, db: Database, seal: Seal, channels: ChannelService
) -> tuple[dict[str, Connector], ConnectService, Keeper]:
    """How accounts are joined, and how what was joined is kept alive."""
    clock, places = settings.parsed_clock, place_of(settings)
    connectors = build_connectors(timeout=settings.send_timeout, now=clock.now)
    connecting = ConnectService(db, seal, clock.now, channels, connectors, places)
    keeper = Keeper(db, seal, clock, channels, connectors, places, settings.send_timeout)
    keeper.on_outage.append(Breaker(db, clock, channels.platforms, channels).on_outage)
    return connectors, connecting, keeper


def _notices(settings: Settings, db: Database, seal: Seal, outside: SafeClient) -> NoticesService:
    clock, address = settings.parsed_clock, settings.base_url
    push = Push(db, seal, clock.now, outside, address)
    return NoticesService(db, clock, *_ways_out(settings), address, push)


def _ways_out(settings: Settings) -> tuple[Mailer | None, Telegram | None]:
    """What is not set up is None: notices then stay in the list."""
    token = settings.telegram_bot_token
    return (
        Mailer.from_url(settings.smtp_url, settings.mail_from) if settings.smtp_url else None,
        Telegram(settings.telegram_api_url, token) if token else None,
    )
