"""Memeriksa berkas bukti Kentongan ini tanpa jaringan dan tanpa program lain: python3 periksa.py

Jalankan di folder hasil membuka ZIP. Yang diperiksa: setiap berkas terhadap manifest.json, setiap pesan terhadap sidik yang
dicatat saat disetujui, dan setiap peristiwa terhadap rantai jejak audit.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> str:
    """The one spelling that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def wrong_files(folder: Path) -> list[str]:
    """Files that are not what the manifest says, one sentence each."""
    listed = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    found = []
    for name, digest in listed.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            found.append(f"Berkas {name} tidak ada.")
        elif sha256(path.read_bytes()) != digest:
            found.append(f"Berkas {name} diubah.")
    return found


def wrong_messages(folder: Path) -> list[str]:
    """Deliveries whose message is not the one that was approved."""
    evidence = json.loads((folder / "bukti.json").read_text("utf-8"))
    return [
        f"Kiriman {delivery['id']}: pesannya bukan yang disetujui."
        for post in evidence["posts"]
        for delivery in post["deliveries"]
        if delivery["message_hash"] and sha256(canonical(delivery["message"]).encode()) != delivery["message_hash"]
    ]


def wrong_links(folder: Path) -> list[str]:
    """Places at which the chain does not hold."""
    found, before = [], None
    for line in (folder / "rantai.jsonl").read_text("utf-8").splitlines():
        link = json.loads(line)
        seq, said = link["seq"], link.get("said")
        if said is not None and sha256(f"{link['prev_hash']}\n{canonical(said)}".encode()) != link["hash"]:
            found.append(f"Peristiwa nomor {seq}: isinya diubah.")
        if before and before["seq"] + 1 == seq and before["hash"] != link["prev_hash"]:
            found.append(f"Peristiwa nomor {seq}: tidak menyambung dengan yang sebelumnya.")
        before = link
    return found


def main(folder: Path) -> int:
    """0: whole; 1: something was altered."""
    problems = wrong_files(folder) + wrong_messages(folder) + wrong_links(folder)
    verdict = "RUSAK." if problems else "Utuh: berkas, pesan, dan rantai cocok."
    sys.stdout.write("\n".join([*problems, verdict]) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent))
