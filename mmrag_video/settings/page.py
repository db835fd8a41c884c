"""Settings of the page: where it listens, and how long a login lasts."""

from datetime import timedelta

from pydantic import Field, IPvAnyAddress

from mmrag_video.settings.section import Section


class WebSettings(Section):
    """The search page."""

    host: str = Field("127.0.0.1", description="Address the page listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port; 0 takes a free one.")
    proxy: IPvAnyAddress | None = Field(
        None, description="Address of a reverse proxy, whose `X-Forwarded` headers are believed."
    )


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
