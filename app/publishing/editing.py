"""Changes the words of what is out, where the platform lets us; the try is recorded like any other."""

from app.kit.logs import logger
from app.platforms.contract import Adapter, EditsInPlace, Published, PublishError, Refused, TryLater, Unsure
from app.publishing.claims import Claim

log = logger("editing")

BY_HAND = "Platform ini tidak dapat menyunting lewat sistem. Sunting sendiri di akunnya, lalu tandai."


async def edit_in_place(adapter: Adapter, claim: Claim) -> Published:
    """The post that is edited, as it is known. Whatever else goes wrong is tried again: nothing can be doubled by it."""
    able: object = adapter
    target = claim.edits or {}
    if not isinstance(able, EditsInPlace):
        raise Refused(BY_HAND, code="by_hand")
    try:
        await able.edit(claim.account, str(target["remote_id"]), claim.message)
    except Unsure as error:
        raise TryLater(error.message, code=error.code, http_status=error.http_status) from error
    except PublishError:
        raise
    except Exception as error:
        log.error("edit_broke", delivery=claim.id, platform=claim.platform, exc_info=error)
        raise TryLater("Kesalahan tak terduga saat menyunting; dicoba lagi.", code=type(error).__name__) from error
    return Published(str(target["remote_id"]), target.get("url"))
