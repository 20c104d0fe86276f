"""Many deliveries at once: sent again, or settled by somebody who has looked; each on its own, so that one refusal holds back no other."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.accounts.rules import Act, Actor
from app.kit.errors import AppError
from app.publishing.service import DeliveryView, PublishingService

MOST = 200


class Deed(StrEnum):
    RETRY = "retry"
    PUBLISHED = "published"
    NOT_PUBLISHED = "not_published"


@dataclass(frozen=True)
class Refused:
    delivery_id: int
    reason: str


@dataclass(frozen=True)
class Dealt:
    done: Sequence[int]
    refused: Sequence[Refused]


@dataclass
class BulkService:
    publishing: PublishingService

    async def deal(self, actor: Actor, delivery_ids: Sequence[int], deed: Deed) -> Dealt:
        """In the order given, each once; raises Forbidden for somebody who may write nowhere."""
        actor.must(Act.WRITE)
        done, refused = [], []
        for delivery_id in dict.fromkeys(delivery_ids[:MOST]):
            try:
                await self._one(actor, delivery_id, deed)
                done.append(delivery_id)
            except AppError as error:
                refused.append(Refused(delivery_id, error.message))
        return Dealt(done, refused)

    def _one(self, actor: Actor, delivery_id: int, deed: Deed) -> Awaitable[DeliveryView]:
        if deed is Deed.RETRY:
            return self.publishing.retry(actor, delivery_id)
        return self.publishing.resolve(actor, delivery_id, published=deed is Deed.PUBLISHED)
