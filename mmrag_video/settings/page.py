"""Settings of the page: where it listens, and how long a login lasts."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyAddress

from mmrag_video.settings.section import Section


class WebSettings(Section):
    """The search page."""

    host: str = Field("127.0.0.1", description="Address the page listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port; 0 takes a free one.")
    proxy: IPvAnyAddress | None = Field(
        None, description="Address of a reverse proxy, whose `X-Forwarded` headers are believed."
    )


class ExportSettings(Section):
    """What the page makes in the background: clips, and evidence."""

    keep_days: float = Field(
        7.0, gt=0, le=366, description="Days after which what was made is deleted."
    )
    spare_gigabytes: float = Field(
        2.0,
        ge=0,
        description="Nothing is made that would leave less free on the data directory's disk.",
    )
    sign_key: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        None, description="Private Ed25519 key, a PEM file, that signs evidence made on the page."
    )

    @property
    def kept(self) -> timedelta:
        """`keep_days`."""
        return timedelta(days=self.keep_days)

    @property
    def spare(self) -> int:
        """`spare_gigabytes`, in bytes."""
        return int(self.spare_gigabytes * 1000**3)


class LoginSettings(Section):
    """When a login ends by itself."""

    unused_hours: float = Field(
        12.0, gt=0, le=24 * 366, description="Hours without a request after which a login ends."
    )
    longest_days: float = Field(
        7.0, gt=0, le=366, description="Days after which a login ends, however much it is used."
    )

    @property
    def unused(self) -> timedelta:
        """`unused_hours`."""
        return timedelta(hours=self.unused_hours)

    @property
    def longest(self) -> timedelta:
        """`longest_days`."""
        return timedelta(days=self.longest_days)
