"""The shipped calendar and two units of Kota Bogor as plain values, for tests that need no database."""

import csv
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from app.accounts.rules import UnitKind
from app.accounts.speaker import Speaker
from app.settings import ROOT
from app.tahapan.rules import Calendar, ElectionFacts, Stage

JAKARTA = ZoneInfo("Asia/Jakarta")

PPS = Speaker(
    unit_id=17,
    election_id=1,
    kind=UnitKind.PPS,
    name="PPS Cilendek Barat",
    path="/1/5/17/",
    parent_id=5,
    timezone="Asia/Jakarta",
    wilayah_code="32.71.04.1008",
    wilayah="Kelurahan Cilendek Barat",
    kelurahan="Cilendek Barat",
    kecamatan="Bogor Barat",
    kota="Kota Bogor",
)
PPK = replace(
    PPS,
    unit_id=5,
    kind=UnitKind.PPK,
    name="PPK Bogor Barat",
    path="/1/5/",
    wilayah_code="32.71.04",
    wilayah="Kecamatan Bogor Barat",
    kelurahan=None,
)


def calendar(**variables: str) -> Calendar:
    election = ElectionFacts(
        id=1,
        code="pilkada-2024",
        name="Pilkada Serentak 2024",
        voting_stage="PYL-07",
        quiet_stage="TNG-01",
        embargo_stage="HRH-04",
        opens=time(7),
        closes=time(13),
        variables={"tautan_cek_dpt": "cekdptonline.kpu.go.id", **variables},
    )
    with (ROOT / "data/elections/pilkada-2024/stages.csv").open(encoding="utf-8", newline="") as file:
        stages = {row["code"]: _stage(row) for row in csv.DictReader(file)}
    return Calendar(election, stages, frozenset({"nasional", "jawa_barat", "kota_bogor"}))


def at(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=JAKARTA)


def _stage(row: dict[str, str]) -> Stage:
    starts_on, ends_on = (date.fromisoformat(row[name]) if row[name] else None for name in ("start", "end"))
    return Stage(row["code"], row["name_id"], row["kind"], starts_on, ends_on, scope=row["scope"])
