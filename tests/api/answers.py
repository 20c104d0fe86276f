"""The answers that many doors share, in the columns of the matrix, and what is sent to them."""

from collections.abc import Mapping
from typing import Any

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
