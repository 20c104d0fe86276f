"""The official tree of regions."""

from sqlmodel import Field, SQLModel


class Wilayah(SQLModel, table=True):
    """A region by its Kemendagri code (`32.71.01.1001`). Names repeat all over the country: never key by name.

    `search` is the name and its aliases without spaces and case; `timezone` is an IANA name where known.
    """

    __tablename__ = "wilayah"

    code: str = Field(primary_key=True)
    name: str
    level: str
    parent: str | None = Field(default=None, foreign_key="wilayah.code", index=True)
    alias: str = ""
    display: str = ""
    search: str = Field(default="", index=True)
    timezone: str = ""
    map_version: str = ""
