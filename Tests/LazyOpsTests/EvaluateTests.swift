import LazyOps
import Testing

/// Makes a leaf that `evaluateOnHost` binds to numbers.
func hostLeaf(_ shape: Shape, _ dtype: DType = .float64) -> Tensor { Tensor(.buffer, shape: shape, dtype: dtype) }

/// Makes a constant of several numbers: a realized tensor.
func hostTensor(_ numbers: [Double], _ shape: Shape, _ dtype: DType = .float64) -> Tensor {
  let storage = Storage(byteCount: numbers.count * dtype.byteCount)
  HostArray(numbers, shape, dtype).write(to: storage.base)
  return Tensor(node: Node(.buffer, shape: shape, dtype: dtype, storage: storage))
}

/// Evaluates tensors with the graph evaluator; leaves without elements take them from `bindings`.
func evaluateOnHost(
  _ tensors: [Tensor], _ bindings: [(Tensor, HostArray)] = []
) throws -> [HostArray] {
  let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
  graph.verify()
  let bound = Dictionary(uniqueKeysWithValues: bindings.map { (ObjectIdentifier($0.0.node), $0.1) })
  return try graph.evaluate(leaves: leaves.map { bound[ObjectIdentifier($0)] ?? HostArray($0) })
}

/// Evaluates one tensor and returns its elements as numbers.
func hostNumbers(_ tensor: Tensor) throws -> [Double] { try evaluateOnHost([tensor])[0].doubles }

/// Whether two results are the same bits, all NaNs being alike.
func isSame(_ a: [Double], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { ($0.isNaN && $1.isNaN) || $0.bitPattern == $1.bitPattern }
}

@Suite struct EvaluateTests {
  let matrix = hostTensor([1, 2, 3, 4, 5, 6], [2, 3])

  @Test func leavesAndConstants() throws {
    #expect(try hostNumbers(Primitive.constant(.real(2.7), [2], .int32)) == [2, 2])
    #expect(try hostNumbers(Primitive.argument(.real(0.1), .float32)) == [Double(Float(0.1))])
    #expect(try hostNumbers(Primitive.iota(axis: 0, [2, 3], .int32)) == [0, 0, 0, 1, 1, 1])
    #expect(try hostNumbers(Primitive.iota(axis: 1, [2, 3], .uint8)) == [0, 1, 2, 0, 1, 2])
  }

  @Test func anArgumentFillsItsShape() throws {
    let graph = Graph(nodes: [.init(.argument, [], shape: [2, 2], dtype: .float32)], outputs: [0, 0])
    let values = try graph.evaluate(leaves: [HostArray(.real(3), [], .float32)])
    #expect(values.map(\.doubles) == [[3, 3, 3, 3], [3, 3, 3, 3]])
  }

  @Test func elementwise() throws {
    let other = hostTensor([6, 5, 3, 2, 1, 0], [2, 3])
    let less = Primitive.binary(.less, matrix, other)
    #expect(less.dtype == .bool)
    #expect(try hostNumbers(less) == [1, 1, 0, 0, 0, 0])
    #expect(try hostNumbers(Primitive.select(less, matrix, other)) == [1, 2, 3, 2, 1, 0])
    #expect(try hostNumbers(Primitive.unary(.negate, matrix)) == [-1, -2, -3, -4, -5, -6])
    #expect(try hostNumbers(Primitive.detach(matrix)) == [1, 2, 3, 4, 5, 6])
    #expect(try hostNumbers(Primitive.barrier(matrix, after: [hostTensor([7], [1])])) == [1, 2, 3, 4, 5, 6])
    let thirds = hostTensor([1 / 3.0, 300.7, -1.5, .nan], [4])
    #expect(try hostNumbers(Primitive.cast(thirds, to: .uint8)) == [0, 44, 255, 0])
    #expect(try hostNumbers(Primitive.cast(thirds, to: .bool)) == [1, 1, 1, 1])
    let ones = hostTensor([1, -0.0], [2], .float32)
    #expect(try hostNumbers(Primitive.bitcast(ones, to: .int32)) == [0x3F80_0000, Double(Int32.min)])
  }

  @Test func reductions() throws {
    #expect(try hostNumbers(Primitive.reduce(.sum, matrix, axes: [0])) == [5, 7, 9])
    #expect(try hostNumbers(Primitive.reduce(.sum, matrix, axes: [1])) == [6, 15])
    #expect(try hostNumbers(Primitive.reduce(.product, matrix, axes: [0, 1])) == [720])
    #expect(try hostNumbers(Primitive.reduce(.maximum, matrix, axes: [1])) == [3, 6])
    let odd = hostTensor([2, .nan, 3, -.infinity, 1, 7], [2, 3])
    #expect(isSame(try hostNumbers(Primitive.reduce(.minimum, odd, axes: [1])), [.nan, -.infinity]))
    #expect(isSame(try hostNumbers(Primitive.reduce(.sum, hostTensor([-0.0], [1]), axes: [0])), [-0.0]))
    // float32 sums are rounded once: adding one by one would stay at 2^24.
    let many = hostTensor([0x1p24, 1, 1, 1, 1], [5], .float32)
    #expect(try hostNumbers(Primitive.reduce(.sum, many, axes: [0])) == [0x1p24 + 4])
    let bytes = hostTensor([200, 100], [2], .uint8)
    #expect(try hostNumbers(Primitive.reduce(.sum, bytes, axes: [0])) == [44])
  }

