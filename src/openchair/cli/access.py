"""Commands that let people and programs in: serve, keys, users."""

from collections.abc import Callable
from typing import Annotated

import typer

from openchair.cli.output import Json, address, emit, told

Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free port; left out: the setting.")]


def serve(context: typer.Context, port: Port = None, as_json: Json = False) -> None:
    """Serve the pages, the API and the ingest. The first start prints a one-time link for the first owner."""
    from openchair.cli.wiring import open_home
    from openchair.server.run import serve as run

    with told():
        run(open_home(context.obj), port=port, say=(lambda line: emit({"says": line})) if as_json else typer.echo)


keys = typer.Typer(name="keys", help="Keys for programs, each for the parts it needs.", no_args_is_help=True)
users = typer.Typer(name="users", help="People who may sign in.", no_args_is_help=True)


@keys.command("create")
def create_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for: website, till, report.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="A part it may use, as in docs/api.md; as often as needed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown once; only its hash is kept."""
    from openchair.cli.wiring import open_access

    with told():
        key, secret = open_access(context.obj).create_key(name, scope or ["ingest"])
    if as_json:
        emit({"key_id": key.key_id, "name": key.name, "scopes": sorted(key.scopes), "key": secret})
    else:
        typer.echo(f"{secret}\nThis is the only time it is shown. It may: {', '.join(sorted(key.scopes))}.")


@keys.command("list")
def list_keys(context: typer.Context, as_json: Json = False) -> None:
    """All keys, without their secrets."""
    from openchair.cli.wiring import open_access

    with told():
        found = open_access(context.obj).keys()
    rows = [{"key_id": k.key_id, "name": k.name, "scopes": sorted(k.scopes), "created_at": k.created_at,
             "last_used_at": k.last_used_at, "revoked_at": k.revoked_at} for k in found]  # fmt: skip
    if as_json:
        emit({"keys": rows})
        return
    for k in found:
        used = f"last used {k.last_used_at:%d %b %Y %H:%M}" if k.last_used_at else "never used"
        state = f"revoked {k.revoked_at:%d %b %Y}" if k.revoked_at else used
        typer.echo(f"{k.key_id}  {k.name}  {', '.join(sorted(k.scopes))}  {state}")
    if not found:
        typer.echo("No key yet. Make one: openchair keys create website")


@keys.command("revoke")
def revoke_key(context: typer.Context, key_id: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Take a key back; within seconds it opens nothing any more."""
    from openchair.cli.wiring import open_access

    with told():
        open_access(context.obj).revoke(key_id)
    if as_json:
        emit({"revoked": key_id})
    else:
        typer.echo(f"{key_id} is revoked.")


@users.command("invite")
def invite_user(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="Whom the link is for.")],
    role: Annotated[str, typer.Option(help="owner or staff.")] = "staff",
    as_json: Json = False,
) -> None:
    """Make a link that works once, for a new person to choose their password."""
    from openchair.cli.wiring import open_access, settings_at

    with told():
        link = f"{address(settings_at(context.obj))}/welcome/{open_access(context.obj).invite(role, email)}"
    if as_json:
        emit({"email": email, "role": role, "link": link})
    else:
        typer.echo(f"{link}\nIt works once, within 48 hours.")


@users.command("list")
def list_users(context: typer.Context, as_json: Json = False) -> None:
    """Everyone who may sign in."""
    from openchair.cli.wiring import open_access

    with told():
        found = open_access(context.obj).users()
    if as_json:
        emit({"users": found})
        return
    for user in found:
        typer.echo(f"{user.email}  {user.name}  {user.role}")
    if not found:
        typer.echo("Nobody yet. Start the server: it prints a link for the first owner.")


@users.command("password")
def set_password(context: typer.Context, email: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Give a person who forgot theirs a new password, asked for here; their sessions end."""
    from openchair.cli.wiring import open_access

    with told():
        access = open_access(context.obj)
        access.set_password(email, typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
    if as_json:
        emit({"email": email})
    else:
        typer.echo(f"{email} signs in with the new password from now on.")


@users.command("remove")
def remove_user(context: typer.Context, email: Annotated[str, typer.Argument()], as_json: Json = False) -> None:
    """Remove a person and end their sessions."""
    from openchair.cli.wiring import open_access

    with told():
        open_access(context.obj).remove_user(email)
    if as_json:
        emit({"removed": email})
    else:
        typer.echo(f"{email} may not sign in any more.")


COMMANDS: dict[str, Callable[..., None]] = {"serve": serve}
