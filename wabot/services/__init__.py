"""The domain. No Flask, no request, no PyMongo: values in, values out, errors from `errors.py`.

`build` puts the services together; the web process, the worker and the commands each have one `Services`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..config import Settings
from ..lib.bell import Bell
from ..lib.gateway import Gateway
from ..lib.loopback import LoopbackClient
from ..lib.media_files import MediaFiles
from ..lib.outbound import Door
from ..lib.sandbox import Sandbox
from ..lib.tokens import Tokens
from ..lib.wake import WakeUps
from ..store import Store
from .acceptance import Acceptance
from .accounts import Accounts
from .acks import Acks
from .addresses import Addresses
from .administrators import Administrators
from .aftercare import Aftercare
from .audit import AuditLog
from .chat_book import ChatBook
from .claims import Claims, owner_name
from .delivery import Delivery
from .dry_run import DryRun
from .engines import Engines
from .erasure import Erasure
from .event_stream import EventStream
from .export import Exports
from .figures import Figures
from .hearing import Hearing
from .hook_attempts import Attempts
from .hook_care import HookCare
from .hook_lanes import HookLanes
from .hook_rounds import HookRounds
from .identity import Identity
from .inbox import Inbox
from .incoming import Incoming
from .ingest import Ingest
from .invitations import Invitations
from .keys import Keys
from .languages import Languages
from .limit_reports import LimitReports
from .links import Links
from .login_guard import LoginGuard
from .logins import Logins
from .mails import Mails, door_of
from .measurements import Measurements
from .media import Media
from .messages import Messages
from .new_sessions import NewSessions
from .onboarding import Onboarding
from .pacing import Pacing
from .preferences import Preferences
from .preparation import Preparation
from .progress import Progress
from .publishing import Publisher
from .queue_gauge import QueueGauge
from .readiness import Readiness
from .recovery import Recovery
from .restored import Restored
from .schedule import Schedule
from .second_factor import SecondFactor
from .seen import SeenTeller
from .session_administration import SessionAdministration
from .session_overview import SessionOverview
from .sessions import Sessions
from .settings_administration import SettingsAdministration
from .tally import Tally
from .telling import Telling
from .user_administration import UserAdministration
from .view_as import ViewAs
from .virtual_phones import VirtualPhones
from .webhooks import Webhooks


@dataclass(frozen=True)
class Services:
    settings: Settings
    store: Store
    gateway: Gateway
    accounts: Accounts
    identity: Identity
    keys: Keys
    logins: Logins
    second_factor: SecondFactor
    erasure: Erasure
    exports: Exports
    preferences: Preferences
    sessions: Sessions
    messages: Messages
    dry_run: DryRun
    progress: Progress
    ingest: Ingest
    inbox: Inbox
    media: Media
    delivery: Delivery
    aftercare: Aftercare
    claims: Claims
    schedule: Schedule
    pacing: Pacing
    phones: VirtualPhones
    onboarding: Onboarding
    preparation: Preparation
    readiness: Readiness
    restored: Restored
    measurements: Measurements
    figures: Figures
    session_overview: SessionOverview
    audit: AuditLog
    session_administration: SessionAdministration
    user_administration: UserAdministration
    view_as: ViewAs
    wake_ups: WakeUps
    tally: Tally
    acceptance: Acceptance
    links: Links
    mails: Mails
    languages: Languages
    limit_reports: LimitReports
    settings_administration: SettingsAdministration
    login_guard: LoginGuard
    recovery: Recovery
    addresses: Addresses
    invitations: Invitations
    hooks_bell: Bell
    hearing: Hearing
    telling: Telling
    attempts: Attempts
    hook_lanes: HookLanes
    webhooks: Webhooks
    event_stream: EventStream

    def hook_rounds(self, ring: Callable[[], None]) -> HookRounds:
        """The worker's part in webhooks; `ring` wakes it."""
        return HookRounds(self.store, self.telling, self.hook_lanes, self.settings, ring)

    def close(self) -> None:
        """At the end of the process: connections and sockets."""
        self.limit_reports.close()
        self.tally.close()
        self.wake_ups.close()
        self.hooks_bell.close()
        self.store.close()


