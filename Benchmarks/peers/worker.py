"""Runs workloads of one peer on request: `python3 -m peers.worker PEER THREADS`, one JSON object a line each way.

{"prepare": NAME} is answered with samples of the first results, or null where the peer cannot compute it, and
{"time": SECONDS} with the milliseconds of runs of what was prepared last.
"""

import importlib
import json
import os
import sys
import time

from .inputs import sample
from .workloads import WORKLOADS


def create(name, threads):
    if name in ("torch", "torch-compile"):
        module = importlib.import_module(".torch_peer", __package__)
        return module.VERSION, module.Peer(threads, compiled=name == "torch-compile")
    module = importlib.import_module(f".{name}_peer", __package__)
    return module.VERSION, module.Peer(threads)


def prepare(peer, name):
    workload = next(w for w in WORKLOADS if w.name == name)
    run = peer.prepare(workload.kind, workload.inputs(), workload.options)
    if run is None:
        return None, None
    results = []
    for turn in range(max(workload.checked_runs, 2)):
        outputs = peer.outputs(run())
        if turn < workload.checked_runs:
            results += [sample(output) for output in outputs]
    return run, results


def times(run, seconds):
    run()
    spent, start = [], time.perf_counter()
    while len(spent) < 3 or (len(spent) < 1000 and time.perf_counter() - start < seconds):
        before = time.perf_counter()
        result = run()
        spent.append((time.perf_counter() - before) * 1e3)
        del result
    return spent


def resident_bytes():
    """Returns the most memory this process has had, or 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return 0


def main():
    # Libraries print; the answers have a pipe of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    name, threads = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        version, peer = create(name, threads)
    except ImportError as error:
        return answer({"missing": str(error)})
    answer({"version": version})
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                run = None
                run, results = prepare(peer, request["prepare"])
                answer({"results": results})
            else:
                answer({"times": times(run, request["time"]), "resident": resident_bytes()})
        except Exception as error:
            answer({"failed": f"{type(error).__name__}: {str(error)[:200]}"})


if __name__ == "__main__":
    main()
