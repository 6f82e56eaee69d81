"""Talks to the processes that compute: a worker for each peer, and our `bench`."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent


class Failure(Exception):
    """What a peer cannot do: too slow, an error, not installed."""


class Peer:
    """A peer in a process of its own, which is ended and started anew where it exceeds its time."""

    def __init__(self, name, threads, limit):
        self.name, self.threads, self.limit = name, threads, limit
        self.version, self.process = None, None

    def start(self):
        environment = dict(os.environ, OMP_NUM_THREADS=str(self.threads), MKL_NUM_THREADS=str(self.threads))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "peers.worker", self.name, str(self.threads)], cwd=BENCHMARKS, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
        answer = self._read(max(self.limit, 60))
        self.version = answer.get("version")
        if self.version is None:
            raise Failure(answer.get("missing", "did not start"))

    def ask(self, **request):
        if self.process is None:
            self.start()
        self.process.stdin.write((json.dumps(request) + "\n").encode())
        self.process.stdin.flush()
        answer = self._read(self.limit)
        if "failed" in answer:
            raise Failure(answer["failed"])
        return answer

    def stop(self):
        if self.process is not None:
            # Compilers it started go with it.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def _read(self, limit):
        line, end = b"", time.monotonic() + limit
        descriptor = self.process.stdout.fileno()
        while not line.endswith(b"\n"):
            if not select.select([descriptor], [], [], max(0, end - time.monotonic()))[0]:
                self.stop()
                raise Failure(f"> {limit:g} s")
            data = os.read(descriptor, 1 << 16)
            if not data:
                self.stop()
                raise Failure("ended")
            line += data
        return json.loads(line)


class Ours:
    """Our own `bench`, a process for each turn."""

    def __init__(self, program, threads):
        self.program = program
        self.environment = dict(os.environ, THREADS=str(threads))

    def names(self):
        output = subprocess.run([self.program, "--list"], check=True, capture_output=True, text=True).stdout
        return {line.split(":")[0] for line in output.splitlines()}

    def measure(self, name, seconds):
        process = subprocess.run(
            [self.program, "--only", name, "--json", "--seconds", str(seconds)], capture_output=True, text=True,
            env=self.environment)
        if process.returncode != 0:
            raise Failure((process.stderr.strip().splitlines() or ["ended"])[-1])
        return json.loads(process.stdout)
