import LazyOps
import LazyRuntime
import Testing

/// Who reads a tensor beside an update of it gets the numbers from before.
@Suite struct InPlaceReaderTests {
  @Test func otherReaders() throws {
    try InPlaceProgram.check([
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
