"""LLVM's language in, machine code out: an object file, made in a process of its own.

    code = objects.made("define void @nothing() { ret void }", "x86_64-unknown-linux-gnu", "haswell", "")

llvmlite lets one thread in at a time, so cores are kept busy by processes. This file is what such a process runs: it
imports llvmlite and nothing of cutaway, which would take longer than what it is there for.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any


def made(text: str, triple: str, cpu: str, features: str) -> bytes:
    """The machine code, from another process; from this one where no other can be started."""
    command = [sys.executable, "-P", __file__, triple, cpu, features]
    try:  # in a session of its own, so that Ctrl-C is this process's to answer
        done = subprocess.run(command, input=text.encode(), capture_output=True, start_new_session=True)
    except OSError:
        return compiled(text, triple, cpu, features)
    return compiled(text, triple, cpu, features) if done.returncode else done.stdout


def compiled(text: str, triple: str, cpu: str, features: str) -> bytes:
    """The machine code, from this process.

    The passes put registers in the place of variables, tidy up, and turn loops so that they test at their end. LLVM's
    own list of passes takes ten times as long, and its inner loops have the same instructions.
    """
    from llvmlite import binding as llvm

    module, maker = llvm.parse_assembly(text), target(triple, cpu, features)
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.add_loop_rotate_pass()
    passes.run(module, llvm.create_pass_builder(maker, llvm.create_pipeline_tuning_options()))
    return bytes(maker.emit_object(module))


def target(triple: str, cpu: str, features: str) -> Any:
    """LLVM's own idea of a processor."""
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(triple).create_target_machine(opt=2, cpu=cpu, features=features, jit=True)


if __name__ == "__main__":
    sys.stdout.buffer.write(compiled(sys.stdin.buffer.read().decode(), *sys.argv[1:]))
