"""What each event says to a person, in Bahasa Indonesia: what happened, what to do, and where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.audit.events import EventKind
from app.content.values import write_date, zone_name
from app.notices.rules import Happening
from app.platforms.registry import TITLES

MAX_TITLE, MAX_BODY = 150, 600


@dataclass(frozen=True)
class Text:
    """`link` is a path of the web pages."""

    title: str
    body: str
    link: str


def write(events: Sequence[Happening]) -> Text:
    """The text of one incident; `events` has at least one, all of the same kind."""
    event = events[0]
    one = _OF_ONE.get(event.kind)
    text = one(event) if one else _missed(events)
    mark = "[Mendesak] " if event.detail.get("urgent") else ""
    mark += "[Latihan] " if event.detail.get("environment") == "practice" else ""
    return Text(_short(mark + text.title, MAX_TITLE), _short(text.body, MAX_BODY), text.link)


def _stopped(event: Happening) -> Text:
    return Text(
        f"Unggahan {event.unit_name} ditolak {_platform(event)}",
        f"{_sentence(event.detail.get('reason') or 'Platform menolak unggahan ini.')} Buka unggahannya, perbaiki, lalu kirim ulang.",
        _delivery_link(event),
    )


def _missed(events: Sequence[Happening]) -> Text:
    event = events[0]
    platforms = ", ".join(dict.fromkeys(_platform(one) for one in events))
    until = _moment(event.detail.get("valid_until"), event.timezone)
    late = f"batas waktunya ({until}) sudah lewat" if until else "batas waktunya sudah lewat"
    link = _delivery_link(event) if len(events) == 1 else f"/unggahan/{event.detail.get('post_id')}"
    return Text(
        f"Unggahan {event.unit_name} tidak sempat terbit di {platforms}",
        f"Unggahan ini tidak dikirim karena {late}. Bila isinya masih berlaku, buka lalu coba lagi; bila tidak, biarkan.",
        link,
    )


def _unsure(event: Happening) -> Text:
    where = _platform(event)
    return Text(
        f"Periksa apakah unggahan {event.unit_name} sudah terbit di {where}",
        f"Sudah dikirim, tetapi {where} tidak memastikan. Buka akunnya, lihat apakah unggahan ada, lalu tandai sudah atau belum terbit. Sistem tidak mengirim ulang sebelum Anda memutuskan.",
        _delivery_link(event),
    )


def _take_down(event: Happening) -> Text:
    where = _platform(event)
    return Text(
        f"Hapus sendiri unggahan {event.unit_name} di {where}",
        f"Unggahan ini diminta dihapus: {_sentence(event.detail.get('reason') or 'tanpa alasan')} {_sentence(event.detail.get('said') or '')} Buka akunnya, hapus unggahannya, lalu tandai sudah dihapus.",
        _delivery_link(event),
    )


def _broken(event: Happening) -> Text:
    account = f"Akun {_platform(event)} @{event.detail.get('handle', '')}"
    return Text(
        f"{account} perlu disambungkan ulang",
        f"{event.unit_name}: {_sentence(event.detail.get('reason') or 'Platform menolak kredensialnya.')} Unggahan untuk akun ini ditahan dan terbit setelah tersambung lagi. Sambungkan ulang akunnya, atau minta admin melakukannya.",
        f"/antrean?tab=menunggu&unit={event.unit_id}",
    )


def _hacked(event: Happening) -> Text:
    until = _moment(event.detail.get("deadline"), event.timezone)
    return Text(
        f"Akun {_platform(event)} @{event.detail.get('handle', '')} {event.unit_name} diretas",
        f"Akunnya sudah dijeda dan sambungannya diputus; antreannya {event.detail.get('queue', 'ditahan')}. Jangan tanggapi pesan dari akun itu. Ikuti daftar langkah pemulihan; bila data pribadi terungkap, pemberitahuan paling lambat {until or '3 x 24 jam'}.",
        f"/akun/{event.detail.get('channel_id')}/diretas",
    )


def _expiring(event: Happening) -> Text:
    account = f"Akun {_platform(event)} @{event.detail.get('handle', '')}"
    until = _moment(event.detail.get("expires_at"), event.timezone)
    return Text(
        f"Sambungan {account} segera berakhir",
        f"{event.unit_name}: sambungannya berlaku sampai {until or 'beberapa hari lagi'}. Buka akunnya, lalu tekan Hubungkan ulang; antrean dan riwayatnya tetap ada. Bila Anda bukan admin, ingatkan admin unit.",
        f"/akun/{event.detail.get('channel_id')}",
    )


def _outage(event: Happening) -> Text:
    where, count = _platform(event), event.detail.get("channels") or "banyak"
    return Text(
        f"{where} sedang terganggu",
        f"{where} tidak menerima kiriman dari {count} akun. Kiriman ditahan dan dilanjutkan sendiri begitu {where} pulih; keterlambatannya tidak dihitung. Yang mendesak dapat dialihkan ke platform lain atau unggah manual.",
        f"/gangguan/{event.subject.partition(':')[2]}",
    )


def _in_review(event: Happening) -> Text:
    count = event.detail.get("count")
    what = f"{count} unggahan siaran {event.unit_name}" if count else f"Unggahan {event.unit_name}"
    why = _sentence("; ".join(event.detail.get("why", ()))[:200])
    due = _moment(event.detail.get("due_at"), event.timezone)
    when = f"Waktu terbit: {due}; tanpa persetujuan, tidak akan terbit. " if due else ""
    kind, _, number = event.subject.partition(":")
    link = f"/siaran/{number}" if kind == "broadcast" else f"/unggahan/{number}"
    return Text(f"{what} menunggu tinjauan Anda", f"{why} {when}Buka, baca, lalu setujui atau tolak.".strip(), link)


def _what(event: Happening) -> tuple[str, str]:
    """What waits, and where to read it."""
    count = event.detail.get("count")
    kind, _, number = event.subject.partition(":")
    what = f"{count} unggahan siaran {event.unit_name}" if count else f"Unggahan {event.unit_name}"
    return what, f"/siaran/{number}" if kind == "broadcast" else f"/tinjau/{number}"


def _reminded(event: Happening) -> Text:
    what, link = _what(event)
    due = _moment(event.detail.get("due_at"), event.timezone)
    return Text(
        f"{what} masih menunggu tinjauan Anda",
        f"Waktu terbit: {due}; tanpa persetujuan, tidak akan terbit. Buka, baca, lalu setujui atau tolak.",
        link,
    )


def _escalated(event: Happening) -> Text:
    what, link = _what(event)
    due = _moment(event.detail.get("due_at"), event.timezone)
    return Text(
        f"{what} belum ditinjau, waktunya hampir habis",
        f"Peninjaunya belum menjawab. Waktu terbit: {due}; tanpa persetujuan, tidak akan terbit. Anda boleh memutuskannya.",
        link,
    )


def _lapsed(event: Happening) -> Text:
    due = _moment(event.detail.get("due_at"), event.timezone)
    return Text(
        f"Unggahan {event.unit_name} tidak terbit karena belum disetujui",
        f"Seharusnya terbit {due}. Bila isinya masih berlaku, pilih waktu lain, lalu ajukan lagi.",
        _post_link(event),
    )


def _remarked(event: Happening) -> Text:
    by, said = event.detail.get("by_name", "Seseorang"), _sentence(event.detail.get("text", ""))
    if event.detail.get("question"):
        return Text(f"{by} bertanya tentang unggahan {event.unit_name}", f"{said} Buka, lalu jawab.", _post_link(event))
    return Text(f"Catatan dari {by} untuk unggahan {event.unit_name}", said, _post_link(event))


def _held(event: Happening) -> Text:
    by = event.detail.get("by_name", "peninjau")
    return Text(
        f"Unggahan {event.unit_name} ditahan",
        f"Ditahan oleh {by}: {_sentence(event.detail.get('reason', ''))} Tidak akan terbit sampai dilepas lagi.",
        _post_link(event),
    )


def _approved(event: Happening) -> Text:
    due = _moment(event.detail.get("due_at"), event.timezone)
    note = event.detail.get("reason")
    said = [
        f"Disetujui oleh {event.detail.get('by_name', 'peninjau')}.",
        f"Terbit {due}." if due else "",
        f"Catatan: {_sentence(note)}" if note else "",
        "Anda tidak perlu melakukan apa-apa lagi.",
    ]
    what, link = _what(event)
    link = link if event.subject.startswith("broadcast:") else _post_link(event)
    return Text(f"{what} disetujui", " ".join(filter(None, said)), link)


def _rejected(event: Happening) -> Text:
    by, reason = event.detail.get("by_name", "peninjau"), event.detail.get("reason", "")
    return Text(
        f"Unggahan {event.unit_name} dikembalikan untuk diperbaiki",
        f"Alasan dari {by}: {_sentence(reason)} Perbaiki, lalu ajukan lagi.",
        _post_link(event),
    )


def _suggested(event: Happening) -> Text:
    due = _moment(event.detail.get("due_at"), event.timezone)
    until = _moment(event.detail.get("deadline"), event.timezone)
    said = [
        "Terima apa adanya, ubah dulu, atau tolak dengan alasan.",
        f"Rencana terbit {due}." if due else "",
        f"Jawab sebelum {until}." if until else "",
        "Tanpa jawaban, tidak akan terbit.",
    ]
    return Text(f"Saran unggahan untuk {event.unit_name}", " ".join(filter(None, said)), _post_link(event))


def _recalled(event: Happening) -> Text:
    places = ", ".join(TITLES.get(name, name.capitalize()) for name in event.detail.get("platforms", ()))
    due = _moment(event.detail.get("due_at"), event.timezone)
    what = (
        "Teks barunya menunggu tinjauan dulu."
        if event.detail.get("waits")
        else f"Pakai teks baru di daftar tugas{f', untuk {due}' if due else ''}."
    )
    return Text(
        f"Jangan terbitkan teks lama {event.unit_name} di {places}",
        f"Kalender tahapan berubah. {what} Bila teks lama sudah telanjur terbit, tandai di tugasnya, lalu kabari PPK Anda.",
        "/tugas",
    )


def _task_due(event: Happening) -> Text:
    said = _sentence(
        event.detail.get("reason") or "Salin teksnya, unduh gambarnya, terbitkan di aplikasinya, lalu tandai."
    )
    return Text(f"Saatnya mengunggah sendiri di {_platform(event)}: {event.unit_name}", said, "/tugas")


def _outside(event: Happening) -> Text:
    what = "Unggahan diubah di akunnya" if event.detail.get("ours") else "Unggahan di luar Kentongan"
    return Text(
        f"{what} melanggar aturan isi: {event.unit_name} di {_platform(event)}",
        f"{_sentence(event.detail.get('why') or 'Penjaga konten menemukan isi yang diblokir.')} Unggahan ini sudah terlihat orang. Buka, periksa di akunnya, lalu hapus atau perbaiki di sana.",
        f"/laporan/luar?isi=blocked&unit={event.unit_id}",
    )


def letter(texts: Sequence[Text], base_url: str) -> tuple[str, str]:
    """Subject and plain text of one message that carries one notice or several."""
    subject = texts[0].title if len(texts) == 1 else f"{len(texts)} kabar dari Kentongan"
    parts = [f"{text.title}\n\n{text.body}\n\nBuka: {base_url}{text.link}" for text in texts]
    return subject, "\n\n---\n\n".join(parts)


def _platform(event: Happening) -> str:
    name = str(event.detail.get("platform", ""))
    return TITLES.get(name, name.capitalize())


def _delivery_link(event: Happening) -> str:
    return f"/antrean/{event.subject.partition(':')[2]}"


def _post_link(event: Happening) -> str:
    return f"/unggahan/{event.subject.partition(':')[2]}"


def _moment(iso: object, zone: str) -> str:
    """Rabu, 27 November 2024 pukul 07.00 WIB; empty without a moment."""
    if not isinstance(iso, str):
        return ""
    local = datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))
    return f"{write_date(local.date())} pukul {local:%H.%M} {zone_name(zone)}"


def _sentence(text: object) -> str:
    said = str(text).strip()
    return said if not said or said[-1] in ".!?" else f"{said}."


def _short(text: str, longest: int) -> str:
    """One line; a subject must not carry a line break of somebody's reason into a header."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _complaint_near(event: Happening) -> Text:
    return _complaint(event, "Tenggat penghapusan sudah dekat")