def build(settings: Settings, store: Store, publisher: Publisher) -> Services:
    gateway = Gateway(LoopbackClient(settings.gateway_url, settings.secret("gateway_secret")))
    sandbox = Sandbox(LoopbackClient(settings.sandbox_url))
    wake_ups = WakeUps(settings.data / "run")
    preferences = Preferences(store, settings)
    tally = Tally(store)
    audit = AuditLog(store)
    limit_reports = LimitReports(store, owner_name(), shared=bool(settings.redis_url))
    claims = Claims(store)
    pacing = Pacing(store, preferences)
    hooks_bell = Bell(settings.data / "run", "hooks")
    telling = Telling(store)
    hearing = Hearing(store, hooks_bell.ring, telling)
    acceptance = Acceptance(store, wake_ups.ring)
    new_sessions = NewSessions(store, preferences)
    links = Links(store, settings)
    mails = Mails(store, settings, links, wake_ups.ring, door_of(settings), owner_name())
    engines = Engines(gateway, settings)
    sessions = Sessions(store, gateway, publisher, new_sessions, settings, hearing, engines, mails, wake_ups.ring)
    virtual_phones = VirtualPhones(store, sandbox, sessions)
    session_overview = SessionOverview(store)
    administrators = Administrators(store)
    accounts = Accounts(store, settings, preferences, mails, audit)
    preparation = Preparation(store, accounts)
    readiness = Readiness(store, gateway, sandbox, settings, preparation, wake_ups.listening)
    progress = Progress(store, publisher, tally, hearing)
    second_factor = SecondFactor(store, settings, audit, mails, preferences)
    door = Door(https_only=settings.production, allowed=settings.webhook_allowed_hosts)
    attempts = Attempts(store, door, settings)
    book = ChatBook(store)
    files = MediaFiles(settings.data / "media")
    media = Media(
        store,
        gateway,
        publisher,
        files,
        wake_ups.ring,
        limit_bytes=settings.media_limit_mb * 2**20,
        quota_bytes=settings.media_quota_mb * 2**20,
    )
    messages = Messages(store, sessions, publisher, acceptance, QueueGauge(store), tally, pacing, progress, hearing)
    schedule = Schedule(store, progress)
    acks = Acks(store, progress, hearing)
    erasure = Erasure(store, accounts, administrators, sessions, second_factor, files, audit)
    return Services(
        settings=settings,
        store=store,
        gateway=gateway,
        accounts=accounts,
        identity=Identity(store, settings, Tokens(lambda: settings.secret("secret_key")), audit),
        keys=Keys(store, settings, audit),
        logins=Logins(store),
        second_factor=second_factor,
        exports=Exports(store, files),
        erasure=erasure,
        preferences=preferences,
        sessions=sessions,
        messages=messages,
        dry_run=DryRun(messages, gateway),
        progress=progress,
        aftercare=Aftercare(store, acceptance, progress),
        ingest=Ingest(store, sessions, acks, Incoming(store, publisher, tally, acks, hearing, book, media)),
        inbox=Inbox(store, publisher, book, messages, SeenTeller(gateway)),
        media=media,
        delivery=Delivery(store, gateway, progress, claims, pacing),
        claims=claims,
        schedule=schedule,
        pacing=pacing,
        phones=virtual_phones,
        onboarding=Onboarding(store, sessions, virtual_phones),
        preparation=preparation,
        readiness=readiness,
        restored=Restored(store, schedule, settings.data / "restored"),
        measurements=Measurements(store, readiness, session_overview, limit_reports.own),
        figures=Figures(store, session_overview),
        session_overview=session_overview,
        audit=audit,
        session_administration=SessionAdministration(store, sessions, audit, session_overview),
        view_as=ViewAs(store, audit),
        user_administration=UserAdministration(store, accounts, administrators, sessions, preferences, erasure, audit),
        wake_ups=wake_ups,
        tally=tally,
        acceptance=acceptance,
        links=links,
        mails=mails,
        languages=Languages(store),
        limit_reports=limit_reports,
        settings_administration=SettingsAdministration(preferences, audit),
        login_guard=LoginGuard(store, settings),
        recovery=Recovery(accounts, links, mails, audit),
        addresses=Addresses(store, links, mails, audit),
        invitations=Invitations(store, accounts, mails, audit),
        hooks_bell=hooks_bell,
        hearing=hearing,
        telling=telling,
        attempts=attempts,
        hook_lanes=HookLanes(store, attempts, HookCare(store, mails)),
        webhooks=Webhooks(store, door, hearing, hooks_bell.ring),
        event_stream=EventStream(store, hearing),
    )
