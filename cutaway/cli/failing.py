"""What the command line says when something goes wrong, and the exit code it ends with.

0    done
1    the work failed: no room on disk, a loss that is not finite, an error of cutaway's own
2    wrong use: an unknown option, a folder that is not there, a net that does not fit
130  stopped by Ctrl-C (128 + the number of the signal, so 143 for SIGTERM and 129 for SIGHUP)
141  whoever read the output closed it (`| head -1`)
"""

from __future__ import annotations

import errno
import os
import sys
import traceback

import click

from cutaway.errors import CutawayError
from cutaway.wording import one_line

INTERRUPTED, CLOSED = 130, 141


def report(error: Exception, *, debug: bool) -> int:
    """Says what went wrong in one line on stderr, and returns the exit code. `debug`: after the traceback."""
    if isinstance(error, BrokenPipeError):
        let_go_of_output()
        return CLOSED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    message, code = told(error)
    click.echo(f"cutaway: {one_line(message)}", err=True)
    return code


def told(error: Exception) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    match error:
        case CutawayError():
            return str(error), error.exit_code
        case click.Abort():
            return "stopped", INTERRUPTED
        case click.ClickException():
            return _usage(error), error.exit_code
        case MemoryError():
            return "not enough memory; smaller pictures (--size) or batches (--batch) need less", 1
        case PermissionError() if error.filename:
            return f"{error.filename}: no permission", 2
        case OSError() if error.errno in (errno.ENOSPC, errno.EIO, errno.EBADF) and not error.filename:
            let_go_of_output()
            return f"cannot write the output: {error.strerror}", 1
    what = f"{type(error).__name__}: {error}"
    return f"internal error ({what}); run the same with --debug and report what it prints", 1


def _usage(error: click.ClickException) -> str:
    """click's message, and where to read on."""
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "cutaway"
    message = error.format_message()
    return f"{message[:1].lower()}{message[1:].rstrip('.')} (see {path} --help)"


def let_go_of_output() -> None:
    """Whatever is left to be written goes nowhere, so that Python does not complain when it ends."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
