from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.posts.review_rules import Step, Wait

AT = datetime(2024, 11, 1, 3, tzinfo=UTC)


def wait(hours: float, *, limit: float = 24) -> Wait:
    """Handed in at AT, due so many hours later, good for `limit` hours after that."""
    due = AT + timedelta(hours=hours)
    return Wait(AT, due, due + timedelta(hours=limit))


@pytest.mark.parametrize(
    ("hours", "steps"),
    [
        (24, [(Step.REMIND, 6), (Step.ESCALATE, 12), (Step.LAST_CALL, 23.5), (Step.LAPSE, 24)]),
        (4, [(Step.REMIND, 1), (Step.ESCALATE, 2), (Step.LAST_CALL, 3.5), (Step.LAPSE, 4)]),
        # Two hours before its minute at the latest, which is before half of three hours.
        (3, [(Step.REMIND, 0.75), (Step.ESCALATE, 1), (Step.LAST_CALL, 2.5), (Step.LAPSE, 3)]),
        (2, [(Step.ESCALATE, 0), (Step.LAST_CALL, 1.5), (Step.LAPSE, 2)]),
        (0.25, [(Step.ESCALATE, 0), (Step.LAPSE, 1)]),
        (0, [(Step.ESCALATE, 0), (Step.LAPSE, 1)]),
    ],
)
def test_when_each_step_comes(hours: float, steps: list[tuple[Step, float]]) -> None:
    assert wait(hours).steps == [(step, AT + timedelta(hours=after)) for step, after in steps]


def test_what_is_handed_in_at_the_last_moment_never_outlives_its_limit() -> None:
    assert wait(0, limit=0.5).lapses_at == AT + timedelta(minutes=30)


def test_what_was_slept_through_is_told_once() -> None:
    late = AT + timedelta(hours=23, minutes=45)
    assert wait(24).reached(Step.NONE, late) is Step.LAST_CALL
    assert wait(24).reached(Step.LAST_CALL, late) is Step.LAST_CALL
    assert wait(24).following(Step.LAST_CALL) == (Step.LAPSE, AT + timedelta(hours=24))


@given(st.floats(-5, 2000), st.floats(0.1, 200))
def test_the_steps_come_in_their_order_and_end(hours: float, limit: float) -> None:
    one = wait(hours, limit=limit)
    moments = [at for _, at in one.steps]
    assert [step for step, _ in one.steps] == sorted(step for step, _ in one.steps)
    assert one.steps[-1][0] is Step.LAPSE
    assert one.lapses_at <= one.valid_until
    if hours >= 2:
        assert moments == sorted(moments)
        assert one.escalates_at <= one.due_at - timedelta(hours=2)
