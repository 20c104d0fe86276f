"""What posting costs on platforms that bill by the post, said before anything is queued."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.platforms.x import wire as x

_PRICES: dict[str, Callable[[str], Decimal]] = {"x": x.price}
BILLED = tuple(_PRICES)


@dataclass(frozen=True)
class Price:
    """`usd` in US dollars for `posts` posts, `with_link` of which hold an address and cost more."""

    usd: Decimal = Decimal(0)
    posts: int = 0
    with_link: int = 0

    def __add__(self, other: "Price") -> "Price":
        return Price(self.usd + other.usd, self.posts + other.posts, self.with_link + other.with_link)

    def __sub__(self, other: "Price") -> "Price":
        return Price(self.usd - other.usd, self.posts - other.posts, self.with_link - other.with_link)

    @property
    def sentence(self) -> str:
        """Perkiraan biaya X: US$14.80 untuk 74 unggahan, 74 di antaranya memuat tautan."""
        if not self.posts:
            return ""
        said = f"Perkiraan biaya X: US${self.usd:.2f}" if self.usd >= 1 else f"Perkiraan biaya X: US${self.usd:.3f}"
        links = f", {self.with_link} di antaranya memuat tautan (lebih mahal)" if self.with_link else ""
        return f"{said.replace('.', ',')} untuk {self.posts} unggahan{links}."


NOTHING = Price()


def price_of(said: Iterable[tuple[str, str, str]]) -> Price:
    """For (platform, environment, text) of each delivery; practice and hand-off cost nothing."""
    total, posts, with_link = Decimal(0), 0, 0
    for platform, environment, text in said:
        if environment != "live" or platform not in _PRICES:
            continue
        one = _PRICES[platform](text)
        total, posts = total + one, posts + 1
        with_link += one > x.PRICE_USD
    return Price(total, posts, with_link)
