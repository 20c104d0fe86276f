"""Celery on Redis: a task with an eta for each post. `python -m benchmarks.rivals.by_celery worker`, or `fill COUNT ISO-TIME`."""

import os
import sys
from datetime import datetime

from celery import Celery

from benchmarks.rivals.post import SLOTS, publish

app = Celery("rivals", broker=f"redis+socket://{os.environ.get('RIVAL_REDIS', '')}")


@app.task(name="say")  # type: ignore[untyped-decorator]
def say(number: int) -> None:
    publish(number)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app.worker_main(["worker", "--pool", "threads", "--concurrency", str(SLOTS), "--loglevel", "ERROR"])
    else:
        for each in range(int(sys.argv[2])):
            say.apply_async((each,), eta=datetime.fromisoformat(sys.argv[3]))
