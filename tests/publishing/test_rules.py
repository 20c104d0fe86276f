from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.contract import NeedsReconnect, PublishError, Refused, Scope, TryLater, Unsure
from app.publishing import rules
from app.publishing.rules import Next, Outcome, State, Try

NOW = datetime(2024, 11, 20, 2, 0, tzinfo=UTC)
SECONDS = (timedelta(seconds=15), timedelta(seconds=90))


def a_try(**changes: object) -> Try:
    plain: dict[str, object] = {
        "attempt": 1, "looks": 0, "code": "", "valid_until": NOW + timedelta(days=1), "look_after": SECONDS,
    }  # fmt: skip
    return Try(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "state", "outcome"),
    [
        (Refused("x"), State.STOPPED, Outcome.REFUSED),
        (NeedsReconnect("x"), State.WAITING, Outcome.RECONNECT),
        (TryLater("x"), State.DUE, Outcome.LATER),
        (Unsure("x"), State.UNSURE, Outcome.UNSURE),
    ],
)
def test_each_of_the_four_errors_has_its_own_state(error: PublishError, state: State, outcome: Outcome) -> None:
    step = rules.after_send(error, a_try(), now=NOW)
    assert (step.state, step.outcome) == (state, outcome)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 20), (2, 40), (3, 80), (6, 640), (7, 900), (99, 900)])
def test_waits_double_up_to_a_quarter_of_an_hour(attempt: int, seconds: int) -> None:
    assert rules.back_off(attempt) == timedelta(seconds=seconds)


def test_the_platforms_own_wait_wins_and_holds_the_whole_channel() -> None:
    step = rules.after_send(TryLater("x", after=timedelta(minutes=9)), a_try(), now=NOW)
    assert step.act_at == NOW + timedelta(minutes=9)
    assert step.pause == (Scope.CHANNEL, NOW + timedelta(minutes=9))


def test_a_platform_out_of_credit_holds_the_lane_even_without_a_time() -> None:
    step = rules.after_send(TryLater("x", scope=Scope.PLATFORM), a_try(), now=NOW)
    assert step.pause is not None
    assert step.pause[0] is Scope.PLATFORM


def test_what_could_only_go_after_its_time_is_missed_and_says_why() -> None:
    error = TryLater("Kuota habis.", after=timedelta(hours=2))
    step = rules.after_send(error, a_try(valid_until=NOW + timedelta(hours=1)), now=NOW)
    assert step.state is State.MISSED
    assert "Kuota habis." in step.reason


def test_a_lost_container_is_prepared_again() -> None:
    assert rules.after_send(TryLater("x", code="container_lost"), a_try(), now=NOW).forget_prepared


def test_a_platform_that_cannot_be_asked_waits_for_a_person() -> None:
    step = rules.after_send(Unsure("x"), a_try(look_after=()), now=NOW)
    assert step == Next(State.UNSURE, Outcome.UNSURE, reason=rules.ASK_A_PERSON)


def test_only_the_last_empty_look_is_believed() -> None:
    first = rules.after_absent(a_try(looks=0), now=NOW)
    assert (first.state, first.looks, first.act_at) == (State.UNSURE, 1, NOW + timedelta(seconds=75))
    last = rules.after_absent(a_try(looks=1), now=NOW)
    assert (last.state, last.act_at) == (State.DUE, NOW)


def test_a_duplicate_that_is_nowhere_to_be_seen_asks_for_another_text() -> None:
    step = rules.after_absent(a_try(looks=1, code="duplicate"), now=NOW)
    assert (step.state, step.reason) == (State.STOPPED, rules.SAME_TEXT)


def test_absent_after_its_time_is_missed_not_sent() -> None:
    assert rules.after_absent(a_try(looks=1, valid_until=NOW), now=NOW).state is State.MISSED


def test_a_question_that_fails_leaves_the_doubt() -> None:
    step = rules.after_failed_look(TryLater("x", after=timedelta(minutes=3)), a_try(looks=1), now=NOW)
    assert (step.state, step.looks, step.act_at) == (State.UNSURE, 1, NOW + timedelta(minutes=3))


def test_a_dead_token_while_asking_waits_for_the_channel() -> None:
    step = rules.after_failed_look(NeedsReconnect("x"), a_try(), now=NOW)
    assert (step.state, step.act_at, step.hold_channel) == (State.UNSURE, None, True)


@given(
    error=st.sampled_from(
        [Refused("r"), NeedsReconnect("n"), TryLater("t"), TryLater("t", after=timedelta(hours=30)), Unsure("u")]
    ),
    attempt=st.integers(1, 50),
    valid=st.integers(-100, 100_000),
    asks=st.sampled_from([(), SECONDS]),
)
def test_every_state_after_a_send_has_a_way_out(
    error: PublishError, attempt: int, valid: int, asks: tuple[timedelta, ...]
) -> None:
    """A worker acts on it again, a person may, or it has ended; nothing merely rests."""
    this = a_try(attempt=attempt, valid_until=NOW + timedelta(seconds=valid), look_after=asks)
    step = rules.after_send(error, this, now=NOW)
    has_ended = step.state in {State.STOPPED, State.MISSED}
    a_person_may = step.state in {*rules.MAY_RETRY, *rules.BY_HAND} or step.hold_channel
    assert step.act_at is not None or has_ended or a_person_may
    assert step.reason


def test_the_hash_tells_a_changed_letter() -> None:
    body = rules.Frozen("Halo", [{"media_id": 1, "alt_text": "a"}]).body()
    assert rules.hash_of(body) == rules.hash_of(
        {"options": {}, "pictures": [{"alt_text": "a", "media_id": 1}], "text": "Halo"}
    )
    assert rules.hash_of(body) != rules.hash_of({**body, "text": "Halo."})


def test_early_is_not_late_and_unpublished_is_unknown() -> None:
    assert rules.late_seconds(NOW, NOW - timedelta(seconds=1)) == 0
    assert rules.late_seconds(NOW, NOW + timedelta(seconds=61)) == 61
    assert rules.late_seconds(NOW, None) is None
