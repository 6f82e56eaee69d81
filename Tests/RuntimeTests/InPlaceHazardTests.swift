import LazyOps
import LazyRuntime
import Testing

/// Tensors are values, whatever memory is written over: every program gives what it gives where nothing is ever
/// overwritten.
@Suite struct InPlaceHazardTests {
  @Test func regions() throws {
    try InPlaceProgram.check([
      (
        "an element",
        {
          var x = $0.leaf([6]); x[2] = Tensor(-1.0); return [x]
        }
      ),
      (
        "a row",
        {
          var x = $0.leaf([4, 3]); x[1] = $0.leaf([3]); return [x]
        }
      ),
      (
        "a column",
        {
          var x = $0.leaf([4, 3]); x[0..., 1] = $0.leaf([4]); return [x]
        }
      ),
      (
        "a block",
        {
          var x = $0.leaf([5, 6]); x[1..<3, 2..<5] = $0.leaf([2, 3]); return [x]
        }
      ),
      (
        "every second",
        {
          var x = $0.leaf([9]); x[.slice(by: 2)] = $0.leaf([5]); return [x]
        }
      ),
      (
        "backwards",
        {
          var x = $0.leaf([7]); x[.slice(from: 5, to: 1, by: -2)] = $0.leaf([2]); return [x]
        }
      ),
      (
        "the whole",
        {
          var x = $0.leaf([4]); x[0...] = $0.leaf([4]); return [x]
        }
      ),
      (
        "nothing",
        {
          var x = $0.leaf([4]); x[2..<2] = $0.leaf([0]); return [x]
        }
      ),
      (
        "broadcast",
        {
          var x = $0.leaf([4, 3]); x[1...] = $0.leaf([3]); return [x]
        }
      ),
      (
        "a constant",
        {
          var x = $0.leaf([4, 3]); x[2, 1...] = Tensor(0.5); return [x]
        }
      ),
      (
        "of another dtype",
        {
          var x = $0.leaf([4], .int32); x[1..<3] = $0.leaf([2]) + 0.5; return [x]
        }
      ),
      (
        "of truth values",
        {
          var x = $0.leaf([5], .bool); x[1..<4] = $0.leaf([3], .bool); return [x]
        }
      ),
      (
        "of bytes",
        {
          var x = $0.leaf([70], .uint8); x[3..<66] = $0.leaf([63], .uint8); return [x]
        }
      ),
      (
        "of doubles",
        {
          var x = $0.leaf([2, 3], .float64); x[1, 1] = Tensor(2.25, dtype: .float64); return [x]
        }
      ),
      (
        "one axis of four",
        {
          var x = $0.leaf([2, 3, 2, 2]); x[0..., 1, 0..., 1] = $0.leaf([2, 2]); return [x]
        }
      ),
      (
        "a scalar tensor",
        {
          var x = $0.leaf([]); x += 1; return [x]
        }
      ),
      (
        "one element of one",
        {
          var x = $0.leaf([1]); x[0] = Tensor(3.0); return [x]
        }
      ),
      (
        "a large tensor",
        {
          var x = $0.leaf([300, 400]); x[17, 5..<390] = $0.leaf([385]); return [x]
        }
      ),
    ])
  }

  @Test func readingWhatIsOverwritten() throws {
    try InPlaceProgram.check([
      (
        "x[1...] = x[..<n-1]",
        {
          var x = $0.leaf([70]); x[1...] = x[..<69]; return [x]
        }
      ),
      (
        "x[..<n-1] = x[1...]",
        {
          var x = $0.leaf([70]); x[..<69] = x[1...]; return [x]
        }
      ),
      (
        "x[i] = x[j]",
        {
          var x = $0.leaf([4, 3]); x[1] = x[3]; return [x]
        }
      ),
      (
        "x[i] += 1",
        {
          var x = $0.leaf([4, 3]); x[1] += 1; return [x]
        }
      ),
      (
        "x[i] = x[i] * x[j]",
        {
          var x = $0.leaf([4, 3]); x[1] = x[1] * x[2]; return [x]
        }
      ),
      (
        "x[i] = x[i] + sum of x",
        {
          var x = $0.leaf([4, 3]); x[1] = x[1] + x.sum(); return [x]
        }
      ),
      (
        "x[i] = max over rows",
        {
          var x = $0.leaf([4, 3]); x[1] = x.max(axis: 0); return [x]
        }
      ),
      (
        "x[i] = softmax of x[i]",
        {
          var x = $0.leaf([4, 3]); x[1] = (x[1] * 0.01).softmax(axis: 0); return [x]
        }
      ),
      (
        "x[...] = x.T",
        {
          var x = $0.leaf([8, 8]); x[...] = x.T; return [x]
        }
      ),
      (
        "x = x.T",
        {
          var x = $0.leaf([8, 8]); x = x.T; try $0.realize(x); return [x + 1]
        }
      ),
      (
        "x = x.T + x",
        {
          var x = $0.leaf([8, 8]); x = x.T + x; return [x]
        }
      ),
      (
        "corner = transposed corner",
        {
          var x = $0.leaf([6, 6]); x[..<4, ..<4] = x[..<4, ..<4].T; return [x]
        }
      ),
      (
        "rows swapped",
        {
          var x = $0.leaf([2, 5]); x[0...] = x.flip(axes: [0]); return [x]
        }
      ),
      (
        "rows swapped by a slice",
        {
          var x = $0.leaf([4, 5]); x[1..<3] = x[1..<3].flip(axes: [0]); return [x]
        }
      ),
      (
        "reversed",
        {
          var x = $0.leaf([9]); x[.slice(by: -1)] = x[0...]; return [x]
        }
      ),
      (
        "reversed inside",
        {
          var x = $0.leaf([9]); x[.slice(from: 7, to: 0, by: -1)] = x[1..<8]; return [x]
        }
      ),
      (
        "even = odd",
        {
          var x = $0.leaf([10]); x[.slice(by: 2)] = x[.slice(from: 1, by: 2)]; return [x]
        }
      ),
      (
        "rolled",
        {
          var x = $0.leaf([100]); x = x.roll(1, axis: 0) + x; return [x]
        }
      ),
      (
        "gathered from itself",
        {
          var x = $0.leaf([5, 3]); x[1..<3] = x.take(Tensor([4, 1])); return [x]
        }
      ),
      (
        "product with itself",
        {
          var x = $0.leaf([4, 4]); x[1..<3] = x.matmul(x)[1..<3]; return [x]
        }
      ),
      (
        "cumulative",
        {
          var x = $0.leaf([6]); for i in 1..<6 { x[i] = x[i] + x[i - 1] }; return [x]
        }
      ),
      (
        "a swap through a variable",
        {
          var x = $0.leaf([4, 3]); let old = x[0]; x[0] = x[3]; x[3] = old; return [x]
        }
      ),
      (
        "windows",
        {
          var x = $0.leaf([8]); x[1..<7] = x.window(axis: 0, size: 3).sum(axis: 1); return [x]
        }
      ),
      (
        "normalized rows",
        {
          var x = $0.leaf([5, 40]); x = x - x.mean(axis: 1, keepDimensions: true); return [x]
        }
      ),
      (
        "normalized columns",
        {
          var x = $0.leaf([40, 5]); x = x - x.mean(axis: 0, keepDimensions: true); return [x]
        }
      ),
      (
        "its own sum",
        {
          var x = $0.leaf([300]); x = x / x.sum(); return [x]
        }
      ),
    ])
  }
}