  @Test(arguments: ReduceOp.allCases, DType.allCases)
  func reductionsOfNothingAreTheIdentity(op: ReduceOp, dtype: DType) throws {
    guard op.accepts(dtype) else { return }
    let nothing = hostTensor([], [2, 0], dtype)
    let identity = op.identity(dtype).double
    #expect(try hostNumbers(Primitive.reduce(op, nothing, axes: [1])) == [identity, identity])
  }

  @Test func movement() throws {
    #expect(try hostNumbers(Primitive.permute(matrix, [1, 0])) == [1, 4, 2, 5, 3, 6])
    #expect(try hostNumbers(Primitive.reshape(matrix, to: [3, 2])) == [1, 2, 3, 4, 5, 6])
    let column = Primitive.reshape(hostTensor([1, 2], [2]), to: [2, 1])
    #expect(try hostNumbers(Primitive.expand(column, to: [2, 3])) == [1, 1, 1, 2, 2, 2])
    let region = [AxisRange(start: 1, step: -1, count: 2), AxisRange(start: 0, step: 2, count: 2)]
    #expect(try hostNumbers(Primitive.slice(matrix, region)) == [4, 6, 1, 3])
    let square = hostTensor([1, 2, 3, 4], [2, 2])
    #expect(try hostNumbers(Primitive.pad(square, region, to: [2, 3])) == [3, 0, 4, 1, 0, 2])
    #expect(try hostNumbers(Primitive.update(matrix, region, square)) == [3, 2, 4, 1, 5, 2])
    #expect(try hostNumbers(Primitive.concatenate([matrix, square], axis: 1)) == [1, 2, 3, 1, 2, 4, 5, 6, 3, 4])
    #expect(try hostNumbers(Primitive.concatenate([matrix, matrix], axis: 0)) == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
  }

  @Test func windowsAndTheirAdjoint() throws {
    let geometry = WindowGeometry(axis: 0, size: 2, stride: 2, dilation: 2)
    let windows = Primitive.window(hostTensor([1, 2, 3, 4, 5, 6, 7], [7]), geometry)
    #expect(windows.shape == [3, 2])
    #expect(try hostNumbers(windows) == [1, 3, 3, 5, 5, 7])
    #expect(try hostNumbers(Primitive.overlapAdd(windows, geometry, to: [7])) == [1, 0, 6, 0, 10, 0, 7])
    let rows = Primitive.window(hostTensor([1, 2, 3, 4, 5, 6], [3, 2]), WindowGeometry(axis: 0, size: 2))
    #expect(try hostNumbers(rows) == [1, 3, 2, 4, 3, 5, 4, 6])
    #expect(Primitive.window(matrix, WindowGeometry(axis: 1, size: 4)).shape == [2, 0, 4])
  }

  @Test func gatherAndScatter() throws {
    let index = hostTensor([2, 0, 0, 1], [2, 2], .int64)
    let taken = Primitive.gather(matrix, index, axis: 1)
    #expect(try hostNumbers(taken) == [3, 1, 4, 5])
    let rows = Primitive.gather(matrix, hostTensor([1, 0, 1], [1, 3], .int32), axis: 0)
    #expect(try hostNumbers(rows) == [4, 2, 6])
    let twice = hostTensor([1, 1, 2, 0], [2, 2], .int32)
    #expect(try hostNumbers(Primitive.scatterAdd(matrix, twice, taken, axis: 1)) == [1, 6, 3, 9, 5, 10])
  }

  @Test func putKeepsTheLast() throws {
    let columns = hostTensor([2, 0, 2], [3], .int64)
    let values = hostTensor([10, 20, 30, 40, 50, 60], [2, 3])
    #expect(try hostNumbers(Primitive.put(matrix, columns, values, axis: 1)) == [20, 2, 30, 50, 5, 60])
    let row = Primitive.put(matrix, hostTensor([1, 1], [2], .int32), hostTensor([1, 1, 1, 7, 8, 9], [2, 3]), axis: 0)
    #expect(try hostNumbers(row) == [1, 2, 3, 7, 8, 9])
  }

  @Test(arguments: [-1.0, 3]) func indicesOutOfRangeAreErrors(index: Double) throws {
    let indices = hostTensor([0, index], [2, 1], .int32)
    #expect(throws: IndexOutOfRange(op: "gather", index: Int(index), extent: 3)) {
      try hostNumbers(Primitive.gather(matrix, indices, axis: 1))
    }
    #expect(throws: IndexOutOfRange(op: "scatterAdd", index: Int(index), extent: 3)) {
      try hostNumbers(Primitive.scatterAdd(matrix, indices, hostTensor([1, 1], [2, 1]), axis: 1))
    }
    #expect(throws: IndexOutOfRange(op: "put", index: Int(index), extent: 3)) {
      try hostNumbers(
        Primitive.put(matrix, hostTensor([0, index], [2], .int32), matrix.transpose(0, 1)[..<2].T, axis: 1))
    }
    let text = "\(IndexOutOfRange(op: "gather", index: 7, extent: 3))"
    #expect(text == "[gather] index 7 is out of range: the axis has 3 elements, 0 to 2")
  }

  @Test(arguments: DType.allCases) func bytesGoThereAndBack(dtype: DType) {
    let numbers: [Double] = dtype == .bool ? [1, 0, 1] : [1, 0, 100]
    // One byte in: memory need not be aligned.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * dtype.byteCount + 1, alignment: 8)
    defer { bytes.deallocate() }
    let array = HostArray(numbers, [3], dtype)
    let base = bytes.baseAddress! + 1
    array.write(to: base)
    #expect(HostArray(UnsafeRawBufferPointer(start: base, count: 3 * dtype.byteCount), [3], dtype) == array)
    #expect(array.doubles == numbers)
  }
}
