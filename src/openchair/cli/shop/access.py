"""Commands that let people and programs in: serve, keys, users."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openchair.cli.output import Json, Said, address, command, emit, told

if TYPE_CHECKING:
    from openchair.store.sql.team.access import Access

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free port; left out: the setting.")]


def serve(context: typer.Context, port: Port = None, as_json: Json = False) -> None:
    """Serve the pages, the API and the ingest. The first start prints a one-time link for the first owner."""
    from openchair.cli.wiring import open_home
    from openchair.server.run import serve as run

    with told():
        run(open_home(context.obj), port=port, say=(lambda line: emit({"says": line})) if as_json else typer.echo)


keys = typer.Typer(name="keys", help="Keys for programs, each for the parts it needs.", no_args_is_help=True)
users = typer.Typer(name="users", help="People who may sign in.", no_args_is_help=True)


@command(keys, "create")
def create_key(
    access: "Access",
    name: Annotated[str, typer.Argument(help="What it is for: website, till, report.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A part it may use, as in docs/api.md; as often as needed.")
    ] = None,
) -> Said:
    """Make a key. It is shown once; only its hash is kept."""

    key, secret = access.create_key(name, scope or ["ingest"])
    yield {"key_id": key.key_id, "name": key.name, "scopes": sorted(key.scopes), "key": secret}
    yield f"{secret}\nThis is the only time it is shown. It may: {', '.join(sorted(key.scopes))}."


@command(keys, "list")
def list_keys(access: "Access") -> Said:
    """All keys, without their secrets."""
    found = access.keys()
    rows = [{"key_id": k.key_id, "name": k.name, "scopes": sorted(k.scopes), "created_at": k.created_at,
             "last_used_at": k.last_used_at, "revoked_at": k.revoked_at} for k in found]  # fmt: skip
    yield {"keys": rows}
    for k in found:
        used = f"last used {k.last_used_at:%d %b %Y %H:%M}" if k.last_used_at else "never used"
        state = f"revoked {k.revoked_at:%d %b %Y}" if k.revoked_at else used
        yield f"{k.key_id}  {k.name}  {', '.join(sorted(k.scopes))}  {state}"
    if not found:
        yield "No key yet. Make one: openchair keys create website"


@command(keys, "revoke")
def revoke_key(access: "Access", key_id: Annotated[str, typer.Argument()]) -> Said:
    """Take a key back; within seconds it opens nothing any more."""
    access.revoke(key_id)
    yield {"revoked": key_id}
    yield f"{key_id} is revoked."


@command(users, "invite")
def invite_user(
    access: "Access",
    home: Path,
    email: Annotated[str, typer.Argument(help="Whom the link is for.")],
    role: Annotated[str, typer.Option(help="owner or staff.")] = "staff",
) -> Said:
    """Make a link that works once, for a new person to choose their password."""
    from openchair.cli.wiring import settings_at

    link = f"{address(settings_at(home))}/welcome/{access.invite(role, email)}"
    yield {"email": email, "role": role, "link": link}
    yield f"{link}\nIt works once, within 48 hours."


@command(users, "list")
def list_users(access: "Access") -> Said:
    """Everyone who may sign in."""
    found = access.users()
    yield {"users": found}
    for user in found:
        yield f"{user.email}  {user.name}  {user.role}"
    if not found:
        yield "Nobody yet. Start the server: it prints a link for the first owner."


@command(users, "password")
def set_password(access: "Access", email: Annotated[str, typer.Argument()]) -> Said:
    """Give a person who forgot theirs a new password, asked for here; their sessions end."""
    access.set_password(email, typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
    yield {"email": email}
    yield f"{email} signs in with the new password from now on."


@command(users, "remove")
def remove_user(access: "Access", email: Annotated[str, typer.Argument()]) -> Said:
    """Remove a person and end their sessions."""
    access.remove_user(email)
    yield {"removed": email}
    yield f"{email} may not sign in any more."


COMMANDS: dict[str, Callable[..., None]] = {"serve": serve}
