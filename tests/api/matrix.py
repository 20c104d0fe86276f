"""Who gets which answer at which door: every route of the program, for every role near and far.

Columns: at PPK Bogor Barat viewer, editor, reviewer, admin | at PPK Bogor Utara editor, admin | at the KPU viewer, reviewer,
admin | nobody. What is asked for always lies in Bogor Barat: a unit of it, or something Sari of PPS Cilendek Barat made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

COLUMNS = (
    "viewer", "editor", "reviewer", "admin", "editor di utara", "admin di utara",
    "viewer KPU", "reviewer KPU", "admin KPU", "nobody",
)  # fmt: skip

PUBLIC = "200 200 200 200 | 200 200 | 200 200 200 | 200"
KNOWN = "200 200 200 200 | 200 200 | 200 200 200 | 401"
READ = "200 200 200 200 | 404 404 | 200 200 200 | 401"
WRITE = "403 200 200 200 | 404 404 | 403 200 200 | 401"
REVIEW = "403 403 200 200 | 404 404 | 403 200 200 | 401"
MANAGE = "403 403 403 200 | 404 404 | 403 403 200 | 401"
REVIEWERS = "403 403 200 200 | 403 200 | 403 200 200 | 401"
MANAGERS = "403 403 403 200 | 403 200 | 403 403 200 | 401"
CALENDAR = "403 403 403 403 | 403 403 | 403 200 200 | 401"
# Of reviewers above all that it is about.
COMPLAINT = "403 403 200 200 | 403 404 | 403 200 200 | 401"


@dataclass(frozen=True)
class Call:
    """`made` names what must exist for the path's parameters, in their order; strings like `{unit}` in json and form stand for ids.

    `narrow`: what a token that may only read gets, where that is less than a viewer in person gets.
    """

    expected: str
    made: str = ""
    json: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    narrow: str = ""


def created(row: str) -> str:
    return row.replace("200", "201")


def gone(row: str) -> str:
    return row.replace("200", "204")


def page(row: str) -> str:
    """Nobody is sent to the way in."""
    return row.replace("401", "303")


def done(row: str) -> str:
    """A form that worked leads on to a page."""
    return row.replace("200", "303").replace("401", "303")


ANY_VERSION = {"If-Match": "*"}
TUS = {"Tus-Resumable": "1.0.0"}
NOBODYS = "404 404 404 404 | 404 404 | 404 404 404 | 401"
POST = {"unit_id": "{unit}", "text": "Posko buka."}
BROADCAST = {"template_id": "{template}", "select": {"under": "{ppk}"}, "platforms": ["x"], "timing": {"at": "{soon}"}}
SERIES = {"template_id": "{template}", "select": {"under": "{ppk}"}, "platforms": ["x"], "schedule": {"tahapan": "PYL-07", "time": "09:00", "days_before": [7]}}  # fmt: skip
SHEET: Mapping[str, Any] = {
    "layers": [{"kind": "text", "x": 80, "y": 80, "w": 900, "h": 400, "text": "{{ judul }}", "fill": "#000000"}]
}
FORM_DESIGN = {
    "judul": "Kabar",
    "lapisan": "1",
    **{f"l0-{name}": str(value) for name, value in SHEET["layers"][0].items()},
}
FORM_POST = {"unit": "{unit}", "templat": "bebas", "teks": "Posko buka.", "kapan": "nanti"}
FORM_BROADCAST = {"templat": "{template}", "mode": "mandatory", "jenis": "pps", "platform": "x", "jeda": "0", "kapan": "waktu", "waktu": "{local}"}  # fmt: skip
FORM_SERIES = {"templat": "{template}", "jenis": "pps", "platform": "x", "tahapan": "PYL-07", "pola": "hari", "sebelum": "7", "jam": "09:00", "jeda": "0"}  # fmt: skip
ACTIVITY = {"unit_id": "{unit}", "programme": "sosialisasi_rw", "held_on": "2024-11-01", "rw": 4}
PLAN = {"unit_ids": ["{unit}"], "programme": "sosialisasi_rw", "held_on": "2024-11-16", "starts": "09:00", "rw": 4}
FORM_ACTIVITY = {"unit": "{unit}", "program": "sosialisasi_rw", "tanggal": "2024-11-01", "rw": "4"}
# Who broadcasts without naming a unit does so beneath his own.
OWN_BROADCAST = "403 403 200 200 | 403 422 | 403 200 200 | 401"

API: dict[str, Call] = {
    "GET /me": Call(KNOWN),
    "POST /me/calendar": Call("403 403 403 403 | 403 403 | 403 403 403 | 401"),  # in person alone
    "DELETE /me/calendar": Call(gone(KNOWN)),
    "GET /users": Call(MANAGERS),
    "GET /me/security": Call(KNOWN),
    # One's own screens alone, and only in person.
    "DELETE /me/sessions/{session_id}": Call("403 403 403 403 | 403 403 | 403 403 403 | 401", "foreign_notice"),
    # A lost phone is replaced from above: the PPK's own admin stands above Sari's PPS.
    "POST /users/{user_id}/reissue": Call("404 404 404 200 | 404 404 | 404 404 200 | 401", "sari"),
    "POST /users": Call(created(MANAGE), json={"email": "{email}", "name": "Baru", "unit_id": "{unit}", "role": "viewer"}),
    "GET /tokens": Call(KNOWN),
    "POST /tokens": Call(created(MANAGE), json={"unit_id": "{unit}", "days": 1}),
    "DELETE /tokens/{token_id}": Call("404 404 404 204 | 404 404 | 404 404 204 | 401", "token"),
    "GET /wilayah": Call(KNOWN),
    "GET /units": Call(KNOWN),
    "GET /units/{unit_id}": Call(READ, "unit"),
    "PATCH /units/{unit_id}": Call(WRITE, "unit", {"rw_count": 9}),
    "GET /tahapan": Call(KNOWN),
    "POST /tahapan": Call(created(CALENDAR), json={"code": "{code}", "name": "Baru", "kind": "peristiwa"}),
    "GET /tahapan/export": Call(KNOWN),
    "POST /tahapan/import": Call(CALENDAR, form={"dry_run": "true", "file": "{calendar}"}),
    "PATCH /tahapan/{tahapan_id}": Call(CALENDAR, "tahapan", {"note": "x"}),
    "GET /templates": Call(KNOWN),
    "POST /templates": Call("403 403 201 201 | 403 404 | 403 201 201 | 401", json={
        "key": "{key}", "title": "Baru", "stages": ["*"], "units": ["pps"], "unit_id": "{ppk}",
        "texts": {"id": {"short": "Halo {{ nama_unit }}"}},
    }),
    "GET /templates/{template_id}": Call(READ, "template"),
    "GET /templates/{template_id}/versions": Call(READ, "template"),
    "PATCH /templates/{template_id}": Call(REVIEW, "template", {"title": "Lain"}),
    "POST /templates/{template_id}/confirm": Call("403 403 200 200 | 403 404 | 403 200 200 | 401", "sundanese", {"lang": "su"}),
    "POST /templates/{template_id}/render": Call(READ, "template", {"unit_id": "{unit}", "platform": "x"}),
    "POST /guard/check": Call(READ, json={"text": "Halo", "unit_id": "{unit}"}),
    "GET /platforms": Call(KNOWN),
    "GET /channels": Call(KNOWN),
    "POST /channels": Call(created(MANAGE), json={
        "unit_id": "{unit}", "platform": "x", "environment": "practice", "handle": "{handle}",
    }),
    "GET /channels/{channel_id}": Call(READ, "channel"),
    "PATCH /channels/{channel_id}": Call(MANAGE, "channel", {"state": "paused"}),
    "PUT /channels/{channel_id}/term": Call(MANAGE, "channel", {"ends_on": "2025-01-27"}),
    "GET /elections": Call(KNOWN),
    # Of the whole election, so only from its top; the reason is missing, for the table needs its election.
    "PUT /elections/{election_id}/term": Call("403 403 403 403 | 403 403 | 403 403 200 | 401", "election", {"ends_on": "2025-01-27"}),
    "POST /elections/{election_id}/archive": Call("403 403 403 403 | 403 403 | 403 403 422 | 401", "election", {"reason": " "}),
    "DELETE /channels/{channel_id}": Call(MANAGE, "channel"),
    "POST /channels/{channel_id}/check": Call(MANAGE, "manual_channel"),
    "POST /channels/connect": Call(created(MANAGE), json={"unit_id": "{unit}", "platform": "x", "environment": "practice"}),
    # A consent is its person's own: nobody, however high, sees or ends another's.
    "POST /channels/connect/return": Call("409 409 409 409 | 409 409 | 409 409 409 | 401", json={"state": "tidak-dikenal"}),
    "GET /channels/connect/{connection_id}": Call("404 404 404 404 | 404 404 | 404 404 404 | 401", "foreign_connection"),
    "POST /channels/connect/{connection_id}/choose": Call(
        "404 404 404 404 | 404 404 | 404 404 404 | 401", "foreign_connection", {"account_id": "1"}
    ),
    "POST /media": Call(created(WRITE), form={"unit_id": "{unit}", "alt_text": "Petugas di pasar.", "file": "{photo}"}),
    "GET /media": Call(KNOWN),
    "GET /media/{media_id}": Call(READ, "media"),
    "PATCH /media/{media_id}": Call(WRITE, "media", {"tags": ["pasar"]}),
    "DELETE /media/{media_id}": Call(gone(WRITE), "media"),
    "GET /media/{media_id}/captions": Call(READ, "media"),
    "POST /media/{media_id}/captions": Call(WRITE.replace("200", "422"), "media", {"text": "1\n00:00:00,000 --> 00:00:02,000\nHalo\n"}),
    "GET /media/{media_id}/uses": Call(READ, "media"),
    "GET /media/{media_id}/file": Call(READ, "media"),
    "OPTIONS /uploads": Call(gone(PUBLIC)),
    "POST /uploads": Call("403 201 201 201 | 201 201 | 403 201 201 | 401", headers={**TUS, "Upload-Length": "9"}),
    # A file on its way is its person's own.
    "PATCH /uploads/{upload_id}": Call(NOBODYS, "foreign_upload", headers={**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}),
    "DELETE /uploads/{upload_id}": Call(NOBODYS, "foreign_upload", headers=TUS),
    "POST /uploads/{upload_id}/media": Call(NOBODYS, "foreign_upload", {"alt_text": "Pasar."}),
    "GET /posters": Call(KNOWN),
    "POST /posters": Call("403 403 201 201 | 403 404 | 403 201 201 | 401", json={"title": "Baru", "body": SHEET, "unit_id": "{ppk}"}),
    "GET /posters/{design_id}": Call(READ, "design"),
    "PATCH /posters/{design_id}": Call(REVIEW, "design", {"title": "Lain"}),
    "POST /posters/{design_id}/render": Call(READ, "design", {"unit_id": "{unit}"}),
    "GET /posts": Call(KNOWN),
    "POST /posts": Call(created(WRITE), json=POST),
    "GET /posts/{post_id}": Call(READ, "draft"),
    "PATCH /posts/{post_id}": Call(WRITE, "draft", {"text": "Lain."}, headers=ANY_VERSION),
    "DELETE /posts/{post_id}": Call(gone(WRITE), "draft", headers=ANY_VERSION),
    "POST /posts/{post_id}/submit": Call(WRITE, "rejected"),
    "POST /posts/{post_id}/approve": Call(REVIEW, "in_review"),
    "POST /posts/{post_id}/reject": Call(REVIEW, "in_review", {"reason": "Jamnya?"}),
    "POST /posts/{post_id}/exempt": Call(REVIEW, "telephone", {"rule": "G08_surel", "reason": "Resmi"}),
    "POST /posts/{post_id}/cancel": Call(WRITE, "draft"),
    "GET /calendar": Call(KNOWN, query="?from=2024-11-01&to=2024-11-30"),
    "GET /posts/export": Call(KNOWN),
    "GET /posts/import/template": Call("403 200 200 200 | 200 200 | 403 200 200 | 401"),
    # A row of a unit out of sight is refused by name, like every other bad row.
    "POST /posts/import": Call("403 200 200 200 | 200 200 | 403 200 200 | 401", form={"dry_run": "true", "file": "{table}"}),
    "GET /posts/{post_id}/metrics": Call(READ, "draft"),
    "GET /engagement": Call(KNOWN),
    "GET /reports/mail": Call(KNOWN),
    "PUT /reports/mail": Call(KNOWN, json={"weekly": False}),
    "PUT /units/{unit_id}/public": Call("403 403 403 403 | 404 404 | 403 200 200 | 401", "unit", json={"on": False}),
    "GET /webhooks": Call(KNOWN),
    "POST /webhooks": Call(created(MANAGE), json={"unit_id": "{unit}", "url": "https://contoh.go.id/masuk", "events": ["delivery.published"]}),
    "DELETE /webhooks/{webhook_id}": Call(gone(MANAGE), "webhook"),
    "GET /webhooks/{webhook_id}/deliveries": Call(MANAGE, "webhook"),
    "GET /engagement/overview": Call(KNOWN),
    "GET /broadcasts": Call(KNOWN),
    "POST /broadcasts": Call("403 403 201 201 | 403 404 | 403 201 201 | 401", json=BROADCAST),
    "GET /broadcasts/{broadcast_id}": Call(READ, "broadcast"),
    "GET /broadcasts/{broadcast_id}/units": Call(READ, "broadcast"),
    "POST /posts/{post_id}/decline": Call(WRITE, "suggestion", {"reason": "Tidak cocok."}),
    "POST /posts/approve": Call("403 403 200 200 | 403 200 | 403 200 200 | 401", json={"post_ids": ["{in_review}"]}),
    "GET /posts/{post_id}/remarks": Call(READ, "draft"),
    "POST /posts/{post_id}/remarks": Call(created(WRITE), "draft", {"text": "Jamnya?"}),
    "POST /posts/{post_id}/hold": Call(REVIEW, "in_review", {"reason": "Tunggu."}),
    "POST /posts/{post_id}/release": Call(REVIEW, "held"),
    "POST /broadcasts/{broadcast_id}/approve": Call("403 403 403 403 | 404 404 | 403 200 200 | 401", "broadcast"),
    "GET /units/{unit_id}/reviewers": Call(READ, "unit"),
    "PUT /units/{unit_id}/deputies/{user_id}": Call(MANAGE, "ppk budi"),
    "DELETE /units/{unit_id}/deputies/{user_id}": Call(MANAGE, "ppk budi"),
    "GET /series": Call(KNOWN),
    "POST /series": Call("403 403 201 201 | 403 404 | 403 201 201 | 401", json=SERIES),
    "GET /series/{series_id}": Call(READ, "series"),
    "PATCH /series/{series_id}": Call(REVIEW, "series", {"stagger_minutes": 5}),
    "POST /series/{series_id}/cancel": Call(REVIEW, "series"),
    "POST /broadcasts/{broadcast_id}/cancel": Call(REVIEW, "broadcast"),
    "POST /broadcasts/{broadcast_id}/withdraw": Call(REVIEW, "broadcast", {"reason": "Tanggalnya keliru"}),
    "GET /deliveries": Call(KNOWN),
    "GET /deliveries/{delivery_id}": Call(READ, "due"),
    "POST /deliveries/{delivery_id}/retry": Call(WRITE, "stopped"),
    "POST /deliveries/{delivery_id}/resolve": Call(WRITE, "unsure", {"published": True}),
    "POST /deliveries/{delivery_id}/cancel": Call(WRITE, "due"),
    "POST /deliveries/{delivery_id}/withdraw": Call(WRITE, "published", {"reason": "Tanggalnya keliru"}),
    "POST /deliveries/{delivery_id}/withdraw/resolve": Call(WRITE, "wished", {"removed": True}),
    # Notices are one's own: nobody, however high, reads or marks another's.
    "GET /readiness": Call(MANAGERS),
    "GET /notices": Call(KNOWN),
    "POST /notices/read-all": Call(KNOWN),
    "GET /incidents": Call(KNOWN),
    "GET /incidents/{incident_id}": Call(KNOWN, "incident"),
    "POST /incidents/{incident_id}/divert": Call(REVIEWERS, "incident", json={"to": "manual"}),
    "GET /pauses": Call(KNOWN),
    "POST /pauses": Call("403 403 201 409 | 404 404 | 403 409 409 | 401", json={"under": "{unit}", "reason": "uji"}),
    "POST /pauses/{pause_id}/resume": Call(REVIEW, "pause"),
    "POST /tahapan/{tahapan_id}/revise": Call(CALENDAR, "tahapan", json={"reason": "uji", "dry_run": True}),
    "GET /tahapan/{tahapan_id}/revisions": Call(KNOWN, "tahapan"),
    "GET /tahapan/{tahapan_id}/stale": Call(KNOWN, "tahapan"),
    "POST /revisions/{revision_id}/undo": Call(CALENDAR, "revision", json={"reason": "uji", "dry_run": True}),
    "POST /notices/{notice_id}/read": Call("404 404 404 404 | 404 404 | 404 404 404 | 401", "foreign_notice"),
    "GET /activities": Call(KNOWN),
    "POST /activities": Call(created(WRITE), json=ACTIVITY),
    "GET /activities/coverage": Call(KNOWN),
    "POST /activities/plan": Call(created("403 200 200 200 | 200 200 | 403 200 200 | 401"), json=PLAN),
    "GET /activities/{activity_id}": Call(READ, "activity"),
    "PATCH /activities/{activity_id}": Call(WRITE, "activity", {"note": "x"}),
    "GET /reports/weekly": Call(KNOWN),
    "GET /reports/monthly": Call(KNOWN),
    "GET /reports/compliance": Call(KNOWN),
    # Nothing is out yet, so nobody has a place; a neighbour does not even see the unit.
    "GET /reports/certificate": Call(KNOWN.replace("200", "404"), query="?unit=4"),
    "GET /reports/tahapan": Call(KNOWN, query="?code=PYL-06"),
    "PUT /units/{unit_id}/term": Call(MANAGE, "unit", {"ends_on": "2025-01-27"}),
    "POST /units/{unit_id}/hand-over": Call("403 403 403 200 | 404 404 | 403 403 200 | 401", "spare", {"email": "{email}", "name": "Baru", "role": "editor", "reason": "SK 1"}),
    "POST /units/{unit_id}/archive": Call(MANAGE, "spare", {"reason": "uji"}),
    "GET /units/{unit_id}/past-people": Call(READ, "unit"),
    "PUT /units/{unit_id}/people/{user_id}/term": Call(gone(MANAGE), "spare helper", {"ends_on": "2025-01-27"}),
    "DELETE /units/{unit_id}/people/{user_id}": Call(gone(MANAGE), "spare helper"),
    "POST /complaints/search": Call("403 403 200 200 | 403 200 | 403 200 200 | 401", json={"on": "2024-11-01"}),
    "GET /complaints": Call("403 403 200 200 | 403 200 | 403 200 200 | 401"),
    "POST /complaints": Call("403 403 201 201 | 403 201 | 403 201 201 | 401", json={"text": "Bukan kami."}),
    "GET /complaints/{complaint_id}": Call(COMPLAINT, "complaint"),
    "GET /complaints/{complaint_id}/evidence": Call(COMPLAINT, "complaint"),
    "POST /complaints/{complaint_id}/withdraw": Call(COMPLAINT, "complaint", {"reason": "Tanggalnya keliru"}),
    "POST /complaints/{complaint_id}/close": Call(COMPLAINT, "complaint", {"outcome": "Dihapus"}),
    "GET /units/{unit_id}/evidence-retention": Call(READ, "unit"),
    "PUT /units/{unit_id}/evidence-retention": Call("404 404 404 404 | 404 404 | 403 403 200 | 401", "kpu", {"until": "2029-12-31"}),
    "GET /audit": Call(KNOWN),
    "GET /audit/heads": Call(KNOWN),
    "GET /audit/export": Call("403 403 200 200 | 403 200 | 403 200 200 | 401", query="?from=2024-11-01T00:00:00Z&to=2024-11-02T00:00:00Z"),
    "GET /posts/{post_id}/evidence": Call(REVIEW, "draft"),
    "GET /notices/preferences": Call(KNOWN),
    "PUT /notices/preferences": Call(KNOWN, json={"mail": True}, narrow="403"),
}  # fmt: skip

PAGES: dict[str, Call] = {
    "GET /api/v1/openapi.json": Call(PUBLIC),
    "GET /api/docs": Call(PUBLIC),
    "GET /healthz": Call(PUBLIC),
    "GET /readyz": Call(PUBLIC.replace("200", "503")),
    # Without a signature nobody gets a picture, whoever asks.
    "GET /media/{media_id}.jpg": Call(PUBLIC.replace("200", "404"), "media"),
    "GET /media/{media_id}.mp4": Call(PUBLIC.replace("200", "404"), "media"),
    "GET /media/{media_id}.mov": Call(PUBLIC.replace("200", "404"), "media"),
    # Not set up: nobody is told whether there is such an address.
    "GET /panggilan/{platform}": Call(PUBLIC.replace("200", "404")),
    "POST /panggilan/{platform}": Call(PUBLIC.replace("200", "404")),
    "POST /panggilan/{platform}/latihan": Call(PUBLIC.replace("200", "404")),
    "GET /static/{name}": Call(PUBLIC, "stylesheet"),
    "GET /favicon.ico": Call(PUBLIC.replace("200", "307")),
    # Closed until an operator sets a token for it; a person's log-in does not open it.
    "GET /metrics": Call(PUBLIC.replace("200", "404")),
    "* /simulator": Call(PUBLIC, query="/_sim/wall"),
    "GET /masuk": Call("303 303 303 303 | 303 303 | 303 303 303 | 200"),
    "GET /masuk/{secret}": Call(PUBLIC.replace("200", "401"), "secret"),
    "POST /masuk/{secret}": Call(PUBLIC.replace("200", "401"), "secret"),
    "POST /masuk": Call(PUBLIC.replace("200", "401"), form={"surel": "{email}", "sandi": "x"}),
    "GET /masuk/kedua": Call(PUBLIC.replace("200", "303")),
    "POST /masuk/kedua": Call(PUBLIC.replace("200", "401"), form={"kode": "1"}),
    # This house has a number for an address, which no passkey can be bound to.
    "POST /masuk/kunci/mulai": Call(PUBLIC.replace("200", "403")),
    "POST /masuk/kunci": Call(PUBLIC.replace("200", "401"), form={"langkah": "x", "jawaban": "{}"}),
    "GET /keamanan": Call(page(KNOWN)),
    "POST /keamanan/sandi": Call(page(KNOWN).replace("200", "422"), form={"sandi": "a", "ulang": "b"}),
    "POST /keamanan/aplikasi": Call(page(KNOWN)),
    "POST /keamanan/aplikasi/pasang": Call(page(KNOWN).replace("200", "422"), form={"kode": "1"}),
    "POST /keamanan/pemulihan": Call(page(KNOWN).replace("200", "409")),
    "POST /keamanan/cara/{factor_id}/hapus": Call(page(KNOWN).replace("200", "404"), "foreign_notice"),
    "POST /keamanan/perangkat/{screen_id}/keluar": Call(page(KNOWN).replace("200", "404"), "foreign_notice"),
    "POST /keamanan/perangkat/keluar": Call(done(KNOWN)),
    "POST /keamanan/kunci/mulai": Call(page(KNOWN).replace("200", "403")),
    "POST /keamanan/kunci": Call(page(KNOWN).replace("200", "401"), form={"langkah": "x", "jawaban": "{}"}),
    "GET /keamanan/buktikan": Call(page(KNOWN)),
    "POST /keamanan/buktikan": Call(page(KNOWN).replace("200", "401"), form={"sandi": "x"}),
    "POST /orang/{user_id}/terbitkan-ulang": Call("404 404 404 200 | 404 404 | 404 404 200 | 303", "sari"),
    "POST /keluar": Call(PUBLIC.replace("200", "303")),
    "GET /": Call(PUBLIC.replace("200", "303")),
    "GET /dasbor": Call(page(KNOWN)),
    # No template is ready for this unit in the table's house: who may write is told so, nobody else is told anything.
    "POST /dasbor/terbitkan": Call("403 409 409 409 | 404 404 | 403 409 409 | 303", form={"unit": "{unit}", "templat": "99999"}),
    "GET /poster/{unit_id}.webp": Call(page(READ), "unit", query="?judul=Halo"),
    "GET /antrean": Call(page(KNOWN)),
    "GET /antrean/{delivery_id}": Call(page(READ), "due"),
    "POST /antrean/{delivery_id}/coba-lagi": Call(done(WRITE), "stopped"),
    "POST /antrean/{delivery_id}/putuskan": Call(done(WRITE), "unsure", form={"terbit": "ya"}),
    "POST /antrean/{delivery_id}/batalkan": Call(done(WRITE), "due"),
    "POST /antrean/{delivery_id}/hapus": Call(done(WRITE), "published", form={"alasan": "Tanggalnya keliru"}),
    "POST /antrean/{delivery_id}/terhapus": Call(done(WRITE), "wished", form={"terhapus": "ya"}),
    "GET /tulis": Call("403 200 200 200 | 200 200 | 403 200 200 | 303"),
    "POST /tulis/pratinjau": Call(page(WRITE), form=FORM_POST),
    "POST /tulis/foto": Call(page(WRITE), form=FORM_POST),
    "POST /tulis": Call(done(WRITE), form=FORM_POST),
    "GET /unggahan/{post_id}": Call(page(READ), "draft"),
    "GET /unggahan/{post_id}/ubah": Call(page(WRITE), "draft"),
    "POST /unggahan/{post_id}/ubah": Call(page(WRITE.replace("200", "412")), "draft", form=FORM_POST),
    "GET /unggahan/{post_id}/gandakan": Call(page(WRITE), "draft"),
    "GET /unggahan/{post_id}/pindah": Call(page(WRITE), "in_review"),
    "POST /unggahan/{post_id}/pindah": Call(done(WRITE), "in_review", form={"waktu": "{local}"}),
    # Nothing was moved.
    "POST /unggahan/{post_id}/pindah/urung": Call(page(WRITE.replace("200", "409")), "in_review"),
    "POST /unggahan/{post_id}/ajukan": Call(done(WRITE), "rejected"),
    "POST /unggahan/{post_id}/setujui": Call(done(REVIEW), "in_review"),
    "POST /unggahan/{post_id}/tolak": Call(done(REVIEW), "in_review", form={"alasan": "Jamnya?"}),
    "POST /unggahan/{post_id}/sesuaikan": Call(done(WRITE), "suggestion", form={"teks": "Kata kami sendiri."}),
    "POST /unggahan/{post_id}/tolak-saran": Call(done(WRITE), "suggestion", form={"alasan": "Tidak cocok."}),
    "POST /unggahan/{post_id}/batalkan": Call(done(WRITE), "draft"),
    "POST /unggahan/{post_id}/catatan": Call(done(WRITE), "draft", form={"teks": "Jamnya?"}),
    "POST /unggahan/{post_id}/tahan": Call(done(REVIEW), "in_review", form={"alasan": "Tunggu."}),
    "POST /unggahan/{post_id}/lepas": Call(done(REVIEW), "held"),
    "POST /siaran/{broadcast_id}/setujui": Call("403 403 403 403 | 404 404 | 403 303 303 | 303", "broadcast"),
    "POST /orang/{user_id}/wakil": Call("403 403 403 303 | 403 404 | 403 403 303 | 303", "budi", form={"unit": "{ppk}", "wakil": "ya"}),
    "GET /siaran": Call(page(KNOWN)),
    "GET /siaran/baru": Call(page(REVIEWERS)),
    "POST /siaran/periksa": Call("403 403 200 200 | 403 404 | 403 200 200 | 303", form=FORM_BROADCAST),
    "POST /siaran": Call("403 403 303 303 | 403 404 | 403 303 303 | 303", form=FORM_BROADCAST),
    "GET /siaran/{broadcast_id}": Call(page(READ), "broadcast"),
    # One that is over: a stream that goes on would have no end to compare.
    "GET /siaran/{broadcast_id}/langsung": Call(page(READ), "called_off"),
    "GET /siaran/{broadcast_id}/unit": Call(page(READ), "broadcast"),
    "POST /siaran/{broadcast_id}/batalkan": Call(done(REVIEW), "broadcast"),
    "POST /siaran/{broadcast_id}/hapus": Call(done(REVIEW), "broadcast", form={"alasan": "Tanggalnya keliru"}),
    "GET /lainnya": Call(page(KNOWN)),
    "GET /manifest.webmanifest": Call(PUBLIC),
    "GET /sw.js": Call(PUBLIC),
    "GET /luring": Call(PUBLIC),
    "GET /kabar": Call(page(KNOWN)),
    # No address a browser would give: a person is told so.
    "POST /kabar/perangkat": Call("422 422 422 422 | 422 422 | 422 422 422 | 303", form={"alamat": "x"}),
    "POST /kabar/perangkat/{device_id}/hapus": Call("404 404 404 404 | 404 404 | 404 404 404 | 303", "foreign_notice"),
    "POST /kabar/baca-semua": Call(done(KNOWN)),
    "POST /kabar/{notice_id}/baca": Call("404 404 404 404 | 404 404 | 404 404 404 | 303", "foreign_notice"),
    "GET /kabar/pengaturan": Call(page(KNOWN)),
    "POST /kabar/pengaturan": Call(done(KNOWN), form={"surel": "1"}),
    "GET /tugas": Call(page(KNOWN)),
    "GET /tinjau": Call(page(REVIEWERS)),
    "POST /tinjau/setujui": Call(done(REVIEWERS), form={"tanpa": "pilihan"}),
    "GET /tinjau/{post_id}": Call("403 403 200 200 | 403 404 | 403 200 200 | 303", "in_review"),
    "POST /tinjau/{post_id}/setujui": Call(done(REVIEW), "in_review"),
    "POST /tinjau/{post_id}/bebaskan": Call(done(REVIEW), "telephone", form={"aturan": "G08_surel", "alasan": "Resmi"}),
    "POST /tinjau/{post_id}/tolak": Call(done(REVIEW), "in_review", form={"alasan": "Jamnya?"}),
    "GET /akun": Call(page(KNOWN)),
    "GET /akun/baru": Call(page(MANAGERS)),
    "POST /akun": Call(done(MANAGE), form={"unit": "{unit}", "platform": "x", "lingkungan": "manual", "nama": "{handle}"}),
    "POST /akun/hubungkan": Call(done(MANAGE), form={"unit": "{unit}", "platform": "x", "lingkungan": "practice"}),
    "GET /akun/hubungkan/kembali": Call("409 409 409 409 | 409 409 | 409 409 409 | 303", query="?state=tidak-dikenal"),
    "GET /akun/hubungkan/{way_id}": Call("404 404 404 404 | 404 404 | 404 404 404 | 303", "foreign_connection"),
    "POST /akun/hubungkan/{way_id}/pilih": Call(
        "404 404 404 404 | 404 404 | 404 404 404 | 303", "foreign_connection", form={"akun": "1"}
    ),
    "GET /akun/{channel_id}": Call(page(READ), "channel"),
    "POST /akun/{channel_id}/jeda": Call(done(MANAGE), "channel"),
    "POST /akun/{channel_id}/lanjut": Call(done(MANAGE), "channel"),
    "POST /akun/{channel_id}/cara": Call(done(MANAGE), "manual_channel", form={"lingkungan": "manual"}),
    "POST /akun/{channel_id}/masa": Call(done(MANAGE), "channel", form={"akhir": "2025-01-27"}),
    "GET /pemilihan": Call(page(KNOWN)),
    "POST /pemilihan/{election_id}/masa": Call("403 403 403 403 | 403 403 | 403 403 303 | 303", "election", form={"akhir": "2025-01-27"}),
    "POST /pemilihan/{election_id}/arsip": Call("403 403 403 403 | 403 403 | 403 403 422 | 303", "election", form={"alasan": "uji"}),
    "POST /akun/{channel_id}/tutup": Call(done(MANAGE), "channel"),
    "POST /akun/{channel_id}/cek": Call(done(MANAGE), "manual_channel"),
    "POST /akun/{channel_id}/kredensial": Call(done(MANAGE), "channel", form={"kunci-access_token": "t"}),
    "GET /tahapan": Call(page(KNOWN)),
    "GET /tahapan/{tahapan_id}": Call(page(KNOWN), "tahapan"),
    "GET /tahapan/baru": Call(page(CALENDAR)),
    "POST /tahapan/baru": Call(done(CALENDAR), form={"kode": "{code}", "nama": "Baru", "jenis": "peristiwa", "wilayah": "nasional"}),
    "GET /templat": Call(page(KNOWN)),
    "GET /templat/baru": Call(page("403 403 200 200 | 403 200 | 403 200 200 | 401")),
    "POST /templat/baru": Call("403 403 303 303 | 403 303 | 403 303 303 | 303", form={"kunci": "{key}", "judul": "Baru", "tahapan": "*", "jenis": "pps", "teks-id.short": "Halo."}),
    "GET /templat/{template_id}": Call(page(READ), "template"),
    "POST /templat/{template_id}": Call("403 403 200 200 | 404 404 | 403 200 200 | 303", "template", form={"lihat": "1", "judul": "Lain", "tahapan": "*", "jenis": "pps", "teks-id.short": "Halo."}),
    "GET /templat/{template_id}/bahasa/{lang}": Call(page(READ), "sundanese lang"),
    "POST /templat/{template_id}/bahasa/{lang}": Call("403 403 303 303 | 404 404 | 403 303 303 | 303", "sundanese lang"),
    "GET /tahapan/unduh": Call(page(KNOWN)),
    "GET /tahapan/impor": Call(page(CALENDAR)),
    "POST /tahapan/impor": Call(page(CALENDAR), form={"file": "{calendar}"}),
    "POST /tahapan/{tahapan_id}/wilayah": Call("403 403 403 403 | 403 403 | 403 303 409 | 303", "tahapan", form={"unit": "{unit}", "jenis": "psu"}),
    "POST /tahapan/{tahapan_id}": Call(done(CALENDAR).replace("303", "412", 2), "tahapan", form={"nama": "Kampanye", "versi": "0"}),
    "GET /tahapan/perubahan/{revision_id}": Call(page(CALENDAR), "revision"),
    "POST /tahapan/perubahan/{revision_id}": Call(done(CALENDAR), "revision", form={"alasan": "uji"}),
    "GET /seri": Call(page(KNOWN)),
    "GET /seri/baru": Call(page(REVIEWERS)),
    "POST /seri/periksa": Call("403 403 200 200 | 403 404 | 403 200 200 | 303", form=FORM_SERIES),
    "POST /seri": Call("403 403 303 303 | 403 404 | 403 303 303 | 303", form=FORM_SERIES),
    "GET /seri/{series_id}": Call(page(READ), "series"),
    "GET /seri/{series_id}/ubah": Call(page(REVIEW), "series"),
    "POST /seri/{series_id}/ubah": Call(done(REVIEW), "series", form=FORM_SERIES),
    "POST /seri/{series_id}/hentikan": Call(done(REVIEW), "series"),
    "GET /gangguan": Call(page(KNOWN)),
    "GET /gangguan/{incident_id}": Call(page(KNOWN), "incident"),
    "POST /gangguan/{incident_id}/alihkan": Call(page(REVIEWERS), "incident", form={"ke": "manual"}),
    "GET /jeda": Call(page(KNOWN)),
    "POST /jeda": Call("403 403 303 409 | 403 404 | 403 409 409 | 303", form={"unit": "{ppk}", "alasan": "uji"}),
    "POST /jeda/{pause_id}/lanjut": Call(done(REVIEW), "pause"),
    "GET /laporan": Call(page(KNOWN)),
    "GET /laporan/rekap.{ending}": Call(page(KNOWN), "csv"),
    "GET /laporan/kepatuhan": Call(page(KNOWN)),
    "GET /laporan/sertifikat.pdf": Call(page(KNOWN.replace("200", "404")), query="?unit=4"),
    "GET /laporan/angka": Call(page(KNOWN)),
    "GET /warga/{code}": Call(PUBLIC.replace("200", "404"), "closed_page"),
    "GET /warga/{code}.ics": Call(PUBLIC.replace("200", "404"), "closed_page"),
    "GET /halaman-warga": Call(page(KNOWN)),
    "POST /halaman-warga": Call("403 403 403 403 | 404 404 | 403 303 303 | 303", form={"unit": "{unit}"}),
    "GET /webhook": Call(page(KNOWN)),
    "POST /webhook": Call("403 403 403 200 | 403 404 | 403 403 200 | 303", form={"unit": "{unit}", "alamat": "https://contoh.go.id/masuk", "peristiwa": "delivery.published"}),
    "GET /webhook/{hook_id}": Call(page(MANAGE), "webhook"),
    "POST /webhook/{hook_id}/hapus": Call(done(MANAGE), "webhook"),
    "GET /laporan/ringkasan": Call(page(KNOWN)),
    "GET /laporan/angka.csv": Call(page(KNOWN)),
    "GET /kegiatan": Call(page(KNOWN)),
    "GET /kegiatan/baru": Call("403 200 200 200 | 200 200 | 403 200 200 | 303"),
    "POST /kegiatan": Call("403 303 303 303 | 422 422 | 403 303 303 | 303", form=FORM_ACTIVITY),
    "GET /kegiatan/{activity_id}": Call(page(READ), "activity"),
    "POST /kegiatan/{activity_id}": Call(done(WRITE), "activity", form=FORM_ACTIVITY),
    "POST /kegiatan/{activity_id}/batalkan": Call(done(WRITE), "activity"),
    "GET /unit": Call(page(KNOWN)),
    "GET /unit/{unit_id}": Call(page(READ), "unit"),
    "POST /unit/{unit_id}": Call(done(WRITE), "unit", form={"nama": "PPS Cilendek Barat", "rw": "9"}),
    "GET /orang": Call(page(MANAGERS)),
    "GET /kesiapan": Call(page(MANAGERS)),
    "POST /orang": Call(page(MANAGE), form={"surel": "{email}", "nama": "Baru", "unit": "{unit}", "peran": "viewer"}),
    "POST /unit/{unit_id}/masa": Call(done(MANAGE), "unit", form={"akhir": "2025-01-27"}),
    "POST /unit/{unit_id}/serah-terima": Call(page(MANAGE), "spare", form={"surel": "{email}", "orang": "Baru", "peran": "editor", "alasan": "SK 1"}),
    "POST /unit/{unit_id}/arsip": Call(done(MANAGE), "spare", form={"alasan": "uji", "yakin": "ya"}),
    "POST /orang/{user_id}/masa": Call("403 403 403 303 | 403 404 | 403 403 303 | 303", "sari", form={"unit": "{unit}", "akhir": "2025-01-27"}),
    "GET /aduan": Call(page(REVIEWERS)),
    "POST /aduan/cari": Call(page(REVIEWERS), form={"tanggal": "2024-11-01"}),
    "POST /aduan": Call(done(REVIEWERS), form={"teks": "Bukan kami."}),
    "GET /aduan/{complaint_id}": Call(page(COMPLAINT), "complaint"),
    "GET /aduan/{complaint_id}/bukti.zip": Call(page(COMPLAINT), "complaint"),
    "POST /aduan/{complaint_id}/hapus": Call(done(COMPLAINT), "complaint", form={"alasan": "Tanggalnya keliru"}),
    "POST /aduan/{complaint_id}/selesai": Call(done(COMPLAINT), "complaint", form={"jawaban": "Dihapus"}),
    "GET /riwayat": Call(page(KNOWN)),
    # Of a PPK's admin: it is the KPU's to set.
    "POST /riwayat/masa-simpan": Call("403 403 403 422 | 403 422 | 403 403 303 | 303", form={"sampai": "2029-12-31"}),
    "GET /riwayat/bukti.zip": Call("403 403 200 200 | 403 200 | 403 200 200 | 303", query="?dari=2024-11-01&sampai=2024-11-02"),
    "GET /unggahan/{post_id}/bukti.zip": Call(page(REVIEW), "draft"),
    "GET /kalender": Call(page(KNOWN)),
    "GET /umpan/{secret}.ics": Call(PUBLIC.replace("200", "404"), "secret"),
    "GET /kalender/umpan": Call(page(KNOWN)),
    "POST /kalender/umpan": Call(page(KNOWN)),
    "POST /kalender/umpan/cabut": Call(done(KNOWN)),
    "GET /poster": Call(page(KNOWN)),
    "GET /poster/baru": Call(page(REVIEWERS)),
    "POST /poster/pratinjau": Call(page(REVIEWERS), form=FORM_DESIGN),
    "POST /poster": Call("403 403 303 303 | 403 404 | 403 303 303 | 303", form={**FORM_DESIGN, "unit": "{ppk}"}),
    "GET /poster/{design_id}": Call(page(READ), "design"),
    "POST /poster/{design_id}": Call(done(REVIEW), "design", form=FORM_DESIGN),
    "POST /poster/{design_id}/arsipkan": Call(done(REVIEW), "design"),
    "GET /pustaka": Call(page(KNOWN)),
    "POST /pustaka": Call(done(WRITE), form={"unit": "{unit}", "alt": "Petugas di pasar.", "file": "{photo}"}),
    "GET /pustaka/{media_id}": Call(page(READ), "media"),
    "POST /pustaka/{media_id}": Call(done(WRITE), "media", form={"alt": "Pasar.", "tag": "pasar"}),
    "POST /pustaka/{media_id}/takarir": Call(page(WRITE).replace("200", "422"), "media", form={"bahasa": "id"}),
    "POST /pustaka/{media_id}/hapus": Call(done(WRITE), "media"),
    "GET /impor": Call(page(KNOWN)),
    "GET /impor/contoh": Call("403 200 200 200 | 200 200 | 403 200 200 | 303"),
    "GET /impor/unduh": Call(page(KNOWN)),
    "POST /impor": Call("403 422 422 422 | 422 422 | 403 422 422 | 303", form={"langkah": "periksa"}),
}  # fmt: skip

_TEXTS = frozenset({"teks", "alasan", "catatan"})


def hands_back(call: Call) -> Call:
    """Nobody's text comes back with the way in, so that an ended session costs none."""
    is_text = call.form is not None and not _TEXTS.isdisjoint(call.form)
    return replace(call, expected=f"{call.expected[:-3]}401") if is_text else call


PAGES = {route: hands_back(call) for route, call in PAGES.items()}


ROUTES: dict[str, Call] = {
    **{f"{name.split(' ')[0]} /api/v1{name.split(' ')[1]}": call for name, call in API.items()},
    **PAGES,
}
