"""The command `cutaway`: one file per command, each thin: parse, call, print."""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    import gc
    import os

    # NumPy's products are small here, and made in a thread a core: threads of their own only wait for each other.
    # On a busy machine that costs ten times what it gains on an idle one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Imports make many objects and no rubbish: looking for it after every 700 of them would cost 0.05 s of 0.4.
    gc.set_threshold(100_000, 50, 100)
    from cutaway.cli.group import cutaway

    cutaway()
