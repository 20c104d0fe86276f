"""The only module that knows which Redis background work goes through."""

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from app.kit.logs import logger

log = logger("queue")

QUEUE = "kentongan:jobs"


def redis_settings(url: str) -> RedisSettings:
    """`redis://...`, or `unix:///path` for the embedded server."""
    settings = (
        RedisSettings(unix_socket_path=url.removeprefix("unix://"))
        if url.startswith("unix://")
        else RedisSettings.from_dsn(url)
    )
    settings.conn_retries = 0
    settings.conn_timeout = 2
    return settings


class Queue:
    """Rings for work that is better done now than at the next sweep. Losing a ring loses nothing: sweeps find the work."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis: ArqRedis | None = None

    async def ring(self, job: str) -> None:
        """Ask a worker to run `job` soon; several rings before it starts are one."""
        try:
            if self._redis is None:
                self._redis = await create_pool(redis_settings(self._url), default_queue_name=QUEUE)
            await self._redis.enqueue_job(job, _job_id=f"ring:{job}")
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("ring_lost", job=job, error=repr(error))
            await self.close()

    async def is_up(self) -> bool:
        try:
            if self._redis is None:
                self._redis = await create_pool(redis_settings(self._url), default_queue_name=QUEUE)
            return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            await self.close()
            return False

    async def close(self) -> None:
        if self._redis is not None:
            redis, self._redis = self._redis, None
            await redis.aclose()
