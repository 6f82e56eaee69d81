#!/usr/bin/env python3
"""Checks that the committed PyTorch fixtures are what their generators produce with the PyTorch at hand.

    python3 Tests/Peers/fixtures.py

The generators run in a copy of Tests; then every number in each file is compared with the committed one.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
GENERATED = {
    "make_fixtures.py": "Fixtures/pytorch.json",
    "optimizers.py": "NNTests/OptimizerFixtures.swift",
    "gpt2.py": "Fixtures/gpt2.safetensors",
}
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?|inf|nan", re.IGNORECASE)
TOLERANCE = 1e-4


def tensors(content):
    """The numbers of a safetensors file."""
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:8 + length]), content[8 + length:]
    found = []
    for name, entry in sorted(header.items()):
        if name != "__metadata__":
            kind = {"F32": "f", "I64": "q", "BOOL": "?"}[entry["dtype"]]
            found += memoryview(data[slice(*entry["data_offsets"])]).cast(kind).tolist()
    return found


def numbers(path):
    if path.suffix == ".safetensors":
        return tensors(path.read_bytes())
    return [float(word) for word in NUMBER.findall(path.read_text())]


def differs(a, b):
    return a != b and not (a != a and b != b) and abs(a - b) > TOLERANCE * max(1, abs(a), abs(b))


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "Tests"
        shutil.copytree(TESTS / "Fixtures", copy / "Fixtures")
        (copy / "NNTests").mkdir()
        for script, result in GENERATED.items():
            subprocess.run([sys.executable, copy / "Fixtures" / script], check=True)
            committed, fresh = numbers(TESTS / result), numbers(copy / result)
            wrong = sum(differs(a, b) for a, b in zip(committed, fresh)) + abs(len(committed) - len(fresh))
            print(f"{result}: {len(committed)} numbers, {wrong} differ")
            failures += wrong > 0
    print(f"{len(GENERATED) - failures} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
