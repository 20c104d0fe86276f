"""A town with people in it, and a clock that the test moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from app.accounts.service import PeopleService
from app.kit.db import Database
from tests.support.cast import Cast, make_cast


@dataclass
class MovedClock:
    at: datetime

    def __call__(self) -> datetime:
        return self.at

    def move(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock(now: datetime) -> MovedClock:
    return MovedClock(now)


@pytest.fixture
async def cast(db: Database, now: datetime) -> Cast:
    return await make_cast(db, now)


@pytest.fixture
def people(db: Database, clock: MovedClock) -> PeopleService:
    return PeopleService(db, clock)
