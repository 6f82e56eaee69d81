import LazyOps
import Testing

@Suite struct TensorSubscriptTests {
  /// [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
  let x = Tensor.arange(12).reshape(3, 4)

  @Test func integersRemoveTheirAxis() throws {
    try expect(x[0], [0, 1, 2, 3], [4])
    try expect(x[-1], [8, 9, 10, 11], [4])
    try expect(x[1, -2], [6], [])
    let row = 2
    try expect(x[row, 0], [8], [])
  }

  @Test func rangesKeepTheirAxis() throws {
    try expect(x[0..<2, 1], [1, 5], [2])
    try expect(x[1..., 0], [4, 8], [2])
    try expect(x[..<1], [0, 1, 2, 3], [1, 4])
    try expect(x[0...1, 3], [3, 7])
    try expect(x[0, 1...2], [1, 2])
    try expect(x[0, ...1], [0, 1])
    try expect(x[0, (-2)...], [2, 3])
    try expect(x[0, ..<(-1)], [0, 1, 2])
    try expect(x[0, ...(-2)], [0, 1, 2])
    try expect(x[0, -3...(-1)], [1, 2, 3])
    try expect(x[0, ...(-1)], [0, 1, 2, 3])
    try expect(x[0, 2..<99], [2, 3], comment: "ends are moved to those of the axis")
    try expect(x[5...], [], [0, 4])
    #expect(x[0...].node === x.node)
  }

  @Test func slicesHaveSteps() throws {
    try expect(x[0, .slice(from: 1, to: -1)], [1, 2])
    try expect(x[0, .slice(by: 2)], [0, 2])
    try expect(x[0, .slice(by: -1)], [3, 2, 1, 0])
    try expect(x[0, .slice(by: -2)], [3, 1])
    try expect(x[0, .slice(from: 2, to: 0, by: -1)], [2, 1])
    try expect(x[0, .slice(from: -2, by: -1)], [2, 1, 0])
    try expect(x[0, .slice(from: 0, to: 2, by: -1)], [], [0])
  }

  @Test func ellipsisAndNewAxis() throws {
    try expect(x[..., 0], [0, 4, 8], [3])
    try expect(x[..., -1], [3, 7, 11])
    #expect(x[...].node === x.node)
    let cube = Tensor.arange(24).reshape(2, 3, 4)
    try expect(cube[0, ..., -1], [3, 7, 11], [3])
    try expect(cube[1, .ellipsis, 0], [12, 16, 20], [3])
    #expect(cube[..., 0, 0].shape == [2])
    #expect(x[.newAxis].shape == [1, 3, 4])
    #expect(x[.newAxis, 0, .newAxis].shape == [1, 1, 4])
    #expect(x[..., .newAxis].shape == [3, 4, 1])
  }

  @Test func tensorsAsIndices() throws {
    try expect(x[Tensor([2, 0])], [8, 9, 10, 11, 0, 1, 2, 3], [2, 4])
    try expect(x[0..., Tensor([[3], [0]])], [3, 0, 7, 4, 11, 8], [3, 2, 1])
    try expect(x[Tensor(1)], [4, 5, 6, 7], [4])
    try expect(x[Tensor([0, 1, 2]), Tensor([3, 2, 1])], [3, 6, 9], [3], comment: "neighbours name elements together")
    try expect(x[Tensor([[0], [2]]), Tensor([0, 3])], [0, 3, 8, 11], [2, 2])
    try expect(x[1, Tensor([UInt8(1), 1])], [5, 5])
  }

  @Test func aWrongIndexOnOneAxisIsFound() {
    // Row 0 has no element 5, though the tensor has one at that place.
    #expect(throws: IndexOutOfRange.self) { try hostNumbers(x[Tensor([0]), Tensor([5])]) }
    #expect(throws: IndexOutOfRange.self) { try hostNumbers(x[Tensor([-1])]) }
  }

