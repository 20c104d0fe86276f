import pytest

from app.kit.rates import Quota, Rates, neighbourhood
from tests.support.wait import wait_until
from workers.queue import Queue

TWICE = Quota("tests", 2, 60)


async def test_the_third_of_two_is_too_many_and_is_told_how_long() -> None:
    rates = Rates()
    found = [await rates.hit(TWICE, "sari") for _ in range(3)]
    assert [(one.is_within, one.remaining) for one in found] == [(True, 1), (True, 0), (False, 0)]
    assert all(1 <= one.reset <= 60 for one in found)
    assert (await rates.hit(TWICE, "budi")).is_within


async def test_all_processes_count_together_in_redis(redis_url: str) -> None:
    queue = Queue(redis_url)
    await wait_until(queue.is_up, "Redis answers")
    await queue.close()
    processes = [Rates(redis_url), Rates(redis_url)]
    quota = Quota("together", 3)
    found = [await processes[n % 2].hit(quota, "sari") for n in range(4)]
    assert [one.is_within for one in found] == [True, True, True, False]
    assert all(1 <= one.reset <= 60 for one in found)
    for process in processes:
        await process.close()


@pytest.mark.parametrize("url", ["unix:///nowhere.sock", "redis://127.0.0.1:1/0", "embedded", ""])
async def test_without_redis_each_process_counts_by_itself(url: str) -> None:
    rates = Rates(url)
    assert [(await rates.hit(TWICE, "sari")).is_within for _ in range(3)] == [True, True, False]
    await rates.close()


async def test_a_quota_of_none_limits_nobody() -> None:
    rates = Rates()
    assert all([(await rates.hit(Quota("none", 0), "sari")).is_within for _ in range(5)])


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_neighbourhood_is_counted_as_one(host: str, counted: str) -> None:
    assert neighbourhood(host) == counted
