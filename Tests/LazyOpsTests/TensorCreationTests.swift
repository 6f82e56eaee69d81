import LazyOps
import Testing

@Suite struct TensorCreationTests {
  @Test func nestedArraysGiveShapeAndDType() throws {
    try expect(Tensor([[1.5, 2], [3, 4]]), [1.5, 2, 3, 4], [2, 2], dtype: .float32)
    try expect(Tensor([[[1], [2]], [[3], [4]]]), [1, 2, 3, 4], [2, 2, 1], dtype: .int64)
    try expect(Tensor([true, false]), [1, 0], [2], dtype: .bool)
    try expect(Tensor([Float(0.1)]), [Double(Float(0.1))], [1], dtype: .float32, tolerance: 0)
    try expect(Tensor([0.1], dtype: .float64), [0.1], [1], dtype: .float64, tolerance: 0)
    try expect(Tensor([UInt8(255), 3]), [255, 3], [2], dtype: .uint8)
    try expect(Tensor([Int32(-7)]), [-7], [1], dtype: .int32)
    try expect(Tensor(2.5), [2.5], [], dtype: .float32)
    try expect(Tensor(-3), [-3], [], dtype: .int64)
  }

  @Test func emptyArrays() throws {
    try expect(Tensor([Float]()), [], [0], dtype: .float32)
    try expect(Tensor([[Int]]()), [], [0, 0], dtype: .int64)
    try expect(Tensor([[Double](), []]), [], [2, 0], dtype: .float32)
    let literal: Tensor = []
    try expect(literal, [], [0], dtype: .float32)
  }

  @Test func literals() throws {
    let decimals: Tensor = [[1, 2.5], [3, 4]]
    try expect(decimals, [1, 2.5, 3, 4], [2, 2], dtype: .float32)
    let integers: Tensor = [[1, 2], [3, -4]]
    try expect(integers, [1, 2, 3, -4], [2, 2], dtype: .int64)
    let truths: Tensor = [true, false, true]
    try expect(truths, [1, 0, 1], [3], dtype: .bool)
    try expect(decimals + [10, 20], [11, 22.5, 13, 24], [2, 2], dtype: .float32)
  }

  @Test(
    arguments: [
      (DType.bool, [1, 1, 0, 1]), (.uint8, [2, 255, 0, 3]), (.int32, [2, -1, 0, 3]),
      (.uint32, [2, 4_294_967_295, 0, 3]),
      (.int64, [2, -1, 0, 3]), (.float32, [2.5, -1, 0, 3]), (.float64, [2.5, -1, 0, 3]),
    ] as [(DType, [Double])])
  func numbersAreConverted(dtype: DType, wanted: [Double]) throws {
    let flat = Tensor(shape: [2, 2], [2.5, -1, 0, 3], dtype: dtype)
    try expect(flat, wanted, [2, 2], dtype: dtype)
    // A number of the graph is converted as data are.
    for (number, converted) in zip([2.5, -1, 0, 3], wanted) {
      try expect(.full([2], number, dtype: dtype), [converted, converted], [2], dtype: dtype)
    }
  }

  @Test func bytesAreCopied() throws {
    var numbers: [Int32] = [1, -2, 3]
    let tensor = numbers.withUnsafeBytes { Tensor(bytes: $0, shape: [3, 1], dtype: .int32) }
    numbers[0] = 9
    try expect(tensor, [1, -2, 3], [3, 1], dtype: .int32)
  }

  @Test func fills() throws {
    try expect(.zeros([2]), [0, 0], [2], dtype: .float32)
    try expect(.ones([1, 2], dtype: .int64), [1, 1], [1, 2], dtype: .int64)
    try expect(.full([2], 7), [7, 7], dtype: .int64)
    try expect(.full([], true), [1], dtype: .bool)
    #expect(Tensor.ones(like: .zeros([3], dtype: .uint8)).dtype == .uint8)
    #expect(ops(of: .zeros([4, 4])) == [.constant(.real(0))])
  }

  @Test func ranges() throws {
    try expect(.arange(4), [0, 1, 2, 3], [4], dtype: .int64)
    #expect(ops(of: .arange(4)) == [.iota(axis: 0)])
    try expect(.arange(2, 9, step: 3), [2, 5, 8], dtype: .int64)
    try expect(.arange(5, 0, step: -2), [5, 3, 1], dtype: .int64)
    try expect(.arange(0, 1, step: 0.25), [0, 0.25, 0.5, 0.75], dtype: .float32)
    try expect(.arange(3, 3), [], [0])
    try expect(.arange(4, 0), [], [0])
    try expect(.linspace(0, 1, count: 5), [0, 0.25, 0.5, 0.75, 1], dtype: .float32)
    try expect(.linspace(-1, 0.3, count: 4, dtype: .float64)[-1], [0.3], tolerance: 0)
    try expect(.linspace(2, 5, count: 1), [2])
  }

  @Test func matricesByIndex() throws {
    try expect(.eye(2), [1, 0, 0, 1], [2, 2], dtype: .float32)
    try expect(.eye(2, 3, dtype: .int32), [1, 0, 0, 0, 1, 0], [2, 3], dtype: .int32)
    let x = Tensor([[1, 2, 3], [4, 5, 6]])
    try expect(x.tril(), [1, 0, 0, 4, 5, 0])
    try expect(x.tril(diagonal: 1), [1, 2, 0, 4, 5, 6])
    try expect(x.triu(), [1, 2, 3, 0, 5, 6])
    try expect(x.triu(diagonal: 1), [0, 2, 3, 0, 0, 6])
    try expect(Tensor([2, 0]).oneHot(3), [0, 0, 1, 1, 0, 0], [2, 3], dtype: .float32)
    try expect(Tensor([-1, 3]).oneHot(3, dtype: .bool), [0, 0, 0, 0, 0, 0], [2, 3], dtype: .bool)
  }

  @Test func argumentsAreNoPartOfTheStructure() throws {
    let x = Tensor([1.0, 2])
    let graphs = [0.1, 0.2].map { Graph.snapshot(of: [(x * .argument($0)).node]).graph }
    #expect(graphs[0] == graphs[1])
    try expect(x * .argument(0.5), [0.5, 1], [2], dtype: .float32)
    #expect(Tensor.argument(3, dtype: .uint32).dtype == .uint32)
  }

  @Test func raggedArraysAreMisuse() async {
    let nested = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([[1, 2], [3]])
    }
    #expect(says(nested?.standardErrorContent ?? [], "[Tensor] array is ragged: 1 elements beside 2 on axis 1"))
    let literal = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let _: Tensor = [[1, 2], 3]
    }
    #expect(says(literal?.standardErrorContent ?? [], "[Tensor] literal is ragged: a number beside a list"))
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor(shape: [2, 2], [1, 2, 3])
    }
    #expect(says(count?.standardErrorContent ?? [], "[Tensor] 3 numbers for the elements of shape [2, 2]"))
  }
}
