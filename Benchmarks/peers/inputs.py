"""Makes the inputs that Sources/bench/Input.swift makes: a number follows from the input's number and its place."""

import numpy as np


def _hash(count, number):
    h = np.arange(count, dtype=np.uint32)
    h += np.uint32((number + 1) * 0x9E3779B9 & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x7FEB352D)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return h


def uniform(number, shape, scale=1.0):
    """Returns float32 numbers between -scale and scale."""
    h = _hash(int(np.prod(shape)), number) >> np.uint32(8)
    return ((h.astype(np.float32) * np.float32(2**-23) - 1) * np.float32(scale)).reshape(shape)


def integers(number, below, shape):
    """Returns int64 numbers from 0 to below - 1."""
    return (_hash(int(np.prod(shape)), number) % np.uint32(below)).astype(np.int64).reshape(shape)


def sample(array):
    """Returns an array's shape and the elements that Measurement.Sample of Sources/bench takes."""
    array = np.asarray(array)
    count = min(array.size, 512)
    places = np.arange(count, dtype=np.int64) * 2654435761 % max(array.size, 1)
    return {"shape": list(array.shape), "values": array.reshape(-1)[places].astype(np.float64).tolist()}
