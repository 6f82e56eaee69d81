import Foundation
import LazyOps
import Testing

@Suite struct TensorReduceTests {
  /// Squares of 0 ... 5: [[0, 1, 4], [9, 16, 25]]
  let z = Tensor.arange(6).square().reshape(2, 3).cast(to: .float32)

  @Test func shapes() {
    #expect(z.sum().shape == [])
    #expect(z.sum(axis: 0).shape == [3])
    #expect(z.sum(axis: -1, keepDimensions: true).shape == [2, 1])
    #expect(z.sum(axes: [1, 0], keepDimensions: true).shape == [1, 1])
    #expect(z.sum(axes: []).node === z.node)
  }

  @Test func sumsAndProducts() throws {
    try expect(z.sum(), [55])
    try expect(z.sum(axis: 0), [9, 17, 29])
    try expect(z.product(axis: 1), [0, 3600])
    try expect(Tensor([true, true, false]).sum(), [2], dtype: .int64)
    try expect(Tensor([UInt8(200), 100]).sum(), [300], dtype: .int64)
    try expect(Tensor([Int32.max, 1]).sum(), [2_147_483_648], dtype: .int64)
    try expect(Tensor([Int32.max, 2]).product(), [4_294_967_294], dtype: .int64)
    try expect(Tensor.zeros([0, 2]).sum(axis: 0), [0, 0])
    try expect(Tensor.zeros([0]).product(), [1])
  }

  @Test func extremes() throws {
    try expect(z.max(), [25])
    try expect(z.min(axis: 0), [0, 1, 4])
    try expect(Tensor([1, .nan, 3]).max(), [.nan])
    try expect(Tensor([[1, 7], [9, 2]]).max(axis: 1), [7, 9], dtype: .int64)
    try expect(Tensor([[true, false], [false, false]]).any(axis: 1), [1, 0], dtype: .bool)
    try expect(Tensor([[1, 0], [2, 3]]).all(axis: 1), [0, 1], dtype: .bool)
    try expect(Tensor.zeros([0], dtype: .bool).all(), [1])
    try expect(Tensor.zeros([0], dtype: .bool).any(), [0])
  }

  @Test func indicesOfExtremes() throws {
    let x = Tensor([[1.0, 5, 5], [-.infinity, .nan, .nan], [-1, -3, -.infinity]])
    try expect(x.argmax(axis: 1), [1, 1, 0], [3], dtype: .int64)
    try expect(x.argmin(axis: 1), [0, 1, 2], [3], dtype: .int64)
    try expect(x.argmax(axis: 0, keepDimensions: true), [0, 1, 1], [1, 3])
    try expect(Tensor([[3, 1], [0, 7]]).argmax(), [3], [])
    try expect(Tensor([true, false]).argmin(axis: 0), [1])
    try expect(Tensor.full([3], -Double.infinity).argmax(axis: 0), [0])
  }

  @Test func statistics() throws {
    try expect(z.mean(axis: 0), [4.5, 8.5, 14.5])
    try expect(z.mean(), [55.0 / 6])
    try expect(z.variance(axis: 1), [4.333333, 64.33334])
    try expect(z.standardDeviation(axis: 0, correction: 0), [4.5, 7.5, 10.5])
    try expect(Tensor([3.0]).variance(), [.nan])
    try expect(Tensor.zeros([0]).mean(), [.nan])
    try expect(Tensor([3.0, -4]).norm(), [5])
    try expect(Tensor([3.0, -4]).norm(order: 1), [7])
    try expect(Tensor([3.0, -4]).norm(order: .infinity), [4])
    try expect(Tensor([3.0, 0]).norm(order: 0), [1])
    try expect(z.norm(order: 3, axis: 1), [4.020726, 27.34625])
    let origin = Tensor.zeros([3])
    try expect(origin.norm().gradients(with: [origin])[0], [0, 0, 0])
  }

  @Test func logSumExp() throws {
    try expect(z.logSumExp(axis: 1), [4.065884, 25.00012], [2])
    try expect(Tensor([1000.0, 1000]).logSumExp(), [1000.6931], [])
    try expect(Tensor([-Double.infinity, -.infinity]).logSumExp(axis: 0), [-.infinity])
    try expect(Tensor([Double.infinity, 0]).logSumExp(axis: 0, keepDimensions: true), [.infinity], [1])
  }

  @Test func softmax() throws {
    try expect(z.softmax(axis: 1), [0.01714783, 0.04661262, 0.9362395, 1.125213e-07, 0.0001233946, 0.9998765])
    try expect(z.logSoftmax(axis: 0), [-9.000123, -15, -21, -0.000123374, -3.576278e-07, 0])
    try expect(Tensor([1000.0, 0]).softmax(axis: 0), [1, 0])
    try expect(Tensor([-1000.0, 0]).logSoftmax(axis: 0), [-1000, 0])
    let x = Tensor([0.5, -1, 2])
    let y = x.softmax(axis: 0)
    try expect(y.sum().gradients(with: [x])[0], [0, 0, 0], comment: "the sum is 1 whatever x is")
    let p = try hostNumbers(y)
    try expect(y[0].gradients(with: [x])[0], [p[0] * (1 - p[0]), -p[0] * p[1], -p[0] * p[2]])
  }

  @Test func misuse() async {
    let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 0]).max(axis: 1)
    }
    #expect(says(empty?.standardErrorContent ?? [], "[max] axis 1 of shape [2, 0] has no elements"))
    let mean = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2]).mean()
    }
    #expect(says(mean?.standardErrorContent ?? [], "[mean] takes floating-point elements, not int64"))
    let twice = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).sum(axes: [1, -1])
    }
    #expect(says(twice?.standardErrorContent ?? [], "[sum] axes [1, -1] name one axis of [2, 3] twice"))
  }
}
