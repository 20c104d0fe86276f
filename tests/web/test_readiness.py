"""What each platform asks first, as the admin of a KPU reads it."""

import re
from datetime import timedelta

from app.bootstrap import Kentongan
from app.operations.readiness import readiness
from app.platforms.by_hand import MEDIA
from app.platforms.registry import TITLES
from tests.support.cast import Cast, id_of
from tests.web.conftest import Browse


async def test_every_platform_says_what_it_asks_and_by_when(browse: Browse, house: Kentongan, cast: Cast) -> None:
    rows = {one.platform: one for one in await readiness(house, cast.rina)}
    assert set(rows) == set(TITLES) - set(MEDIA), "a platform without its demands would look ready"
    assert (rows["telegram"].has_app, rows["telegram"].weeks, rows["tiktok"].has_app) == (None, 0, False)
    begin = rows["telegram"].begin_by
    assert begin is not None
    assert rows["tiktok"].begin_by == begin - timedelta(weeks=rows["tiktok"].weeks)
    await house.channels.add(
        cast.rina, unit_id=id_of(cast.cilendek), platform="telegram", environment="live", handle="@a", credential="t"
    )
    again = {one.platform: one.accounts for one in await readiness(house, cast.rina)}
    assert (again["telegram"], again["x"]) == (1, 0), "practice accounts prove nothing"
    text = (await (await browse(cast.rina)).get("/kesiapan")).text
    assert len(re.findall("<h3>", text)) == len(TITLES) - len(MEDIA)
    assert "Terhubung, belum pernah terbit" in text