  @Test func assignmentReplacesARegion() throws {
    var y = x
    y[0] = Tensor(100)
    try expect(y, [100, 100, 100, 100, 4, 5, 6, 7, 8, 9, 10, 11], [3, 4])
    y[1..., ..<2] = [[-1], [-2]]
    try expect(y, [100, 100, 100, 100, -1, -1, 6, 7, -2, -2, 10, 11])
    y[..., -1] = Tensor([0.9, 1.9, 2.9])
    try expect(y, [100, 100, 100, 0, -1, -1, 6, 1, -2, -2, 10, 2], dtype: .int64, comment: "values are cast")
    y[2, ..., .slice(by: -1)] = [1, 2, 3, 4]
    try expect(y[2], [4, 3, 2, 1])
    y[1, 0] += 5
    try expect(y[1], [4, -1, 6, 1])
    y[7...] = Tensor(3)
    y[...] = Tensor([9, 8, 7, 6])
    try expect(y, [9, 8, 7, 6, 9, 8, 7, 6, 9, 8, 7, 6])
    try expect(x, (0..<12).map(Double.init), comment: "other copies do not change")
    #expect(
      ops(
        of: {
          var y = x; y[0] = x[1]; return y
        }()
      ).last == .update([.init(start: 0, count: 1), .init(start: 0, count: 4)]))
  }

  @Test func assignmentAtIndexTensors() throws {
    var y = x
    y[Tensor([2, 0])] = Tensor([[1, 2, 3, 4], [5, 6, 7, 8]])
    try expect(y, [5, 6, 7, 8, 4, 5, 6, 7, 1, 2, 3, 4], [3, 4])
    y[Tensor([1, 1, 1])] = Tensor([[1], [2], [3]])
    try expect(y[1], [3, 3, 3, 3], comment: "the last one stays")
    y[0..., Tensor([[3], [0]])] = Tensor(9)
    try expect(y, [9, 6, 7, 9, 9, 3, 3, 9, 9, 2, 3, 9])
    y[Tensor(0)] = Tensor([1, 2, 3, 4])
    try expect(y[0], [1, 2, 3, 4])
    y[Tensor([0, 1, 2]), Tensor([0, 1, 2])] = Tensor([-1, -2, -3])
    try expect(y, [-1, 2, 3, 4, 9, -2, 3, 9, 9, 2, -3, 9])
    y[1..., Tensor([1])] = Tensor([[50], [60]])
    try expect(y, [-1, 2, 3, 4, 9, 50, 3, 9, 9, 60, -3, 9])
    y[1, Tensor([0, 3])] = Tensor([0.5, 1.5])
    try expect(y[1], [0, 50, 3, 1], comment: "values are cast")
    y[Tensor([0, 2])] += 1
    try expect(y, [0, 3, 4, 5, 0, 50, 3, 1, 10, 61, -2, 10])
    y[Tensor(shape: [0], [Int]())] = Tensor(7)
    try expect(y[0], [0, 3, 4, 5])
    y[.argument(2)] = Tensor([7, 7, 7, 7])
    try expect(y[2], [7, 7, 7, 7])
    try expect(x, (0..<12).map(Double.init), comment: "other copies do not change")
    #expect(throws: IndexOutOfRange.self) {
      var y = x
      y[Tensor([0]), Tensor([5])] = Tensor(1)
      _ = try hostNumbers(y)
    }
  }

  @Test func assignmentUnderMasks() throws {
    var y = x
    y[x .> 8] = Tensor(0)
    try expect(y, [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0], [3, 4])
    y[Tensor([true, false, true])] = Tensor([9, 8, 7, 6])
    try expect(y, [9, 8, 7, 6, 4, 5, 6, 7, 9, 8, 7, 6])
    y[1, Tensor([true, false, false, true])] = Tensor(-1)
    try expect(y[1], [-1, 5, 6, -1])
    y[0..., Tensor([false, true, true, false])] = Tensor([[1], [2], [3]])
    try expect(y, [9, 1, 1, 6, -1, 2, 2, -1, 9, 3, 3, 6])
    y[..., Tensor([false, true, true, false])] = Tensor(0.75)
    try expect(y, [9, 0, 0, 6, -1, 0, 0, -1, 9, 0, 0, 6], comment: "values are cast")
  }

  @Test func misuse() async {
    let range = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3, 4])[0, 4]
    }
    #expect(says(range?.standardErrorContent ?? [], "[subscript] index 4 is out of range for axis 1 of shape [3, 4]"))
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3, 4])[0, 0, 0]
    }
    #expect(says(count?.standardErrorContent ?? [], "[subscript] 3 indices for the 2 axes of shape [3, 4]"))
    let value = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var x = Tensor.zeros([3, 4])
      x[0] = Tensor.zeros([3])
    }
    let message = "[subscript] a value of shape [3] does not broadcast to the region's [4]"
    #expect(says(value?.standardErrorContent ?? [], message))
  }
}

@Suite struct TensorGatherTests {
  let x = Tensor([[1.0, 2], [3, 4], [5, 6]])

  @Test func take() throws {
    try expect(x.take(Tensor([2, 0]), axis: 0), [5, 6, 1, 2], [2, 2])
    try expect(x.take(Tensor([[1, 1, 0]]), axis: 1), [2, 2, 1, 4, 4, 3, 6, 6, 5], [3, 1, 3])
    try expect(x.embedding(Tensor([[0, 1], [2, 2]])), [1, 2, 3, 4, 5, 6, 5, 6], [2, 2, 2])
  }

  @Test func gather() throws {
    try expect(x.gather(Tensor([[1], [0], [1]]), axis: 1), [2, 3, 6], [3, 1])
    try expect(x.gather(Tensor([[2, 0]]), axis: 0), [5, 2], [1, 2])
    try expect(x.gather(Tensor([[0, 1, 0]]), axis: 1), [1, 2, 1], [1, 3], comment: "only the rows the index has")
  }

  @Test func scatterAdd() throws {
    let index = Tensor([[0, 0], [2, 0]])
    let values = Tensor([[10.0, 20], [30, 40]])
    try expect(x.scatterAdd(index, values, axis: 0), [11, 62, 3, 4, 35, 6], [3, 2])
  }

  @Test func gradientOfALookUpCountsTheUses() throws {
    let rows = x.embedding(Tensor([2, 0, 2]))
    try expect(rows.sum().gradients(with: [x])[0], [1, 1, 0, 0, 2, 2], [3, 2])
  }
}
