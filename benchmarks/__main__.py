"""`python -m benchmarks NAME`: what can be measured and with which sizes."""

import argparse
import json
from typing import Any

import uvloop

from benchmarks import machine
from benchmarks.broadcast import run as run_broadcast
from benchmarks.burst import Case
from benchmarks.burst import run as run_burst
from benchmarks.calendar import run as run_calendar
from benchmarks.chaos import Plan
from benchmarks.chaos import run as run_chaos
from benchmarks.city import run as run_city
from benchmarks.doors import run as run_doors
from benchmarks.dryrun import run as run_dryrun
from benchmarks.election import run as run_election
from benchmarks.guard import run as run_guard
from benchmarks.machine import say
from benchmarks.sidebyside import run as run_side_by_side

SDK_SHARE = 10
"""The blocking libraries are several times slower: a tenth of the deliveries shows as much."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object with everything on the last line")
    names = parser.add_subparsers(dest="name", required=True)
    burst = names.add_parser("burst", help="deliveries due at one second through worker processes")
    burst.add_argument("count", type=int, nargs="?", default=10_000)
    burst.add_argument("--runs", type=int, default=3)
    burst.add_argument("--workers", type=int, default=1)
    burst.add_argument("--delay-ms", type=float, default=50.0)
    burst.add_argument("--platforms", default="instagram,x,facebook")
    burst.add_argument("--databases", default="postgres,sqlite")
    city = names.add_parser("city", help="one city on one machine: start, idle, and 222 due at one second")
    city.add_argument("--runs", type=int, default=3)
    broadcast = names.add_parser(
        "broadcast", help="one template to many units, planned, checked and queued on PostgreSQL"
    )
    broadcast.add_argument("units", type=int, nargs="?", default=5_000)
    broadcast.add_argument("--runs", type=int, default=3)
    dryrun = names.add_parser("dryrun", help="a broadcast to the whole country, planned and checked, nothing written")
    dryrun.add_argument("units", type=int, nargs="?", default=83_692, help="beside the city's own 68: 83,760")
    dryrun.add_argument("--runs", type=int, default=1)
    guard = names.add_parser("guard", help="the guard on one text, and the texts of a broadcast told apart")
    guard.add_argument("units", type=int, nargs="?", default=83_760)
    guard.add_argument("--runs", type=int, default=5)
    election = names.add_parser("election", help="a whole Pilkada with a moved clock, faults, kills and revisions")
    election.add_argument("--seed", type=int, default=20241127)
    doors = names.add_parser("doors", help="the API's reads and writes under load from a second process")
    doors.add_argument("--runs", type=int, default=3)
    calendar = names.add_parser("calendar", help="the calendar's pages with so many posts in a month")
    calendar.add_argument("count", type=int, nargs="?", default=10_000)
    calendar.add_argument("--runs", type=int, default=20)
    chaos = names.add_parser(
        "chaos", help="processes die, platforms misbehave; the ledger says what was lost or sent twice"
    )
    chaos.add_argument("count", type=int, nargs="?", default=Plan.count)
    for name in ("seed", "workers", "kills", "flushes", "restarts"):
        chaos.add_argument(f"--{name}", type=int, default=getattr(Plan, name))
    chaos.add_argument(
        "--minutes", type=float, default=Plan.minutes, help="after so long it is given up and judged as it is"
    )
    chaos.add_argument(
        "--unverified", action="store_true", help="send again without asking: the ledger must tell on us"
    )
    rivals = names.add_parser("rivals", help="beside arq alone, Celery and procrastinate, with and without kill -9")
    rivals.add_argument(
        "--python",
        default="",
        help="of an environment with benchmarks/rivals/requirements.txt; without it only arq stands beside us",
    )
    for each in (burst, chaos, city, broadcast, guard, election, doors, calendar, dryrun, rivals):
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    return parser.parse_args()


def _cases(given: argparse.Namespace) -> list[Case]:
    """Instagram on every database; the blocking libraries on the first one only."""
    databases, cases = given.databases.split(","), []
    for platform in given.platforms.split(","):
        is_sdk = platform != "instagram"
        count = max(1, given.count // SDK_SHARE) if is_sdk else given.count
        for database in databases[:1] if is_sdk else databases:
            cases.append(Case(platform, database, count, given.workers, given.runs, given.delay_ms))
    return cases


async def _measure(given: argparse.Namespace) -> dict[str, Any]:
    match given.name:
        case "burst":
            return await run_burst(_cases(given))
        case "city":
            return await run_city(given.runs)
        case "calendar":
            return await run_calendar(given.count, given.runs)
        case "rivals":
            return await run_side_by_side(given.python)
        case "doors":
            return await run_doors(given.runs)
        case "election":
            return await run_election(given.seed)
        case "chaos":
            blows = (given.kills, given.flushes, given.restarts)
            return await run_chaos(
                Plan(given.count, given.seed, given.workers, *blows, not given.unverified, given.minutes)
            )
        case "dryrun":
            return await run_dryrun(given.units, given.runs)
        case "guard":
            return run_guard(given.units, given.runs)
        case _:
            return await run_broadcast(given.units, given.runs)


def main() -> None:
    given = _arguments()
    about = machine.describe()
    machine.say_machine(about)
    found: dict[str, Any] = uvloop.run(_measure(given))
    if given.json:
        say(json.dumps({"benchmark": given.name, "machine": about, **found}))


if __name__ == "__main__":
    main()
