"""Reads what an author chose beyond the words, platform by platform, against what each adapter says it knows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from app.kit.errors import BadInput, Problem
from app.platforms.contract import Adapter, Option, OptionKind

Chosen = Mapping[str, Mapping[str, Any]]
"""By platform, then by the option's name; what is usual is left out."""

LONGEST_NAME = 50
_LONGEST_LINK = 1000


def read_options(adapters: Mapping[str, Adapter], given: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """What was chosen, in one form whoever asks; BadInput with everything that no platform knows or takes."""
    problems: list[Problem] = []
    chosen = {}
    for platform, wishes in given.items():
        if platform not in adapters or not isinstance(wishes, Mapping):
            problems.append(Problem(f"options.{platform}", "platform tidak dikenal"))
            continue
        known = {option.name: option for option in adapters[platform].options}
        kept = {}
        for name, value in wishes.items():
            field = f"options.{platform}.{name}"
            if name not in known:
                problems.append(Problem(field, f"{adapters[platform].title} tidak mengenal pilihan ini"))
            elif said := _wrong(known[name], value):
                problems.append(Problem(field, f"{known[name].label}: {said}"))
            elif (read := _read(known[name], value)) not in ("", False, []):
                kept[name] = read
        if kept:
            chosen[platform] = kept
    if problems:
        message = "Pilihan lanjutan belum benar: " + "; ".join(f"{each.field}: {each.message}" for each in problems[:4])
        raise BadInput(f"{message}.", *problems)
    return chosen


def in_words(adapters: Mapping[str, Adapter], chosen: Chosen) -> Iterator[tuple[str, str, str]]:
    """Platform, option and value as a person reads them."""
    for platform, values in chosen.items():
        adapter = adapters.get(platform)
        for option in adapter.options if adapter else ():
            if option.name in values:
                yield adapter.title if adapter else platform, option.label, _words(option, values[option.name])


def written(adapters: Mapping[str, Adapter], chosen: Chosen) -> list[str]:
    """What of it an author wrote, and readers see: guarded and reviewed like any other words."""
    found: list[str] = []
    for platform, values in chosen.items():
        for option in adapters[platform].options if platform in adapters else ():
            value = values.get(option.name)
            if option.kind in (OptionKind.TEXT, OptionKind.LINK) and value:
                found.append(str(value))
            elif option.kind is OptionKind.NAMES and value:
                found.append(", ".join(map(str, value)))
    return found


def _words(option: Option, value: Any) -> str:
    match option.kind:
        case OptionKind.CHOICE:
            return dict(option.choices).get(value, str(value))
        case OptionKind.YES:
            return "Ya"
        case OptionKind.NAMES:
            return ", ".join(value)
    return str(value)


def _read(option: Option, value: Any) -> Any:
    match option.kind:
        case OptionKind.YES:
            return value
        case OptionKind.NAMES:
            return list(dict.fromkeys(name.strip().lstrip("@#") for name in value if name.strip()))
    return value.strip()


def _wrong(option: Option, value: object) -> str:
    """Why this is no value of the option; empty where it is."""
    match option.kind:
        case OptionKind.YES:
            return "" if isinstance(value, bool) else "harus true atau false"
        case OptionKind.NAMES:
            return _wrong_names(option, value)
        case OptionKind.CHOICE:
            known = ["", *(choice for choice, _ in option.choices)]
            return "" if value in known else f"pilih salah satu: {', '.join(known[1:])}"
    if not isinstance(value, str) or "\x00" in value:
        return "harus tulisan"
    if option.kind is OptionKind.LINK:
        fits = not value.strip() or _is_link(value.strip())
        return "" if fits else "harus alamat yang diawali https://"
    return "" if len(value.strip()) <= option.most else f"paling banyak {option.most} huruf"


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_plain = len(text) <= _LONGEST_LINK and not any(sign.isspace() for sign in text)
    return is_plain and parts.scheme in ("https", "http") and bool(parts.hostname)


def _wrong_names(option: Option, value: object) -> str:
    names: Sequence[object] = value if isinstance(value, list | tuple) else [None]
    if not all(isinstance(name, str) and len(name) <= LONGEST_NAME and "\x00" not in name for name in names):
        return f"harus daftar tulisan pendek, masing-masing paling banyak {LONGEST_NAME} huruf"
    return "" if len(names) <= option.most else f"paling banyak {option.most}"
