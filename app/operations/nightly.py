"""Takes a backup by itself when the last one is a day old, and keeps the newest few."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.bootstrap import Kentongan
from app.kit.logs import logger
from app.operations import archive
from app.operations.backup import Taken, backup, last_backup

log = logger("operations")

EVERY = timedelta(hours=23)
"""Looked at each hour, a backup is then never older than a day."""


@dataclass(frozen=True)
class Nightly:
    """`folder` None: somebody else takes the backups, and `kentongan doctor` watches over their age."""

    house: Kentongan
    folder: Path | None
    keep: int

    async def take_if_due(self) -> Taken | None:
        """A disk that is full or gone is said in the log and by doctor, the alerts and /metrics; the next hour tries again."""
        if self.folder is None:
            return None
        now, last = self.house.clock.now(), await last_backup(self.house)
        if last is not None and now - last < EVERY:
            return None
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            taken = await backup(self.house, archive.dated(self.folder, now))
            dropped = archive.drop_older(self.folder, keep=self.keep)
        except OSError as error:
            log.error("backup_failed", folder=str(self.folder), error=error.strerror or repr(error))
            return None
        log.info("backup_taken", rows=taken.rows, pictures=taken.pictures, bytes=taken.bytes, dropped=len(dropped))
        return taken


def nightly(house: Kentongan) -> Nightly:
    """As the settings say it."""
    settings = house.settings
    return Nightly(house, settings.backup_folder, settings.backup_keep)
