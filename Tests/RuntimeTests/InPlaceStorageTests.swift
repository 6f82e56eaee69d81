import LazyOps
import LazyRuntime
import LazyScheduler
import TestSupport
import Testing

/// Whose memory a result has: that of a tensor nobody holds any more, where that can be; never that of one somebody
/// holds.
@Suite struct InPlaceStorageTests {
  private func address(_ x: Tensor) -> UnsafeRawPointer? { x.withUnsafeBytes { $0.baseAddress } }

  private func numbers(_ count: Int) -> Tensor { Tensor((0..<count).map { Float($0) }).reshape(count).realize() }

  /// Changes a tensor that only the variable holds, and returns whether its elements are still where they were.
  private func staysInPlace(_ shape: Shape = [40, 50], _ change: (inout Tensor) -> Void) -> Bool {
    var x = Tensor(shape: shape, (0..<shape.elementCount).map { Float($0) })
    let before = address(x)
    change(&x)
    return address(x) == before
  }

  @Test func nothingIsCopiedWhereNobodyElseHoldsIt() {
    let row = numbers(50)
    #expect(staysInPlace { $0[3] = row })
    #expect(staysInPlace { $0[0..., 7] = Tensor(1.0) })
    #expect(staysInPlace { $0[3] += 1 })
    #expect(staysInPlace { $0[3] = $0[4] })
    #expect(staysInPlace { $0[1...] = $0[..<39] })
    #expect(
      staysInPlace {
        $0[3] = row; $0[4] = row; $0[3, 3] = Tensor(0.0)
      })
    #expect(staysInPlace { $0[Tensor([3, 9])] = row })
    #expect(staysInPlace { $0[.argument(4)] = row })
    #expect(staysInPlace { $0[Tensor([0, 1]), Tensor([1, 2])] = Tensor(0.0) })
    #expect(staysInPlace { $0[$0 .> 100] = Tensor(0.0) })
    #expect(staysInPlace { $0 = $0 + 1 })
    #expect(staysInPlace { $0 = ($0 * row).tanh() + 1 })
    #expect(
      staysInPlace {
        $0 = $0.scatterAdd(Tensor(shape: [1, 50], [Int](repeating: 2, count: 50)), row[.newAxis], axis: 0)
      })
    #expect(staysInPlace([30, 30]) { $0 = $0 + $0.sum() }, "a sum is done before")
    #expect(staysInPlace { for i in 0..<20 { $0[i] = row } })
  }

  @Test func copiesAreMadeWhereTheyMustBe() {
    #expect(!staysInPlace([30, 30]) { $0 = $0.T })
    #expect(!staysInPlace { $0 = $0.flip(axes: [0]) })
    #expect(!staysInPlace { $0 = ($0 + 1).cast(to: .float64) })
    #expect(!staysInPlace([1000]) { x in x = x.roll(1, axis: 0) + x })
  }

  @Test func whoHoldsATensorKeepsIt() {
    let x = numbers(2000)
    let place = address(x)
    var y = x
    y[3] = Tensor(-1.0)
    y.realize()
    #expect(address(y) != place && address(x) == place)
    #expect(x.floats[3] == 3 && y.floats[3] == -1)
    let inAnArray = [x]
    var z = inAnArray[0] * 2
    z.realize()
    z = x + 1
    #expect(address(z) != place)
    let closure = { x.sum() }
    var w = x
    w[5] = Tensor(0.0)
    w.realize()
    #expect(closure().item == 1999 * 1000)
  }

  @Test func aViewHoldsItsTensor() {
    var x = numbers(2000)
    let part = x[5..<10]
    x[5] = Tensor(-1.0)
    x.realize()
    #expect(part.floats == [5, 6, 7, 8, 9])
    var y = numbers(2000)
    let sum = y.sum()
    y = y * 0
    y.realize()
    #expect(sum.item == 1999 * 1000)
  }

  @Test func bytesInUseAreNotOverwritten() {
    var x = numbers(2000)
    let copy = x
    copy.withUnsafeBytes { bytes in
      x[0] = Tensor(7.0)
      x.realize()
      #expect(bytes.load(as: Float.self) == 0)
    }
  }

  @Test func borrowedMemoryIsOnlyRead() {
    let base = UnsafeMutablePointer<Float>.allocate(capacity: 64)
    base.initialize(repeating: 3, count: 64)
    var x = Tensor(
      node: Node(
        .buffer, shape: [64], dtype: .float32,
        storage: Storage(base: UnsafeMutableRawPointer(base), byteCount: 256) { base, _ in base.deallocate() }))
    let y = x.detached()
    x[1] = Tensor(5.0)
    x = x + 1
    x.realize()
    #expect(base[1] == 3 && base[0] == 3)
    #expect(x.floats[..<3] == [4, 6, 4] && y.floats[1] == 3)
  }

  @Test func sharedStorageIsOnlyRead() {
    // Two results that simplify to one leaf have one storage.
    let x = numbers(100)
    var (a, b) = (x * 1, x.reshape(10, 10).reshape(100))
    Tensor.realize(a, b)
    a[0] = Tensor(-1.0)
    b = b + 1
    Tensor.realize(a, b)
    #expect(a.floats[0] == -1 && b.floats[0] == 1 && x.floats[0] == 0)
  }

  @Test func aRowCostsARow() throws {
    let x = Tensor.zeros([4096, 1024]).realize()
    var y = x
    y[.argument(3)] = numbers(1024)
    var (graph, nodes) = Graph.snapshot(of: [y.node])
    graph.donated = [try #require(nodes.firstIndex { $0 === x.node })]
    let schedule = Schedule(graph)
    schedule.verify()
    let bytes = schedule.kernels.flatMap(\.sections).reduce(0) { $0 + KernelCost($1, in: schedule).bytes }
    #expect(bytes <= 3 * 4096, "\(schedule)")
    #expect(schedule.memory.byteCount <= 64)
    #expect(schedule.memory.homes[schedule.outputs[0]] != schedule.outputs[0])
  }

  @Test func aLoopOfRowsIsCompiledOnce() {
    var x = Tensor(shape: [256, 64], [Float](repeating: 0, count: 256 * 64))
    let place = address(x)
    let rows = (0..<256).map { Tensor([Float](repeating: Float($0), count: 64)) }
    /// The structure that is to be realized, with what it may write over.
    func structure(_ node: Node) -> Graph {
      var snapshot = Snapshot(of: [node])
      #expect(snapshot.takeApart().count == 1)
      defer { snapshot.restore() }
      return snapshot.graph
    }
    var structures: Set<Graph> = []
    for i in 0..<256 {
      if i % 2 == 0 { x[i] = rows[i] } else { x[.argument(i)] = rows[i] }
      structures.insert(structure(x.node))
      x.realize()
    }
    #expect(structures.count == 1, "one plan serves all rows")
    #expect(address(x) == place)
    #expect(x[0..., 0].floats == (0..<256).map { Float($0) })
  }

  @Test func nothingIsLostWhenAnIndexIsWrong() throws {
    for wrong in [-1, 4, 100] {
      var x = Tensor((0..<12).map { Float($0) }).reshape(4, 3).realize()
      let place = address(x)
      x[Tensor([0, wrong, 1])] = Tensor(-1.0)
      #expect(throws: IndexOutOfRange(op: "put", index: wrong, extent: 4)) { try x.tryRealize() }
      let leaf = Snapshot(of: [x.node]).leaves.first { $0.shape == [4, 3] }
      #expect(leaf?.storage.map { UnsafeRawPointer($0.base) } == place)
      #expect(leaf.map { HostArray($0).doubles } == (0..<12).map(Double.init))
    }
  }

  @Test func aFailedUpdateCanBeTriedAgain() throws {
    let table = numbers(10)
    let index = Tensor([3, 11])
    var x = numbers(100)
    x[5..<7] = table.take(index)
    x = x + 1
    let pending = x
    #expect(throws: IndexOutOfRange.self) { try x.tryRealize() }
    #expect(throws: IndexOutOfRange.self) { try pending.tryRealize() }
    #expect(!pending.isRealized)
    let graph = Graph.snapshot(of: [pending.node])
    #expect(HostArray(graph.leaves[0]).doubles.count > 0)
  }

  @Test func aFailureElsewhereOverwritesNothing() throws {
    var x = numbers(100)
    let bad = numbers(10).take(Tensor([10]))
    x = x * 2
    x[0] = Tensor(-1.0)
    let y = x
    #expect(throws: IndexOutOfRange.self) { try Tensor.tryRealize([y, bad]) }
    #expect(y.floats == [-1] + (1..<100).map { Float(2 * $0) }, "the leaf is as it was")
  }

  @Test func manyThreadsUpdateCopiesOfOneTensor() async {
    for _ in 0..<20 {
      let x = numbers(500)
      let results = await withTaskGroup(of: (Int, [Float]).self) { group in
        for task in 0..<8 {
          group.addTask {
            var y = x
            for step in 0..<10 {
              y[task * 10 + step] = Tensor(-1.0)
              if step % 3 == 0 { y.realize() }
            }
            return (task, y.floats)
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      for (task, numbers) in results {
        #expect(numbers == (0..<500).map { task * 10..<task * 10 + 10 ~= $0 ? -1 : Float($0) })
      }
      #expect(x.floats == (0..<500).map { Float($0) })
    }
  }

  @Test func manyThreadsRealizeWhatOneOverwrites() async {
    for round in 0..<50 {
      var x = numbers(300)
      x[round] = Tensor(-1.0)
      let (y, z) = (x, x + 1)
      x = numbers(1)
      let sums = await withTaskGroup(of: Double.self) { group in
        for task in 0..<8 {
          group.addTask { task % 2 == 0 ? y.sum().item : z.sum().item - 300 }
          group.addTask { (task % 2 == 0 ? y : z - 1).realize().sum().item }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      let wanted = Double(299 * 150 - round - 1)
      #expect(sums.allSatisfy { $0 == wanted }, "\(sums) in round \(round)")
    }
  }
}
