"""`mmrag-video users`: who may log in to the page."""

import sys
from collections.abc import Sequence

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import account_to_json, token_to_json
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.tokens import Token
from mmrag_video.catalog.users import LOCAL, Account, Role
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_rows,
    table_of,
    wall_clock,
)
from mmrag_video.errors import UsageError
from mmrag_video.settings import Settings

_role_option = click.option(
    "--role", type=click.Choice([role.value for role in Role]), help="What they may do."
)
_camera_option = click.option(
    "--camera", "cameras", multiple=True, help="Only this camera; may be repeated."
)


@click.group()
def users() -> None:
    """Say who may log in to the page, and what they may do.

    As soon as there is one, everybody has to log in.

    \b
    Example:
      mmrag-video users add ana --role admin
    """


@users.command()
@click.argument("name")
@_role_option
@_camera_option
@click.pass_obj
def add(settings: Settings, name: str, role: str | None, cameras: tuple[str, ...]) -> None:
    """Add the user NAME: a viewer, if no other role is given. The first must be an admin.

    The password is asked for, or read from standard input where that is no terminal.

    \b
    Example:
      mmrag-video users add ana --role admin
      head --lines 1 password.txt | mmrag-video users add bob --camera gate
    """
    with Archive(settings) as archive:
        account = archive.catalog.users.add(name, _password(), Role(role or Role.VIEWER), cameras)
        _note(archive, "user added", account)
    error_console.print(f"Added: {plain(account.user.name)}.", soft_wrap=True)


@users.command(name="list")
@json_option
@click.pass_obj
def list_users(settings: Settings, as_json: bool) -> None:
    """List the users.

    \b
    Example:
      mmrag-video users list
    """
    with Archive(settings) as archive:
        accounts = archive.catalog.users.all()
    if as_json:
        print_json({"users": [account_to_json(account) for account in accounts]})
        return
    table = table_of("Name*", "Role", "Cameras*", "Since", "Disabled")
    for account in accounts:
        table.add_row(
            plain(account.user.name),
            account.user.role.value,
            plain(", ".join(account.user.cameras) or "all"),
            wall_clock(account.created),
            "yes" if account.disabled else "",
        )
    print_rows(table, if_none="No users: whoever sits at this machine may do everything.")


@users.command()
@click.argument("name")
@_role_option
@_camera_option
@click.option("--all-cameras", is_flag=True, help="All cameras again.")
@click.option("--password", "asks", is_flag=True, help="Ask for a new one; all logins end.")
@click.option("--disable", is_flag=True, help="Keep them out; all logins end.")
@click.option("--enable", is_flag=True, help="Let them in again.")
@click.pass_obj
def change(
    settings: Settings,
    name: str,
    role: str | None,
    cameras: tuple[str, ...],
    all_cameras: bool,
    asks: bool,
    disable: bool,
    enable: bool,
) -> None:
    """Change what the user NAME may do. It holds from their next click on.

    \b
    Example:
      mmrag-video users change bob --role operator --all-cameras
      mmrag-video users change bob --password
    """
    if (cameras and all_cameras) or (disable and enable):
        raise UsageError("Of --camera and --all-cameras, --disable and --enable, give one only.")
    given: Sequence[str] | None = () if all_cameras else cameras or None
    if not (role or given is not None or asks or disable or enable):
        raise UsageError("Say what to change: --role, --camera, --password, --disable ...")
    with Archive(settings) as archive:
        people = archive.catalog.users
        people.named(name)  # before a password is asked for
        if role or given is not None:
            account = people.change(name, Role(role) if role else None, given)
            _note(archive, "user changed", account)
        if asks:
            _note(archive, "password changed", people.change_password(name, _password()))
        if disable or enable:
            account = people.disable(name, disable)
            _note(archive, "user disabled" if disable else "user enabled", account)
    error_console.print(f"Changed: {plain(name)}.", soft_wrap=True)


@users.command()
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Remove the user NAME. What they did stays in the audit log; the last admin stays too.

    \b
    Example:
      mmrag-video users remove bob
    """
    with Archive(settings) as archive:
        account = archive.catalog.users.named(name)
        archive.catalog.users.remove(name)
        _note(archive, "user removed", account)
    error_console.print(f"Removed: {plain(account.user.name)}.", soft_wrap=True)


@users.command()
@click.argument("name")
@click.option("--for", "purpose", default="", help="What it is for, to know it by later.")
@click.pass_obj
def token(settings: Settings, name: str, purpose: str) -> None:
    """Make a token with which a program asks the API as the user NAME.

    It is printed once, and kept as a hash alone.

    \b
    Example:
      mmrag-video users token bob --for "nightly export" > token.txt
    """
    with Archive(settings) as archive:
        made, secret = archive.catalog.tokens.make(name, purpose)
        _note_token(archive, "token made", made)
    click.echo(secret)
    error_console.print(f"Token number {made.id}, for {plain(made.user)}.", soft_wrap=True)


@users.command()
@json_option
@click.pass_obj
def tokens(settings: Settings, as_json: bool) -> None:
    """List the tokens, without what opens the API.

    \b
    Example:
      mmrag-video users tokens
    """
    with Archive(settings) as archive:
        known = archive.catalog.tokens.all()
    if as_json:
        print_json({"tokens": [token_to_json(one) for one in known]})
        return
    table = table_of("Number", "User*", "For*", "Since", "Last used")
    for one in known:
        used = "never" if one.used is None else wall_clock(one.used)
        table.add_row(
            str(one.id), plain(one.user), plain(one.purpose), wall_clock(one.created), used
        )
    print_rows(table, if_none="No tokens.")


@users.command()
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@click.pass_obj
def untoken(settings: Settings, number: int) -> None:
    """Take the token NUMBER back: it opens nothing any more.

    \b
    Example:
      mmrag-video users untoken 3
    """
    with Archive(settings) as archive:
        taken = archive.catalog.tokens.take_back(number)
        _note_token(archive, "token taken back", taken)
    error_console.print(f"Taken back: token {number} of {plain(taken.user)}.", soft_wrap=True)


def _password() -> str:
    """Never an argument: those are in the list of processes and the shell's history."""
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _note(archive: Archive, what: str, account: Account) -> None:
    user = account.user
    about = {"what": what, "user": user.name, "role": user.role, "cameras": list(user.cameras)}
    archive.catalog.audit.note(LOCAL.name, Action.CHANGE, about)


def _note_token(archive: Archive, what: str, token: Token) -> None:
    about = {"what": what, "user": token.user, "token": token.id, "for": token.purpose}
    archive.catalog.audit.note(LOCAL.name, Action.CHANGE, about)
