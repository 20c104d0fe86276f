from app.accounts.loading import SHIPPED
from app.wilayah.reading import read_regions


def test_the_whole_country_reads_without_a_fault() -> None:
    file = read_regions(SHIPPED / "wilayah" / "nasional.csv.xz")
    file.unknown_parents()
    assert file.findings.problems == []
    assert len(file.regions) == 91_599
    assert all(region.timezone for region in file.regions)
