"""Who may use the page, and what they may do there."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user may do; each may do what those before it may."""

    VIEWER = "viewer"
    """Search, look, play."""
    OPERATOR = "operator"
    """Also collect into cases, export, save searches."""
    ADMIN = "admin"
    """Also change sources, cameras, users, and read the audit log."""

    def may(self, needed: "Role") -> bool:
        """Whether it reaches as far as the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class User:
    """Somebody who uses the page."""

    name: str
    role: Role
    cameras: tuple[str, ...] = ()
    """Those that they may see; empty: all."""

    def may_see(self, camera: str) -> bool:
        """Whether this camera is one of theirs."""
        return not self.cameras or camera in self.cameras


LOCAL = User("local", Role.ADMIN)
"""Whoever sits at this machine, where the page answers nobody else and asks for no login."""
