"""The guard on one text, and the comparison of all texts of a broadcast, as they run before anything is queued."""

import lzma
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import yaml

from app.content import similarity
from app.content.guard import GuardFacts, check_text
from app.content.guard_names import words_of
from app.content.guard_service import shipped_rules
from app.settings import ROOT
from benchmarks import machine
from benchmarks.machine import say

TARGET_MS = 2.0
NATIONAL = ROOT / "data" / "wilayah" / "nasional.csv.xz"
ELECTION = "pilkada-2024"
NEIGHBOURS = (
    "Catat, warga {}! Masa kampanye 25 September 2024 s.d. 23 November 2024. Beda pilihan boleh, tetangga tetap tetangga. "
    "Jaga kampung rukun: tanpa hoaks, fitnah, dan SARA. #PilkadaSerentak2024"
)


def run(units: int, runs: int) -> dict[str, Any]:
    """Milliseconds of one check (a sentence, a caption of 280, one of 2,200 characters), and seconds for `units` texts."""
    found: dict[str, Any] = {"target_ms": TARGET_MS}
    facts = _facts()
    for name, texts in _texts().items():
        found[name] = _check(texts, facts, runs)
        say(
            f"  {name}: median {found[name]['median_ms']:.3f} ms, p99 {found[name]['p99_ms']:.3f} ms of {len(texts)} texts"
        )
    villages = _villages(units)
    texts = [NEIGHBOURS.format(name) for name in villages]
    before_mb = machine.forget_peak()
    seconds, alike = _timed(lambda: similarity.siblings(texts))
    same = sum(near.is_same for near in alike.values())
    found["siblings"] = {
        "texts": len(texts),
        "seconds": round(seconds, 2),
        "same": same,
        "near": len(alike) - same,
        "added_mb": round(machine.peak_mb() - before_mb, 1),
    }
    say(
        f"  {len(texts)} texts told apart in {seconds:.1f} s: {same} the same, {len(alike) - same} nearly; {found['siblings']['added_mb']} MB"
    )
    return found


def _facts() -> GuardFacts:
    words = words_of(ELECTION)
    return GuardFacts(
        at=datetime(2024, 11, 1, 3, tzinfo=UTC),
        on=date(2024, 11, 1),
        voting_days=frozenset({date(2024, 11, 27)}),
        parties=words.parties,
        party_unless=words.unless,
    )


def _texts() -> dict[str, list[str]]:
    halves = yaml.safe_load((ROOT / "data" / "guard_sentences.yaml").read_text(encoding="utf-8"))
    sentences = [row[0] for half in halves.values() for row in half]
    joined = [" ".join(sentences[place : place + 40]) for place in range(0, len(sentences) - 40, 7)]
    return {
        "sentence": sentences,
        "caption_280": [text[:280] for text in joined],
        "caption_2200": [text[:2200] for text in joined],
    }


def _check(texts: Sequence[str], facts: GuardFacts, runs: int) -> dict[str, float]:
    rules, spent = shipped_rules(), []
    for _ in range(runs):
        for text in texts:
            started = time.perf_counter()
            check_text(rules, text, facts)
            spent.append((time.perf_counter() - started) * 1000)
    return {"median_ms": round(statistics.median(spent), 4), "p99_ms": round(machine.percentile(spent, 0.99), 4)}


def _villages(count: int) -> list[str]:
    with lzma.open(NATIONAL, "rt", encoding="utf-8") as file:
        rows = [line.split(",") for line in file]
    return [row[1] for row in rows if row[0].count(".") == 3][:count]


def _timed(work: Callable[[], dict[int, similarity.Near]]) -> tuple[float, dict[int, similarity.Near]]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found
