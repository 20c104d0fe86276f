from datetime import datetime
from pathlib import Path

import pytest

from app.content.guard_service import GuardService, shipped_rules
from app.content.media import MediaService
from app.content.renditions import Shape
from app.content.service import TemplateService
from app.kit.db import Database
from app.kit.seal import Seal
from app.platforms.registry import build_adapters
from app.tahapan.service import TahapanService
from tests.support.cast import Cast, make_cast


@pytest.fixture
async def cast(db: Database, now: datetime) -> Cast:
    return await make_cast(db, now)


@pytest.fixture
def templates(db: Database, now: datetime) -> TemplateService:
    adapters = build_adapters(timeout=1, now=lambda: now)
    return TemplateService(db, lambda: now, TahapanService(db, lambda: now), adapters, shipped_rules())


@pytest.fixture
def guard(db: Database, now: datetime) -> GuardService:
    adapters = build_adapters(timeout=1, now=lambda: now)
    return GuardService(db, TahapanService(db, lambda: now), shipped_rules(), lambda: now, adapters)


@pytest.fixture
def media(db: Database, now: datetime, tmp_path: Path) -> MediaService:
    shapes = {name: Shape.of(adapter.limits) for name, adapter in build_adapters(timeout=1, now=lambda: now).items()}
    return MediaService(db, Seal(("kunci-uji",)), tmp_path / "media", "http://ktg.test", lambda: now, shapes)
