"""The command `cutaway`: one file per command, each thin: parse, call, print."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    from cutaway.cli.group import cutaway

    cutaway()
