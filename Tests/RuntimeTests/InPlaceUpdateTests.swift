import LazyOps
import LazyRuntime
import LazyScheduler
import Testing

/// Index tensors, masks, run-time positions and long chains of updates.
@Suite struct InPlaceUpdateTests {
  typealias Case = (name: String, body: InPlaceProgram.Body)

  private func check(_ cases: [Case], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (name, body) in cases { try InPlaceProgram.check(name, body, sourceLocation: sourceLocation) }
  }

  @Test func indexTensors() throws {
    try check([
      (
        "rows",
        {
          var x = $0.leaf([5, 3]); x[Tensor([3, 1])] = $0.leaf([2, 3]); return [x]
        }
      ),
      (
        "a row twice",
        {
          var x = $0.leaf([5, 3]); x[Tensor([1, 1, 1])] = $0.leaf([3, 3]); return [x]
        }
      ),
      (
        "columns",
        {
          var x = $0.leaf([5, 3]); x[0..., Tensor([2, 0])] = $0.leaf([5, 2]); return [x]
        }
      ),
      (
        "a list",
        {
          var x = $0.leaf([50]); x[Tensor([7, 3, 7])] = $0.leaf([3]); return [x]
        }
      ),
      (
        "places",
        {
          var x = $0.leaf([4, 4]); x[Tensor([0, 2]), Tensor([1, 3])] = $0.leaf([2]); return [x]
        }
      ),
      (
        "a matrix of rows",
        {
          var x = $0.leaf([5, 3]); x[Tensor([[0, 1], [4, 0]])] = $0.leaf([2, 2, 3]); return [x]
        }
      ),
      (
        "beside an integer",
        {
          var x = $0.leaf([3, 5, 4]); x[1, Tensor([4, 0])] = $0.leaf([2, 4]); return [x]
        }
      ),
      (
        "beside a range",
        {
          var x = $0.leaf([5, 6]); x[1..<4, Tensor([4, 0])] = $0.leaf([3, 2]); return [x]
        }
      ),
      (
        "computed",
        {
          var x = $0.leaf([5, 3]); x[($0.leaf([2], .int64) % 5)] = $0.leaf([2, 3]); return [x]
        }
      ),
      (
        "argmax of itself",
        {
          var x = $0.leaf([5, 3]); x[x.argmax(axis: 0)] = $0.leaf([3]); return [x]
        }
      ),
      (
        "permuted",
        {
          var x = $0.leaf([5, 3]); x[Tensor([4, 3, 2, 1, 0])] = x; return [x]
        }
      ),
      (
        "rows from rows",
        {
          var x = $0.leaf([5, 3]); x[Tensor([0, 1])] = x.take(Tensor([1, 0])); return [x]
        }
      ),
      (
        "added to rows",
        {
          var x = $0.leaf([5, 3]); x[Tensor([0, 2])] += $0.leaf([2, 3]); return [x]
        }
      ),
      (
        "old and new",
        {
          let x = $0.leaf([5, 3]); var y = x; y[Tensor([0, 2])] = Tensor(0.0); return [x, y, x * y]
        }
      ),
      (
        "scatterAdd",
        {
          let x = $0.leaf([5, 3]); return [x.scatterAdd(Tensor([[0, 1, 0], [0, 1, 1]]), $0.leaf([2, 3]), axis: 0)]
        }
      ),
      (
        "scatterAdd of itself",
        {
          let x = $0.leaf([5]); return [x.scatterAdd(Tensor([0, 0, 1, 2, 4]), x, axis: 0)]
        }
      ),
      (
        "one after the other",
        { p in
          var x = p.leaf([6, 3])
          for i in 0..<6 {
            x[Tensor([i, (i + 1) % 6])] = p.leaf([2, 3])
            if i % 2 == 0 { try p.realize(x) }
          }
          return [x]
        }
      ),
      (
        "a large one",
        {
          var x = $0.leaf([600, 500]); x[Tensor([9, 599, 0])] = $0.leaf([3, 500]); return [x]
        }
      ),
    ])
  }

  @Test func masks() throws {
    try check([
      (
        "elements",
        {
          var x = $0.leaf([4, 3]); x[x .> 105] = Tensor(0.0); return [x]
        }
      ),
      (
        "rows",
        {
          var x = $0.leaf([4, 3]); x[$0.leaf([4], .bool)] = $0.leaf([3]); return [x]
        }
      ),
      (
        "columns",
        {
          var x = $0.leaf([4, 3]); x[0..., $0.leaf([3], .bool)] = $0.leaf([4, 1]); return [x]
        }
      ),
      (
        "in a row",
        {
          var x = $0.leaf([4, 3]); x[1, $0.leaf([3], .bool)] = Tensor(-1.0); return [x]
        }
      ),
      (
        "in a range of rows",
        {
          var x = $0.leaf([4, 3]); x[1..<3, $0.leaf([3], .bool)] = Tensor(-1.0); return [x]
        }
      ),
      (
        "above its mean",
        {
          var x = $0.leaf([64]); x[x .> x.mean()] = x.min(); return [x]
        }
      ),
      (
        "of old and new",
        {
          let x = $0.leaf([9]); var y = x; y[x .> 104] = Tensor(1.0); return [x + y, x]
        }
      ),
      (
        "again and again",
        { p in
          var x = p.leaf([64])
          for limit in 0..<5 {
            x[x .< Tensor.argument(Double(100 + 10 * limit))] = Tensor.argument(Double(-limit))
            try p.realize(x)
          }
          return [x]
        }
      ),
    ])
  }

