import LazyOps
import LazyRuntime
import Testing

/// Captured functions that take a run-time length: captured once for all numbers.
struct CapturedLengthTests {
  /// Of each test's own: what another one realizes is another input.
  private static var x: Tensor { Tensor(shape: [40, 6], (0..<240).map { Float($0 * 37 % 101) / 50 }) }

  @Test func oneCaptureServesAllNumbers() {
    let x = CapturedLengthTests.x
    var bodies = 0
    let answer = compiled { (x: Tensor, length: Length) -> Tensor in
      bodies += 1
      let part = x[..<length]
      let last = part.take(length.tensor - 1)
      return last.matmul(part.T).softmax(axis: 0).matmul(part) / length.tensor
    }
    _ = answer(x, Length(3, upTo: 40))
    _ = answer(x, Length(7, upTo: 40))
    for count in [1, 2, 25, 40] {
      let part = x[0..<count]
      let expected = part[-1].matmul(part.T).softmax(axis: 0).matmul(part) / count
      let result = answer(x, Length(count, upTo: 40))
      for (a, b) in zip(result.floats, expected.floats) { #expect(abs(a - b) < 1e-5, "\(count)") }
      #expect(bodies == 2)
    }
  }

  /// A cache that grows by a row a step: the row is written in place.
  @Test func aCacheGrows() {
    let cell = TensorCell(.full([16, 4], Float.nan))
    let step = compiled { (row: Tensor, length: Length) -> Tensor in
      var cache = cell.value
      cache[length.tensor - 1] = row
      let sum = cache[..<length].sum(axis: 0)
      TensorCell.assign([(cell, cache)], computing: [sum])
      return sum
    }
    var total: Float = 0
    for count in 1...16 {
      total += Float(count)
      let sum = step(Tensor.full([4], Float(count)).realize(), Length(count, upTo: 16))
      #expect(sum.floats == [Float](repeating: total, count: 4))
    }
    #expect(cell.value.max().item == 16)
  }

  @Test func otherBoundsAreOtherStructures() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        let sum = compiled { (x: Tensor, length: Length) -> Tensor in x[..<length].sum() }
        let x = Tensor.ones([10])
        _ = sum(x, Length(2, upTo: 10))
        _ = sum(x, Length(2, upTo: 9))
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("input 1 has a length up to 9, but had a length up to 10"))
  }

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) {
      let cut = compiled { (x: Tensor, length: Length) -> Tensor in x[..<length] }
      _ = cut(Tensor.ones([10]), Length(2, upTo: 10))
    }
    await #expect(processExitsWith: .failure) {
      let count = compiled { (x: Tensor, length: Length) -> Tensor in x + length.count }
      _ = count(Tensor.ones([10]), Length(2, upTo: 10))
    }
    await #expect(processExitsWith: .failure) {
      let sum = compiled { (x: Tensor) -> Tensor in x.sum() }
      _ = sum(Tensor.ones([10])[..<Length(2, upTo: 10)])
    }
  }
}
