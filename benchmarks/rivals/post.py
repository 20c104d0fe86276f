"""The one thing each rival's job does: publish a text on a Facebook Page, over a connection that is kept open."""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

from simulator.accounts import account_id, practice_token

ACCOUNTS = 74
SLOTS = 32
"""As many in flight as Kentongan has for a blocking library."""
_here = threading.local()


def publish(number: int) -> None:
    """Raises for anything but a created post, so that the queue's own retries see it."""
    session: requests.Session | None = getattr(_here, "session", None)
    if session is None:
        session = _here.session = requests.Session()
    page = f"pps.{number % ACCOUNTS}"
    answer = session.post(
        f"{os.environ['RIVAL_SIMULATOR']}/facebook/v26.0/{account_id('facebook', page)}/feed",
        data={"message": f"Kabar ke-{number} dari unit {number % ACCOUNTS}: cek nama Anda di daftar pemilih."},
        headers={"Authorization": f"Bearer {practice_token('facebook', page)}"},
        timeout=10,
    )
    answer.raise_for_status()


def widen() -> None:
    """Python's own pool has six threads on two cores: nobody would leave it at that."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(SLOTS))
