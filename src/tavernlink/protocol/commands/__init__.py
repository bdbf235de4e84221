"""Commands: what a tavern can be asked to do.

`wire` is how the hub asks. `catalogue` lists the commands that programs may run by name; each noun has a file with the
arguments, the results and its rows (`entry`). A new command is a row there and an entry of the extension's noun.
"""

from tavernlink.protocol.commands.wire import (
    Command,
    CommandCancel,
    CommandDone,
    CommandName,
    CommandsKnown,
    Context,
)

__all__ = ["Command", "CommandCancel", "CommandDone", "CommandName", "CommandsKnown", "Context"]
