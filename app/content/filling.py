"""What a design says for one unit: its gaps filled, whether it all fits, and how it is described. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.content.alts import LONGEST_ALT
from app.content.layers import HEADLINE, Sheet
from app.content.poster_draw import fits
from app.content.rules import render_text


@dataclass(frozen=True)
class DesignChoice:
    """A design as a post uses it. `headline` '': what the post itself says; `photo`: the post's first picture, if it has one."""

    design_id: int
    version_id: int
    sheet: Sheet
    headline: str = ""
    photo: int | None = None

    def as_json(self) -> dict[str, Any]:
        return {"design": self.design_id, "version": self.version_id, "headline": self.headline}


@dataclass(frozen=True)
class Filled:
    """`texts` in the order of the sheet's words; `missing` variables and `problems` keep the post from being scheduled."""

    texts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """All of it, for whoever reads it through."""
        return "\n".join(self.texts)


def fill(sheet: Sheet, values: Mapping[str, object], headline: str) -> Filled:
    given = {**values, HEADLINE: headline.strip()}
    texts: list[str] = []
    missing: list[str] = []
    problems: list[str] = []
    for layer in sheet.words:
        text, gaps, wrong = render_text(layer.text, given)
        texts.append(" ".join(text.split()))
        missing += gaps
        problems += [f"Poster: {reason}." for reason in wrong]
        if not gaps and not fits(layer, texts[-1]):
            problems.append(
                f"Tulisan poster tidak muat: “{texts[-1][:60]}”. Pendekkan judulnya, atau pilih desain lain."
            )
    return Filled(tuple(texts), tuple(dict.fromkeys(missing)), tuple(problems))


def spec_of(chosen: DesignChoice, filled: Filled) -> dict[str, Any]:
    """Everything that decides the picture's bytes."""
    size = [chosen.sheet.width, chosen.sheet.height]
    return {"version": chosen.version_id, "texts": list(filled.texts), "photo": chosen.photo, "size": size}


def describe_texts(unit_name: str, texts: Sequence[str], *, lang: str, photo_alt: str = "") -> str:
    """A poster for those who do not see it, in Bahasa Indonesia or Basa Sunda: its words, and what its photo shows."""
    says, photo = ("nu tulisanana", "Potona") if lang == "su" else ("bertuliskan", "Fotonya")
    said = ". ".join(text.rstrip(".") for text in dict.fromkeys(texts) if text)
    seen = f" {photo}: {photo_alt}" if photo_alt else ""
    return f"Poster {unit_name} {says}: {said}.{seen}"[:LONGEST_ALT]
