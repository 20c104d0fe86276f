"""What posts cost in a month on platforms that bill by the post, and the cap that the operator has set."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from app.content.price import BILLED, price_of
from app.kit.db import ReadSession
from app.kit.errors import BadInput, Problem
from app.publishing import spending_store
from app.publishing.rules import Frozen


class Queued(Protocol):
    """What is about to be put into the queue."""

    @property
    def platform(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def message(self) -> Frozen | None: ...


@dataclass(frozen=True)
class Cap:
    """`usd` a calendar month (UTC, as X bills) over the whole installation; 0: none."""

    usd: Decimal = Decimal(0)

    async def must_fit(self, session: ReadSession, new: Sequence[Queued]) -> None:
        """Raises BadInput, with the reason and the remedy, where these would pass the cap. What has no words yet counts as a plain post."""
        billed = [one for one in new if one.platform in BILLED and one.environment == "live"] if self.usd else []
        wanted: dict[datetime, Decimal] = defaultdict(Decimal)
        for one in billed:
            text = one.message.text if one.message else ""
            wanted[_month(one.due_at)] += price_of([(one.platform, one.environment, text)]).usd
        for month, usd in wanted.items():
            spent = price_of(await spending_store.said_in(session, BILLED, month, _next(month))).usd
            if spent + usd > self.usd:
                raise BadInput(_say(self.usd, spent, usd), Problem("channels", "melewati batas biaya X bulan itu"))


NO_CAP = Cap()


def _month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _say(cap: Decimal, spent: Decimal, usd: Decimal) -> str:
    numbers = [f"US${amount:.2f}".replace(".", ",") for amount in (cap, spent, usd)]
    return (
        "Batas biaya X bulan itu {}; sudah terpakai atau diantrekan {}, dan ini menambah {}. "
        "Hapus tautan dari teks X, lepas X dari pilihan akun, atau minta operator menaikkan batasnya."
    ).format(*numbers)
