"""The audit log: who did what, whether the log is whole, and a copy of it. For admins."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from mmrag_video.as_json import audit_entry_to_json
from mmrag_video.catalog.audit import Action, AuditEntry, AuditLog, broken_at
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from web import access
from web.row_number import row_number
from web.security import for_own_links
from web.services import services

blueprint = Blueprint("audit", __name__)

_SHOWN = 100
"""Entries on a page."""
_CHECKED_AT_ONCE = 10_000
"""A log of so many entries is checked whenever it is looked at, in 0.2 s; a longer one when that is
asked for."""


@dataclass(frozen=True)
class Shown:
    """What the page is asked for."""

    user: str
    """Empty: everybody."""
    action: Action | None
    before: int | None

    @classmethod
    def read(cls) -> "Shown":
        """From the address. Raises UsageError."""
        action, before = request.args.get("action", ""), request.args.get("before", "")
        if action and action not in list(Action):
            raise UsageError(f"{action[:40]!r} is nothing that the audit log knows of.")
        return cls(
            request.args.get("user", "").strip(),
            Action(action) if action else None,
            row_number(before, "an entry") if before else None,
        )

    def entries(self, log: AuditLog) -> list[AuditEntry]:
        """Those of one page, and one more if there are any."""
        user = self.user or None
        found = log.entries(before=self.before, limit=_SHOWN + 1, user=user, action=self.action)
        return list(found)


@blueprint.get("/audit")
@access.needs(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Entries, newest first, and whether the chain holds."""
    log, shown = services().archive.catalog.audit, Shown.read()
    entries = shown.entries(log)
    is_checked = "check" in request.args or log.count() <= _CHECKED_AT_ONCE
    return render_template(
        "audit.html",
        entries=entries[:_SHOWN],
        older=entries[_SHOWN - 1].number if len(entries) > _SHOWN else None,
        shown=shown,
        actions=list(Action),
        last=log.last(),
        is_checked=is_checked,
        broken=broken_at(log.oldest_first()) if is_checked else None,
        zone=services().archive.settings.clock.zone,
    )


@blueprint.get("/audit.jsonl")
@for_own_links
@access.needs(Role.ADMIN)
def export() -> Response:
    """All entries, oldest first, one JSON object a line; the last is that of this export.

    Its number and hash are in the headers too, to be written down: no later log without them is
    this one.
    """
    access.note(Action.EXPORT, what="audit log")
    log = services().archive.catalog.audit
    last = log.last()
    assert last is not None
    lines = _lines(takewhile(lambda entry: entry.number <= last.number, log.oldest_first()))
    response = Response(lines, mimetype="application/jsonl")
    name = f"audit-{last.number}-{last.hash[:12]}.jsonl"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Audit-Last-Number"] = str(last.number)
    response.headers["X-Audit-Last-Hash"] = last.hash
    return response


def _lines(entries: Iterator[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(audit_entry_to_json(entry), ensure_ascii=False) + "\n"