def _complaint_late(event: Happening) -> Text:
    return _complaint(event, "Tenggat penghapusan sudah lewat")


def _complaint(event: Happening, title: str) -> Text:
    number = event.subject.partition(":")[2]
    when = _moment(event.detail.get("deadline"), event.timezone)
    return Text(
        f"Aduan {number}: {title.lower()}",
        f"{title} ({when}), dan {event.detail.get('left', '?')} kiriman masih terbit. Buka aduannya, lalu hapus sendiri yang tidak dapat dihapus lewat sistem.",
        f"/aduan/{number}",
    )


def _head(event: Happening) -> Text:
    day = event.detail.get("day")
    when = write_date(date.fromisoformat(day)) if day else "kemarin"
    return Text(
        f"Kepala rantai jejak audit {when}",
        f"Peristiwa nomor {event.detail.get('seq', '?')}, sidik {event.detail.get('hash', '?')}. Simpan pesan ini: bila catatan diubah sesudahnya, sidik ini tidak cocok lagi.",
        "/riwayat",
    )


_OF_ONE: dict[EventKind, Callable[[Happening], Text]] = {
    EventKind.DELIVERY_STOPPED: _stopped,
    EventKind.DELIVERY_UNSURE: _unsure,
    EventKind.DELIVERY_TAKE_DOWN: _take_down,
    EventKind.CHANNEL_BROKEN: _broken,
    EventKind.CHANNEL_HACKED: _hacked,
    EventKind.CHANNEL_EXPIRING: _expiring,
    EventKind.PLATFORM_OUTAGE: _outage,
    EventKind.POST_IN_REVIEW: _in_review,
    EventKind.POST_APPROVED: _approved,
    EventKind.POST_REJECTED: _rejected,
    EventKind.POST_SUGGESTED: _suggested,
    EventKind.POST_REMINDED: _reminded,
    EventKind.POST_ESCALATED: _escalated,
    EventKind.POST_LAPSED: _lapsed,
    EventKind.POST_REMARKED: _remarked,
    EventKind.POST_HELD: _held,
    EventKind.COMPLAINT_NEAR: _complaint_near,
    EventKind.COMPLAINT_LATE: _complaint_late,
    EventKind.CHAIN_HEAD: _head,
    EventKind.TASK_DUE: _task_due,
    EventKind.OUTSIDE_BLOCKED: _outside,
    EventKind.TASK_RECALLED: _recalled,
}
"""All but a miss, which several deliveries may share."""
