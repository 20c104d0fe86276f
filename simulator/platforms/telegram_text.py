"""Knows how the Bot API reads formatted text: what remains for the reader, its length, and what it cannot parse."""

import html
import re

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
# Bot API 10.1, "HTML style".
_TAGS = frozenset({
    "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "span", "tg-spoiler", "a", "code", "pre",
    "blockquote", "tg-emoji",
})  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>|<")
_MARKDOWN = re.compile(r"\\(.)|\[([^\]]*)\]\(([^)]*)\)|(__|\|\||[*_~`])|([\[\]()>#+\-=|{}.!])", re.DOTALL)


class Unparsable(ValueError):
    """The message is what the API says after `can't parse entities: `."""


def length_of(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def read_text(text: str, mode: str) -> str:
    """The text a reader sees; raises Unparsable."""
    match mode.lower():
        case "":
            return text.strip()
        case "html":
            return _read_html(text).strip()
        case "markdownv2":
            return _read_markdown(text).strip()
        case "markdown":
            return re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]", lambda match: match[1] or "", text).strip()
    raise Unparsable("unsupported parse_mode")


def _read_html(text: str) -> str:
    pieces, open_tags, at = [], list[str](), 0
    for match in _TAG.finditer(text):
        pieces.append(html.unescape(text[at : match.start()]))
        at, name = match.end(), (match[2] or "").lower()
        offset = len(text[: match.start()].encode())
        if name not in _TAGS:
            raise Unparsable(f'Unsupported start tag "{name}" at byte offset {offset}')
        if not match[1]:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise Unparsable(f"Unexpected end tag at byte offset {offset}")
    if open_tags:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    return "".join([*pieces, html.unescape(text[at:])])


def _read_markdown(text: str) -> str:
    marks: list[str] = []

    def keep(match: re.Match[str]) -> str:
        escaped, label, _, mark, reserved = match.groups()
        if reserved:
            raise Unparsable(f"Character '{reserved}' is reserved and must be escaped with the preceding '\\'")
        if mark:
            marks.append(mark)
        return escaped or label or ""

    plain = _MARKDOWN.sub(keep, text)
    for mark in set(marks):
        if marks.count(mark) % 2:
            raise Unparsable(f"Can't find end of the entity starting with '{mark}'")
    return plain
