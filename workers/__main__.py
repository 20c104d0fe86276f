"""One worker process from the command line; imports no door but its own, so that many fit on one machine."""

import asyncio
import os
import sys

from app.kit.logs import configure
from app.settings import Settings
from workers.process import run_worker


def main() -> None:
    settings = Settings()
    configure(level=settings.log_level)
    redis_url = os.environ.get("KENTONGAN_EMBEDDED_REDIS") or settings.redis_url
    if redis_url == "embedded":
        raise RuntimeError(
            "Pekerja yang dijalankan sendiri perlu KENTONGAN_REDIS_URL=redis://... ; Redis tertanam hanya ada pada `kentongan up`."
        )
    work = run_worker(settings, redis_url)
    if sys.platform == "win32":
        asyncio.run(work)
    else:
        import uvloop

        uvloop.run(work)


if __name__ == "__main__":
    main()
