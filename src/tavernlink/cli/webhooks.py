"""`tavernlink webhooks`: what the hub posts to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, open_hub
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.webhooks import DeliveryInfo, WebhookInfo
    from tavernlink.sdk.sync import SyncHub

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Have what happens posted to other programs.")

Webhook = Annotated[str, typer.Argument(help="The webhook's id.")]
Chosen = Annotated[list[str] | None, typer.Argument(help="Ids of dead letters; none: every one.")]


def _open(url: str | None, key: str | None, data_dir: Path | None, ca: Path | None) -> SyncHub:
    # An admin's, where it is this machine's own: whoever sits here may send to this machine.
    return open_hub(url, key, data_dir, ca, name="webhooks", admin=True)


@app.command()
def create(  # noqa: PLR0917  # its parameters are the command line's options
    target: Annotated[str, typer.Argument(metavar="URL", help="Where to post to.")],
    types: Annotated[
        list[str], typer.Option("--type", "-t", help="What: stream.end, chat.changed, event.NAME, …")
    ],
    name: Annotated[str, typer.Option(help="For people.")] = "",
    tavern: Annotated[str, typer.Option(help="Only of this tavern.")] = "*",
    room: Annotated[str | None, typer.Option(help="Only of this room.")] = None,
    character: Annotated[list[str] | None, typer.Option(help="Only of this character.")] = None,
    when: Annotated[str, typer.Option(help="A CEL condition.")] = "",
    header: Annotated[list[str] | None, typer.Option(help="Sent with each, e.g. 'Authorization: …'.")] = None,
    ordered: Annotated[bool, typer.Option("--ordered", help="Strictly one after the other.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=16, help="How many at once.")] = 1,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook. Its secret is printed once and nowhere kept in the clear but in the hub's data."""
    headers = dict(_header(each) for each in header or [])
    with _open(url, key, data_dir, ca) as hub:
        made = hub.webhooks.create(
            target,
            types,
            name=name,
            tavern=tavern,
            room=room,
            characters=character,
            when=when,
            headers=headers,
            ordered=ordered,
            concurrency=concurrency,
        )
    if as_json:
        print_json(made)
        return
    note(f"Made {made.info.id}. This is its secret; it is not shown again:")
    print(made.secret)


@app.command("list")
def list_(
    url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None, as_json: AsJson = False
) -> None:
    """List webhooks and how they fare."""
    with _open(url, key, data_dir, ca) as hub:
        found = hub.webhooks.list()
    if as_json:
        print_json(found)
    elif found:
        print_table(
            ["ID", "NAME", "URL", "TYPES", "STATE", "WAITING", "DEAD", "WHY"], [_row(each) for each in found]
        )
    else:
        note("There are no webhooks.")


@app.command()
def remove(
    webhook: Webhook, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Remove a webhook and what waits for it."""
    with _open(url, key, data_dir, ca) as hub:
        hub.webhooks.remove(webhook)
    print(f"Removed {webhook}.")


@app.command()
def pause(
    webhook: Webhook, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Send nothing for a while; what happens is collected."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.webhooks.pause(webhook)
    print(f"{webhook} is {info.state}.")


@app.command()
def resume(
    webhook: Webhook, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Go on, whatever stopped it."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.webhooks.resume(webhook)
    print(f"{webhook} is {info.state}.")


@app.command()
def rotate(  # noqa: PLR0917  # its parameters are the command line's options
    webhook: Webhook,
    overlap: Annotated[float, typer.Option(help="Seconds for which the old secret signs too.")] = 86_400.0,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Make a new secret."""
    with _open(url, key, data_dir, ca) as hub:
        made = hub.webhooks.rotate(webhook, overlap=overlap)
    note(f"This is the new secret of {webhook}; it is not shown again:")
    print(made.secret)


@app.command("test")
def try_(
    webhook: Webhook, url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None
) -> None:
    """Send a test event and say what came of it."""
    with _open(url, key, data_dir, ca) as hub:
        info = hub.webhooks.test(webhook)
    (attempt,) = info.attempts
    if attempt.error is not None:
        fail(attempt.error)
    print(f"The receiver took it: {attempt.status}, {attempt.seconds:.2f} s.")


@app.command()
def deliveries(  # noqa: PLR0917  # its parameters are the command line's options
    webhook: Webhook,
    state: Annotated[str | None, typer.Option(help="waiting, delivered or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 50,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show what was sent, waits or is dead, newest first."""
    from typing import cast

    if state not in (None, "waiting", "delivered", "dead"):
        fail("--state is waiting, delivered or dead.", status=2)
    with _open(url, key, data_dir, ca) as hub:
        found = hub.webhooks.deliveries(webhook, state=cast("Any", state), limit=limit, bodies=as_json)
    if as_json:
        print_json(found)
    elif found:
        print_table(["ID", "TIME", "TYPE", "STATE", "TRIES", "WHY"], [_delivery(each) for each in found])
    else:
        note("There are no deliveries.")


@app.command()
def replay(  # noqa: PLR0917  # its parameters are the command line's options
    webhook: Webhook,
    chosen: Chosen = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Try dead letters again."""
    with _open(url, key, data_dir, ca) as hub:
        print(f"{hub.webhooks.replay(webhook, chosen or None)} are tried again.")


@app.command()
def discard(  # noqa: PLR0917  # its parameters are the command line's options
    webhook: Webhook,
    chosen: Chosen = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Forget dead letters."""
    with _open(url, key, data_dir, ca) as hub:
        print(f"{hub.webhooks.discard(webhook, chosen or None)} are forgotten.")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        fail(f"{text!r} is no header; write it as 'Name: value'.", status=2)
    return name.strip(), value.strip()


def _row(info: WebhookInfo) -> list[str]:
    return [
        info.id,
        info.name,
        info.url,
        ",".join(info.types),
        info.state,
        str(info.waiting),
        str(info.dead),
        info.why or info.problem or "",
    ]


def _delivery(info: DeliveryInfo) -> list[str]:
    from tavernlink.cli.durations import show_time

    last = info.attempts[-1].error if info.attempts else None
    return [info.id, show_time(info.created), info.type, info.state, str(info.tries), info.why or last or ""]
