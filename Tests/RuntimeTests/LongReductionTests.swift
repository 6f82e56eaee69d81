import LazyOps
import LazyRuntime
import Testing

/// Reductions of more elements than one block of them has.
@Suite struct LongReductionTests {
  private func numbers(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 7919 + 13) % 1009) - 500 } }

  /// The first of equal extremes, in whichever block it stands.
  @Test(arguments: [8191, 8192, 8193, 12_288, 100_003]) func extremesAreFound(_ count: Int) {
    for place in [0, 1, 4095, 4096, 8190, count - 1] {
      var values = numbers(count)
      values[place] = 1000
      values[count - 1] = 1000
      #expect(Tensor(values).argmax().ints == [place])
      #expect(Tensor(values.map { -$0 }).argmin().ints == [place])
      #expect(Tensor(values).cast(to: .int32).argmax().ints == [place])
      values[place] = .nan
      #expect(Tensor(values).argmax().ints == [place])
    }
    #expect(Tensor.full([count], -Double.infinity).argmax().ints == [0])
  }

  @Test func extremesAlongLongAxes() {
    let values = numbers(3 * 9000)
    let rows = Tensor(values).reshape(3, 9000)
    func first(_ line: [Float]) -> Int { line.firstIndex(of: line.max()!)! }
    let expected = (0..<3).map { row in first(Array(values[row * 9000..<(row + 1) * 9000])) }
    #expect(rows.argmax(axis: 1).ints == expected)
    #expect(rows.argmax(axis: -1, keepDimensions: true).shape == [3, 1])
    #expect(rows.T.argmax(axis: 0).ints == expected)
    #expect(rows.T.reshape(9000, 3, 1).argmax(axis: 0, keepDimensions: true).shape == [1, 3, 1])
  }

  /// Sums are kept in `float64`, so that rounding errors do not pile up.
  @Test func sumsOfMillionsAreClose() {
    let values = (0..<(1 << 22)).map { Float(($0 * 7919) % 10_007) / 10_007 }
    let exact = values.reduce(0.0) { $0 + Double($1) }
    #expect(abs(Double(Tensor(values).sum().item) - exact) <= Double(Float(exact).ulp))
    let mean = exact / Double(values.count)
    let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count - 1)
    #expect(abs(Double(Tensor(values).variance().item) - variance) <= 2 * Double(Float(variance).ulp))
  }
}
