"""The dashboard: figures against the span before, days from the readings, lateness, followers and what needs a hand."""

from datetime import date, timedelta

import pytest

from app.kit.errors import BadInput
from app.reports.overview import OverviewWanted
from app.reports.overview_rules import read_span
from tests.conftest import NOW
from tests.engagement.conftest import Place
from tests.support.cast import id_of

D = timedelta(days=1)


def test_a_span_defaults_to_four_weeks_and_knows_the_one_before() -> None:
    span = read_span(None, None, date(2024, 11, 28))
    assert (span.from_on, span.days) == (date(2024, 11, 1), 28)
    assert (span.before.to_on, span.before.days) == (date(2024, 10, 31), 28)


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2024, 2, 2), date(2024, 2, 1)), (date(2020, 1, 1), date(2024, 1, 1)), (None, date(1, 1, 1))],
)
def test_a_span_that_is_none_is_refused(first: date | None, last: date | None) -> None:
    with pytest.raises(BadInput):
        read_span(first, last, date(2024, 11, 28))


async def test_a_span_is_told_beside_the_one_before(place: Place) -> None:
    numbers = {"views": 100, "reach": 50, "reactions": 5, "comments": 2}
    await place.put("cilendek", "x", numbers=numbers, message={"text": "Ayo cek DPT"}, late=4)
    await place.put("cilendek", "facebook", numbers={"views": 30}, late=400)
    await place.put("cilendek", "x", due_at=NOW - 30 * D, numbers={"views": 7})
    found = await place.house.overviews.make(place.cast.dewi, OverviewWanted())
    assert (found.totals.published, found.before.published) == (2, 1)
    assert (found.totals.views, found.before.views) == (130, 7)
    assert found.lateness == {"1": 0, "10": 1, "60": 0, "300": 0, "3600": 1, "later": 0}
    assert [one.text for one in found.to_answer] == ["Ayo cek DPT"]
    assert found.days[-1].views == 137, "all three were read today, whenever they came out"
    assert found.days[-1].published == 2
    platforms = {one.now.key: one for one in found.groups["platform"]}
    x = platforms["x"].before
    assert x is not None
    assert (x.views, platforms["facebook"].before) == (7, None)
    assert id_of(place.cast.cilendek) not in [tile.unit_id for tile in found.silent]
    below = await place.house.overviews.make(
        place.cast.dewi, OverviewWanted(unit=id_of(place.cast.cilendek), environment="live")
    )
    assert (below.unit, below.totals.posts, len(below.tiles)) == ("PPS Cilendek Barat", 0, 1)


async def test_what_a_person_brought_out_counts_on_the_dashboard_of_what_is_real(place: Place) -> None:
    await place.put(
        "cilendek", "x", environment="manual", late=4, numbers={"comments": 2}, message={"text": "Ayo cek DPT"}
    )
    await place.put("cilendek", "x", late=400)
    found = await place.house.overviews.make(place.cast.dewi, OverviewWanted(environment="live"))
    assert (found.totals.published, sum(found.lateness.values())) == (1, 1)
    assert [one.text for one in found.to_answer] == ["Ayo cek DPT"]
