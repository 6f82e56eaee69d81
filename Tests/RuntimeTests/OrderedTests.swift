import LazyOps
import LazyRuntime
import Testing

/// Scans, sorting and top-k of sizes that fixtures do not reach, against Swift's own arrays.
@Suite struct OrderedTests {
  /// Numbers with many ties, in no order.
  private func numbers(_ count: Int) -> [Float] { (0..<count).map { Float(($0 * 7919 + 13) % 251) - 100 } }

  @Test(arguments: [1, 2, 17, 256, 5000, 100_001]) func sortIsStable(_ count: Int) {
    let values = numbers(count)
    let ascending = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    let descending = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
    let x = Tensor(values)
    #expect(x.argsort().ints == ascending)
    #expect(x.argsort(descending: true).ints == descending)
    #expect(x.sort().values.floats == ascending.map { values[$0] })
  }

  @Test(arguments: [0, 1, 2]) func sortAlongAnyAxis(_ axis: Int) {
    let x = Tensor(numbers(6 * 7 * 8)).reshape(6, 7, 8)
    let sorted = x.sort(axis: axis)
    let lines = x.transpose(axis, 2).floats
    let count = x.shape[axis]
    let expected = stride(from: 0, to: lines.count, by: count).flatMap { lines[$0..<$0 + count].sorted() }
    #expect(sorted.values.transpose(axis, 2).floats == expected)
    #expect(x.gather(sorted.indices, axis: axis).floats == sorted.values.floats)
  }

  @Test(arguments: [(10, 3), (1000, 1), (1000, 10), (1000, 1000), (100_003, 7)]) func topk(_ count: Int, _ k: Int) {
    let values = numbers(count)
    let largest = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(k)
    let smallest = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }.prefix(k)
    let x = Tensor(values)
    for (isLargest, expected) in [(true, largest), (false, smallest)] {
      let top = x.topk(k, largest: isLargest)
      #expect(top.values.floats == expected.map { values[$0] })
      #expect(top.indices.ints.map { values[$0] } == top.values.floats)
      #expect(Set(top.indices.ints).count == k)
    }
  }

  /// What is no number comes after all numbers, wherever it stands and however few numbers there are.
  @Test(arguments: [10, 990]) func topkAmongWhatIsNoNumber(_ count: Int) {
    var values = numbers(1000)
    for index in values.indices where (index * 7) % 1000 >= count { values[index] = .nan }
    let numbers = values.filter { !$0.isNaN }.sorted()
    let x = Tensor(values)
    #expect(x.topk(20, largest: false).values.floats.filter { !$0.isNaN } == Array(numbers.prefix(20)))
    let largest = x.topk(1000 - count + 5).values.floats
    #expect(largest.prefix(1000 - count).allSatisfy { $0.isNaN })
    #expect(Array(largest.suffix(5)) == Array(numbers.suffix(5).reversed()))
  }

  /// The ends of integers come first or last, whatever stands in for places that do not exist.
  @Test func topkOfIntegers() {
    let values = (0..<999).map { UInt8(($0 * 101) % 256) }
    let x = Tensor(values)
    let sorted = values.map { Int($0) }.sorted()
    #expect(x.topk(9).values.ints == Array(sorted.reversed().prefix(9)))
    #expect(x.topk(9, largest: false).values.ints == Array(sorted.prefix(9)))
    let y = Tensor(values.map { Int64($0) - 128 }) * Int64.max
    #expect(y.topk(3, largest: false).values.ints == Array(y.ints.sorted().prefix(3)))
    let (high, count) = (x .> 250, values.filter { $0 > 250 }.count)
    #expect(high.topk(30).values.ints == (0..<30).map { $0 < count ? 1 : 0 })
  }

  /// Rows of keys that a few computed numbers are spread over.
  @Test(arguments: [1, 3]) func keysThatRowsShare(_ count: Int) {
    let least = Tensor(numbers(56)).reshape(8, 7).min(axis: 0)
    let keys = least.reshape(1, 7, 1).broadcast(to: [8, 7, count]).reshape(56, count)
    #expect(keys.argsort().ints == (0..<56).flatMap { _ in Array(0..<count) })
  }

  @Test func nothingToSort() {
    #expect(Tensor.zeros([3, 0]).sort().values.shape == [3, 0])
    #expect(Tensor.zeros([0, 3]).argsort().shape == [0, 3])
    #expect(Tensor.zeros([3, 4]).topk(0).values.shape == [3, 0])
    #expect(Tensor.zeros([0, 3]).cumsum(axis: 0).shape == [0, 3])
    #expect(Tensor.full([2, 1], 3).cumprod(axis: 1).floats == [3, 3])
  }

  @Test func bitPatternsThatAreHardToOrder() {
    let least = Float.leastNonzeroMagnitude
    let x = Tensor([Float.nan, -.nan, .infinity, -.infinity, -0.0, 0, least, -least])
    #expect(x.argsort().ints == [3, 7, 4, 5, 6, 2, 0, 1])
    #expect(x.argsort(descending: true).ints == [0, 1, 2, 6, 4, 5, 7, 3])
    let wide = Tensor([UInt64.max, 0, 1 << 63, 5])
    #expect(wide.argsort().ints == [1, 3, 2, 0])
    #expect(Tensor([Int8(-128), 127, 0, -1]).argsort().ints == [0, 3, 2, 1])
  }

  /// A running sum of many terms is rounded once at each step: it stays as exact as its elements.
  @Test func longSumsStayExact() {
    let sums = Tensor.full([100_000], 0.1).cumsum(axis: 0).floats
    #expect(sums.indices.allSatisfy { abs(sums[$0] / (Float($0 + 1) * 0.1) - 1) < 1e-6 })
  }

  @Test func gradientsOfGradients() {
    let x = Tensor([0.5, -1.5, 2]).trackingGradient()
    let first = x.cumprod(axis: 0).sum().gradients(with: [x])[0]
    // Of a + ab + abc: by each of them, and of the sum of these by each again.
    #expect(first.floats == [-3.5, 1.5, -0.75])
    #expect(first.sum().gradients(with: [x])[0].floats == [1.5, 3.5, -1])
  }
}
