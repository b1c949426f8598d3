"""`python -m benchmarks.engine`: see the package for what it does."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.engine.cases import CASES, Case
from benchmarks.engine.contenders import OURS, PEERS, Contender
from benchmarks.engine.flops import flops
from benchmarks.engine.job import Job
from benchmarks.engine.onnx_file import model
from benchmarks.engine.plan import plan
from benchmarks.engine.process import Failed, Process
from benchmarks.engine.table import Result, block, summary
from benchmarks.measure import machine
from cutaway.engines.native.peak import peak
from cutaway.net import start

BATCHES = {"training": "128,512", "prediction": "1,32,256"}
WORK = {"training": 1e11, "prediction": 1e9}
"""Operations in one call, about: as many batches lie ready, from 3 to 64."""


def main() -> None:
    """Measures what is asked for, prints it, and writes the figures as JSON beside those of the other benchmarks."""
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no contender is left asleep
    if hasattr(os, "sched_setaffinity"):  # for us and all that we start
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.threads])
    print(f"{machine()}; {asked.what} on {asked.threads} threads, {asked.rounds} rounds")
    results: list[Result] = []
    for name in asked.cases or CASES:
        for batch in map(int, (asked.batch or BATCHES[asked.what]).split(",")):
            results.append(measured(CASES[name], batch, asked))
            print(f"\n{block(results[-1])}", flush=True)
            write(results, asked.what)
    print(f"\n{summary(results)}")


def arguments() -> argparse.Namespace:
    """From the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"{', '.join(CASES)} (all)")
    parser.add_argument("--what", choices=list(PEERS), default="training")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", help="sizes of batch, with commas (128,512; for prediction 1,32,256)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", help="names, with commas; '' for none (all that there are)")
    parser.add_argument("--python-peers", default=sys.executable, help="the Python that the peers run in (this one)")
    asked = parser.parse_args()
    known = {peer.name: peer for peer in PEERS[asked.what]}
    chosen = list(known) if asked.peers is None else [name for name in asked.peers.split(",") if name]
    for name, among in [(name, CASES) for name in asked.cases] + [(name, known) for name in chosen]:
        if name not in among:
            parser.error(f"there is no {name!r}; known: {', '.join(among)}")
    asked.contenders = [*OURS, *(known[name] for name in chosen)]
    return asked


def measured(case: Case, batch: int, asked: argparse.Namespace) -> Result:
    """All contenders in turn, round after round: a machine whose speed drifts is fair to them all."""
    net = case.net
    result = Result(case.name, batch, flops(net, asked.what == "training"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 // len(asked.contenders)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        file = Path(folder) / "net.onnx"
        if asked.what == "prediction":
            file.write_bytes(model(net, start(net)))
        processes: dict[Contender, Process] = {}
        for contender in asked.contenders:
            job = Job(
                asked.what,
                str(net),
                list(net.input),
                net.shapes()[net.output.name][0],
                plan(net),
                batch,
                max(3, min(64, int(WORK[asked.what] / result.flops / batch))),
                asked.threads,
                list(contender.options),
                str(file),
            )
            python = sys.executable if contender.ours else asked.python_peers
            processes[contender] = Process(contender, job, python, memory, net.cost().parameters)
            stack.callback(processes[contender].end)
        for _ in range(asked.rounds):
            for precision in ("float32", "bf16"):
                result.peaks.setdefault(precision, []).append(peak(precision, asked.threads))
            for contender, process in list(processes.items()):
                try:
                    result.rates.setdefault(contender, []).append(process.rate())
                except Failed as failure:
                    result.failures[contender.name] = str(failure)
                    process.end()
                    del result.rates[contender], processes[contender]
    return result


def write(results: list[Result], what: str) -> None:
    """After each block: a run that is broken off leaves what it has."""
    figures = [
        {
            "case": result.case,
            "batch": result.batch,
            "flops": result.flops,
            "peaks": result.peaks,
            "rates": {contender.name: rates for contender, rates in result.rates.items()},
            "failures": result.failures,
        }
        for result in results
    ]
    file = Path(__file__).parents[1] / "results" / f"engine-{what}.json"
    file.parent.mkdir(exist_ok=True)
    whole = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "figures": figures}
    file.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
