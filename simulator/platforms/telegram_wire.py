"""Knows the Bot API's wire format (10.1): tokens in the path, answers, errors, and the flood limits of a channel."""

import math
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator.accounts import Account, account_id, read_token
from simulator.faults import Fault
from simulator.visit import Visit
from simulator.wire import Incoming, Refusal, answer_json

# python-telegram-bot's constants: messages a minute in one chat, and a second over all chats of a bot.
_CHAT_LIMIT, _CHAT_WINDOW_S = 20, 60.0
_BOT_LIMIT, _BOT_WINDOW_S = 30, 1.0


def ok(result: object) -> Response:
    return answer_json({"ok": True, "result": result})


def fail(code: int, description: str, **parameters: Any) -> Response:
    """The HTTP status repeats the code."""
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return answer_json(body | ({"parameters": parameters} if parameters else {}), code)


def bad_request(description: str) -> Response:
    return fail(400, f"Bad Request: {description}")


def identify(request: Request, incoming: Incoming) -> Account:
    """`sim_telegram_HANDLE`, with or without the bot's number and a colon before it."""
    token = re.sub(r"^\d+:", "", str(request.path_params["token"]))
    account = read_token("telegram", token)
    if account is None:
        raise Refusal(fail(401, "Unauthorized"))
    return account


def token_dead(visit: Visit) -> Response:
    return fail(401, "Unauthorized")


def bot_id(account: Account) -> int:
    return int(account_id("bot", account.handle)) % 10**10


def rate_limited(visit: Visit, fault: Fault, resets_at: float) -> Response:
    return _flood(resets_at - visit.now)


def _flood(left: float) -> Response:
    seconds = max(1, math.ceil(left))
    answer = fail(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
    answer.headers["retry-after"] = str(seconds)
    return answer


def pace(visit: Visit) -> None:
    """Counts what is sent; raises Refusal with 429 and retry_after."""
    if visit.operation != "create":
        return
    for name, limit, length in (("bot", _BOT_LIMIT, _BOT_WINDOW_S), ("chat", _CHAT_LIMIT, _CHAT_WINDOW_S)):
        bucket = f"telegram:{name}:{visit.account.id}"
        used, resets_at = visit.ledger.spend(bucket, length=length, now=visit.now)
        if used > limit:
            raise Refusal(_flood(resets_at - visit.now))


def malformed() -> Response:
    return bad_request("can't parse JSON object")


def own_chat(visit: Visit) -> None:
    """The chat named must be the token's channel, and the bot still in it; raises Refusal."""
    chat = visit.incoming.text("chat_id").strip()
    if not chat:
        raise Refusal(bad_request("chat_id is empty"))
    account = visit.account
    mine = chat == account.id or chat.lower() == f"@{account.handle}".lower()
    number = account_id("telegram", chat[1:]) if chat.startswith("@") else chat
    if not mine and visit.ledger.find_handle("telegram", number) is None:
        raise Refusal(bad_request("chat not found"))
    if not mine or visit.struck("bot_removed"):
        raise Refusal(fail(403, "Forbidden: bot is not a member of the channel chat"))


def show_chat(account: Account) -> dict[str, Any]:
    return {"id": int(account.id), "title": account.name, "username": account.handle, "type": "channel"}
