"""`tavernlink demo`: the whole way once, from an outside program to a model and back, on a real SillyTavern."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the reply; status 0 only if it all worked.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line when all is ready.")] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="The hub's port.", show_default="8001, or a free one"),
    ] = None,
    model_url: Annotated[str | None, typer.Option(help="A real OpenAI-style model server, with /v1.")] = None,
    model_key: Annotated[str | None, typer.Option(help="Its key.", envvar="TAVERNLINK_MODEL_KEY")] = None,
    model_id: Annotated[
        str | None, typer.Option(help="Its model.", show_default="the first it offers")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Keep the data here.", show_default="scratch")] = None,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Leave the scratch data at the end.")
    ] = False,
) -> None:
    """Start a hub, a real SillyTavern, a tab and a stand-in model; send a message and print the streamed reply."""
    from tavernlink.cli.loop import run
    from tavernlink.demo.run import DemoOptions, run_demo

    options = DemoOptions(
        once=once,
        json=as_json,
        port=port,
        model_url=model_url,
        model_key=model_key,
        model_id=model_id,
        data_dir=data_dir,
        keep_data=keep_data,
    )
    raise SystemExit(run(run_demo(options)))