  @Test func chains() throws {
    try check([
      (
        "two regions",
        {
          var x = $0.leaf([6]); x[0..<3] = $0.leaf([3]); x[3...] = $0.leaf([3]); return [x]
        }
      ),
      (
        "two that overlap",
        {
          var x = $0.leaf([6]); x[0..<4] = $0.leaf([4]); x[2...] = $0.leaf([4]); return [x]
        }
      ),
      (
        "two of one region",
        {
          var x = $0.leaf([6]); x[0..<4] = $0.leaf([4]); x[0..<4] = $0.leaf([4]); return [x]
        }
      ),
      (
        "update, reduce, update",
        { p in
          var x = p.leaf([6, 3])
          x[0] = p.leaf([3])
          let sums = x.sum(axis: 0)
          x[1] = sums
          return [x, sums]
        }
      ),
      (
        "a reader of every version",
        { p in
          var x = p.leaf([6, 3])
          var sums: [Tensor] = []
          for i in 0..<6 {
            x[i] = p.leaf([3])
            sums.append(x.sum(axis: 0))
          }
          return [x] + sums
        }
      ),
      (
        "each from the one before",
        { p in
          var x = p.leaf([12, 3])
          for i in 1..<12 { x[i] = x[i - 1] * 0.5 + x[i] }
          return [x]
        }
      ),
      (
        "all from the sum so far",
        { p in
          var x = p.leaf([12, 3])
          for i in 0..<12 { x[i] = x.mean(axis: 0) }
          return [x]
        }
      ),
      (
        "on zeros",
        { p in
          var x = Tensor.zeros([12, 3])
          for i in 0..<12 { x[i] = p.leaf([3]) }
          return [x]
        }
      ),
      (
        "on a repeated row",
        { p in
          var x = p.leaf([3]).broadcast(to: [12, 3])
          for i in 0..<12 { x[i, 0] = p.leaf([]) }
          return [x, x[11] * 2]
        }
      ),
      (
        "on something computed, realized now and then",
        { p in
          var x = p.leaf([12, 3]).exp() * 0
          for i in 0..<12 {
            x[i] = p.leaf([3])
            if i % 5 == 4 { try p.realize(x) }
          }
          return [x]
        }
      ),
      (
        "in two tensors by turns",
        { p in
          var (x, y) = (p.leaf([8, 3]), p.leaf([8, 3]))
          for i in 0..<8 {
            x[i] = y[7 - i]
            y[i] = x[i] + 1
          }
          return [x, y]
        }
      ),
      (
        "that part",
        { p in
          var x = p.leaf([8, 3])
          for i in 0..<6 { x[i] = p.leaf([3]) }
          var y = x
          for i in 0..<6 { y[i + 1] = p.leaf([3]) }
          x[7] = y[0]
          return [x, y]
        }
      ),
      (
        "with an output in between",
        { p in
          var x = p.leaf([8, 3])
          for i in 0..<6 { x[i] = p.leaf([3]) }
          let y = x
          for i in 0..<6 { x[i] = x[i + 1] }
          return [y, x]
        }
      ),
      (
        "a cache that grows",
        { p in
          var (keys, values) = (Tensor.zeros([16, 8]), Tensor.zeros([16, 8]))
          var results: [Tensor] = []
          for step in 0..<16 {
            let x = p.leaf([8]) * 0.001
            keys[.argument(step)] = x
            values[.argument(step)] = x * 2
            let scores = (keys * x).sum(axis: 1).softmax(axis: 0)
            results.append((scores.reshape(16, 1) * values).sum(axis: 0))
            try p.realize(results[step], keys, values)
          }
          return results + [keys, values]
        }
      ),
    ])
  }

  @Test func aThousandPendingUpdates() throws {
    var x = Tensor((0..<1000).map { Float($0) })
    for i in 0..<1000 { x[i] = x[(i * 7) % 1000] + 1 }
    var numbers = (0..<1000).map { Float($0) }
    for i in 0..<1000 { numbers[i] = numbers[(i * 7) % 1000] + 1 }
    #expect(x.floats == numbers)
  }

  @Test func gradientsThroughUpdates() throws {
    try check([
      (
        "region and index",
        { p in
          let (x, row) = (p.leaf([4, 3]), p.leaf([3]))
          var y = x * 2
          y[1] = row * row
          y[Tensor([0, 0])] = p.leaf([2, 3])
          let loss = (y * y).sum()
          return [loss] + loss.gradients(with: [x, row])
        }
      ),
      (
        "the old value too",
        { p in
          let x = p.leaf([4, 3])
          var y = x
          y[0] = x[3] * x[2]
          let loss = (y * x).sum()
          return [y, loss] + loss.gradients(with: [x])
        }
      ),
    ])
  }

  @Test func aMarkedLeafKeepsItsElements() throws {
    let leaf = Tensor(
      node: Node(
        .buffer, shape: [4], dtype: .float32, storage: Tensor([1.0, 2.0, 3.0, 4.0]).node.storage, tracksGradient: true))
    var y = leaf
    y[1] = Tensor(7.0)
    y.realize()
    #expect(leaf.floats == [1, 2, 3, 4])
    let gradient = (y * y).sum().gradients(with: [leaf])[0]
    #expect(gradient.floats == [2, 0, 6, 8], "a realized tensor that tracks gradients keeps its history")
    #expect(leaf.floats == [1, 2, 3, 4])
  }
}
