"""The group of all commands. A command's file is imported when it is run: `cutaway --help` needs none of them."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from cutaway import __version__
from cutaway.cli.failing import CLOSED, let_go_of_output, report
from cutaway.wording import nearest

COMMANDS = {
    "check": "Say what is in your pictures and what is wrong, before any training.",
    "train": "Train a net on your pictures.",
    "evaluate": "Say how well a model does on labelled pictures.",
    "report": "Write how good a model is and where it fails, as one page.",
    "compare": "Say how models differ on the same pictures, and whether that is chance.",
    "suspects": "Find labels that are probably wrong, and write a table to correct them in.",
    "predict": "Say what is in pictures.",
    "explain": "Show every number that one picture causes.",
    "invariance": "Show what a model still says of turned, moved and scaled pictures.",
    "open": "Open a model in the browser, down to the single multiplication.",
    "export": "Write a model as one ONNX file, shown to say the same.",
    "workbook": "Write a picture's every number as a spreadsheet with live formulas.",
    "lab": "Slide any kernel over any picture, on a page without a model.",
    "nets": "Show the nets that ship, or one of your own, before anything runs.",
    "info": "Say what a model is.",
    "engine": "Say what computes: processor, peak, compiled code; or compile ahead.",
    "cache": "Say what is kept to save time, and how much room it takes; or clear it.",
    "filter": "Run a kernel over a photo: sharpen, blur, edge, emboss, or your own.",
}
"""Every command, in the order of a first visit."""


class Example:
    """Puts an example before everything else that `--help` says."""

    example = ""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        formatter.write_paragraph()
        super().format_help(ctx, formatter)  # type: ignore[misc]


def debug_option() -> click.Option:
    """`--debug`, which may stand anywhere; what it does is done in `Group.main`."""
    return click.Option(
        ["--debug"], is_flag=True, expose_value=False, help="Where something fails, show the traceback."
    )


class Command(Example, click.Command):
    """One command: `@click.command(cls=Command, example="cutaway info runs/pets-1")`."""

    def __init__(self, *args: Any, example: str, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.append(debug_option())
        self.example = example


class Group(Example, click.Group):
    """Finds commands by name, and turns what goes wrong into one line and an exit code."""

    example = """cutaway train pets/                       (pets/cat/1.jpg, pets/dog/2.jpg, ...)
cutaway predict runs/pets-1 photo.jpg"""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"cutaway.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            hint = nearest(name, list(COMMANDS)) or f"; known: {', '.join(COMMANDS)}"
            ctx.fail(f"there is no command {name!r}{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # here, since click would end with 1, as if something had failed
            let_go_of_output()
            ctx.exit(CLOSED)

    def main(self, *args: Any, **settings: Any) -> Any:
        """Runs a command line, and exits with its code."""
        given = settings.get("args", args[0] if args else None)
        line = sys.argv[1:] if given is None else list(given)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")  # what the terminal's alphabet lacks is shown as its code
        try:
            code = super().main(*args, **settings | {"standalone_mode": False, "prog_name": "cutaway"})
            if sys.stdout:  # None where it was closed before the start
                sys.stdout.flush()
        except Exception as error:
            code = report(error, debug="--debug" in line)
        sys.exit(code or 0)


@click.group(cls=Group, params=[debug_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cutaway")
def cutaway() -> None:
    """Train convolutional networks on your own pictures, and see every number inside.

    `cutaway COMMAND --help` says more about each.
    """
