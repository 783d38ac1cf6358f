"""Every hook command that ops calls, by name."""

from __future__ import annotations

import collections.abc

from tests.support.agent import hook_context, relation_commands, secret_commands, unit_commands

Command = collections.abc.Callable[[hook_context.HookContext, list[str], bytes], str]

COMMANDS: dict[str, Command] = {
    command.__name__.replace("_", "-"): command
    for module in (relation_commands, secret_commands, unit_commands)
    for command in module.COMMANDS
}


def run(context: hook_context.HookContext, words: list[str], stdin: bytes) -> tuple[int, str, str]:
    """Run one hook command: its exit code, output and error output."""
    name, *arguments = words
    context.commands.append(name)
    try:
        return 0, COMMANDS[name](context, arguments, stdin), ""
    except hook_context.CommandError as refusal:
        return refusal.code, "", f"ERROR {refusal}\n"
