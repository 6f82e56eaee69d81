import LazyOps
import LazyRuntime
import Testing

/// Tensors are values, whatever memory is written over: every program gives what it gives where nothing is ever
/// overwritten.
@Suite struct InPlaceHazardTests {
  typealias Case = (name: String, body: InPlaceProgram.Body)

  private func check(_ cases: [Case], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (name, body) in cases { try InPlaceProgram.check(name, body, sourceLocation: sourceLocation) }
  }

  @Test func regions() throws {
    try check([
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
    try check([
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

  @Test func otherReaders() throws {
    try check([
      (
        "old and new",
        {
          let x = $0.leaf([4, 3]); var y = x; y[1] = $0.leaf([3]); return [y, x]
        }
      ),
      (
        "old doubled and new",
        {
          let x = $0.leaf([4, 3]); var y = x; y[1] = $0.leaf([3]); return [y, x * 2]
        }
      ),
      (
        "old times new",
        {
          let x = $0.leaf([4, 3]); var y = x; y[1] = $0.leaf([3]); return [y * x]
        }
      ),
      (
        "old sum and new",
        {
          let x = $0.leaf([40, 3]); var y = x; y[1] = $0.leaf([3]); return [x.sum(axis: 0), y]
        }
      ),
      (
        "new and old sum",
        {
          let x = $0.leaf([40, 3]); var y = x; y[1] = $0.leaf([3]); return [y, x.sum(axis: 0)]
        }
      ),
      (
        "old sum times new",
        {
          let x = $0.leaf([40, 3]); var y = x; y[1] = $0.leaf([3]); return [y * x.sum(axis: 0)]
        }
      ),
      (
        "new sum times old",
        {
          let x = $0.leaf([40, 3]); var y = x; y[1] = $0.leaf([3]); return [y.sum(axis: 0) * x]
        }
      ),
      (
        "a view of the old one",
        {
          let x = $0.leaf([4, 3]); let row = x[1]; var y = x; y[1] = $0.leaf([3]); return [y, row]
        }
      ),
      (
        "a view realized first",
        { p in
          let x = p.leaf([4, 3])
          let row = x[1]
          try p.realize(row)
          var y = x
          y[1] = p.leaf([3])
          return [y, row]
        }
      ),
      (
        "a view realized after",
        { p in
          var x = p.leaf([4, 3])
          let row = x[1]
          x[1] = p.leaf([3])
          try p.realize(x)
          return [x, row]
        }
      ),
      (
        "old realized after new",
        { p in
          let x = p.leaf([4, 3]) * 2
          var y = x
          y[1] = p.leaf([3])
          try p.realize(y)
          return [y, x]
        }
      ),
      (
        "two updates of one tensor",
        { p in
          let x = p.leaf([4, 3])
          var (y, z) = (x, x)
          y[1] = p.leaf([3])
          z[2] = p.leaf([3])
          return [y, z]
        }
      ),
      (
        "two updates of one tensor, added",
        { p in
          let x = p.leaf([4, 3])
          var (y, z) = (x, x)
          y[1] = p.leaf([3])
          z[2] = p.leaf([3])
          return [y + z]
        }
      ),
      (
        "x and y swapped",
        { p in
          var (x, y) = (p.leaf([9]), p.leaf([9]))
          (x, y) = (y, x)
          x[1] = Tensor(0.0)
          return [x, y]
        }
      ),
      (
        "x and y swapped and computed",
        { p in
          var (x, y) = (p.leaf([9]), p.leaf([9]))
          (x, y) = (y + 1, x + 2)
          try p.realize(x, y)
          (x, y) = (y * 2, x * 3)
          return [x, y]
        }
      ),
      (
        "each with the other",
        { p in
          var (x, y) = (p.leaf([9]), p.leaf([9]))
          (x, y) = (x + y, x - y)
          return [x, y]
        }
      ),
      (
        "each with a part of the other",
        { p in
          var (x, y) = (p.leaf([9]), p.leaf([9]))
          (x[0..<4], y[0..<4]) = (y[5...], x[5...])
          return [x, y]
        }
      ),
      (
        "diamond",
        {
          var x = $0.leaf([9]); let (a, b) = (x * 2, x + 3); x = a * b; return [x]
        }
      ),
      (
        "diamond with a reduction",
        {
          let x = $0.leaf([64, 64]); let s = x.sum(axis: 1); var y = x; y[0..., 0] = s; return [y * s.sum()]
        }
      ),
      (
        "an output that is an input",
        { p in
          let x = p.leaf([9]) + 1
          try p.realize(x, x * 2)
          return [x]
        }
      ),
      (
        "a value used twice",
        { p in
          var (x, y) = (p.leaf([4, 3]), p.leaf([4, 3]))
          let row = p.leaf([3]).exp()
          (x[1], y[2]) = (row, row)
          return [x, y, row]
        }
      ),
      (
        "several outputs of one leaf",
        {
          let x = $0.leaf([50]); return [x + 1, x * 2, x.sum(), x.flip()]
        }
      ),
      (
        "matmul and residual",
        { p in
          var x = p.leaf([40, 40])
          x = x + x.matmul(p.leaf([40, 40]) * 1e-6)
          return [x]
        }
      ),
      (
        "matmul into a region",
        {
          var x = $0.leaf([40, 40]); x[3..<30] = x[3..<30] + $0.leaf([27, 9]).matmul($0.leaf([9, 40])); return [x]
        }
      ),
    ])
  }
}
