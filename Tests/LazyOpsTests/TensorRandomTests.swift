import Foundation
import LazyOps
import Synchronization
import Testing

@Suite struct TensorRandomTests {
  /// The known answers that come with the generator's authors' library.
  static let answers: [(key: (UInt32, UInt32), counter: (UInt32, UInt32), words: (UInt32, UInt32))] = [
    ((0, 0), (0, 0), (0x6b20_0159, 0x99ba_4efe)),
    ((.max, .max), (.max, .max), (0x1cb9_96fc, 0xbb00_2be7)),
    ((0x1319_8a2e, 0x0370_7344), (0x243f_6a88, 0x85a3_08d3), (0xc492_3a9c, 0x483d_f7a0)),
  ]

  @Test func knownAnswersOnTheHost() {
    for (key, counter, words) in Self.answers { #expect(Threefry.words(key: key, counter: counter) == words) }
  }

  @Test func knownAnswersInTheGraph() throws {
    for (key, counter, words) in Self.answers {
      let found = Threefry.words(
        key: (.argument(key.0, dtype: .uint32), .argument(key.1, dtype: .uint32)),
        counter: (Tensor([counter.0, 7]), Tensor([counter.1, 7])))
      try expect(found.0[0], [Double(words.0)], [], dtype: .uint32)
      try expect(found.1[0], [Double(words.1)], [], dtype: .uint32)
    }
  }

  @Test func theSameSeedGivesTheSameNumbers() throws {
    let (a, b) = (RandomGenerator(seed: 7), RandomGenerator(seed: 7))
    let first = try hostNumbers(.uniform([5], using: a))
    #expect(try hostNumbers(.uniform([5], using: b)) == first)
    #expect(try hostNumbers(.uniform([5], using: a)) != first, "the second draw is another one")
    a.seed(7)
    #expect(try hostNumbers(.uniform([5], using: a)) == first)
    #expect(try hostNumbers(.uniform([5], using: RandomGenerator(seed: 8))) != first)
    let position = b.position
    let second = try hostNumbers(.normal([3], using: b))
    b.seed(position.seed, drawCount: position.drawCount)
    #expect(try hostNumbers(.normal([3], using: b)) == second)
    // Numbers do not depend on how many are drawn with them.
    try expect(.uniform([3], using: RandomGenerator(seed: 7)), Array(first[..<3]), tolerance: 0)
  }

  @Test func drawsHaveOneStructure() {
    let generator = RandomGenerator(seed: 1)
    func graph() -> Graph { Graph.snapshot(of: [Tensor.ones([8]).dropout(0.5, using: generator).node]).graph }
    #expect(graph() == graph())
  }

  @Test func theWordsOfADrawAreThoseOfItsKey() throws {
    let generator = RandomGenerator(seed: 3)
    let key = RandomGenerator(seed: 3).nextKey()
    let wanted = (0..<3).map { Threefry.words(key: key, counter: ($0, 0)).0 >> 8 }
    try expect(.uniform([3], using: generator), wanted.map { Double($0) * 0x1p-24 }, tolerance: 0)
  }

  @Test func uniformNumbersFillTheirRange() throws {
    let numbers = try hostNumbers(.uniform([50, 40], low: -1, high: 3, using: RandomGenerator(seed: 1)))
    #expect(numbers.allSatisfy { -1 <= $0 && $0 < 3 })
    let mean = numbers.reduce(0, +) / 2000
    #expect(abs(mean - 1) < 0.1)
    #expect(numbers.max()! > 2.98 && numbers.min()! < -0.98)
    let wide = try hostNumbers(.uniform([4], dtype: .float64, using: RandomGenerator(seed: 1)))
    #expect(wide.allSatisfy { $0 * 0x1p53 == ($0 * 0x1p53).rounded() && $0 != Double(Float($0)) })
  }

  @Test func normalNumbersHaveTheirMoments() throws {
    let numbers = try hostNumbers(.normal([4000], mean: 2, standardDeviation: 3, using: RandomGenerator(seed: 1)))
    let mean = numbers.reduce(0, +) / 4000
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    let inside = numbers.count { abs($0 - 2) < 3 }
    #expect(abs(mean - 2) < 0.2)
    #expect(abs(variance - 9) < 0.7)
    #expect(abs(Double(inside) / 4000 - 0.6827) < 0.03)
  }

  @Test func integersAreInTheirRange() throws {
    let dice = Tensor.integers(1..<7, [3000], dtype: .int32, using: RandomGenerator(seed: 1))
    #expect(dice.dtype == .int32)
    let numbers = try hostNumbers(dice)
    for face in 1...6 { #expect(abs(numbers.count { $0 == Double(face) } - 500) < 90, "\(face)") }
    #expect(Set(numbers).count == 6)
    let (low, high) = (-(1 << 40), 1 << 41)
    let wide = try hostNumbers(.integers(low..<high, [100], using: RandomGenerator(seed: 1)))
    #expect(wide.allSatisfy { Double(low) <= $0 && $0 < Double(high) })
    #expect(wide.max()! > Double(high) * 0.8)
  }

  @Test func permutationsHoldEachIndexOnce() throws {
    let order = try hostNumbers(.permutation(100, using: RandomGenerator(seed: 1)))
    #expect(order.sorted() == (0..<100).map(Double.init))
    #expect(order != order.sorted())
    #expect(try hostNumbers(.permutation(100, using: RandomGenerator(seed: 2))) != order)
    // All orders of three are about as likely.
    let generator = RandomGenerator(seed: 3)
    var counts: [[Double]: Int] = [:]
    for _ in 0..<600 { counts[try hostNumbers(.permutation(3, using: generator)), default: 0] += 1 }
    #expect(counts.count == 6 && counts.values.allSatisfy { 60 < $0 && $0 < 140 })
  }

  @Test func bernoulliAndDropout() throws {
    let draws = try hostNumbers(.bernoulli(0.3, [2000], using: RandomGenerator(seed: 1)))
    #expect(abs(draws.reduce(0, +) / 2000 - 0.3) < 0.05)
    try expect(.bernoulli(1, [4]), [1, 1, 1, 1], dtype: .bool)
    try expect(.bernoulli(0, [4]), [0, 0, 0, 0])
    let kept = try hostNumbers(Tensor.ones([2000]).dropout(0.25, using: RandomGenerator(seed: 1)))
    #expect(kept.allSatisfy { $0 == 0 || abs($0 - 4.0 / 3) < 1e-6 })
    #expect(abs(Double(kept.count { $0 == 0 }) / 2000 - 0.25) < 0.05)
    let x = Tensor.ones([2])
    #expect(x.dropout(0).node === x.node)
    try expect(x.dropout(1), [0, 0])
  }

  @Test func categoriesFollowTheirProbabilities() throws {
    let logits = Tensor([[0, 0.6931472, -.infinity]]).broadcast(to: [1500, 3])
    let classes = try hostNumbers(logits.categorical(using: RandomGenerator(seed: 1)))
    #expect(classes.allSatisfy { $0 < 2 })
    #expect((950...1050).contains(classes.count { $0 == 1 }))
  }

  @Test func initializersFollowTheFans() throws {
    func extent(_ x: Tensor) throws -> Double { try hostNumbers(x).map { abs($0) }.max()! }
    let generator = RandomGenerator(seed: 1)
    let glorot = (6.0 / (20 * 9 + 10 * 9)).squareRoot()
    let drawn = try extent(.glorotUniform([20, 10, 3, 3], using: generator))
    #expect(0.98 * glorot < drawn && drawn <= glorot)
    let he = (6.0 / 40).squareRoot()
    let second = try extent(.kaimingUniform([50, 40], using: generator))
    #expect(0.98 * he < second && second <= he)
    try expect(
      Tensor.kaimingNormal([50, 40], using: generator).standardDeviation(), [(2.0 / 40).squareRoot()], tolerance: 0.02)
    try expect(
      Tensor.glorotNormal([50, 30], using: generator).standardDeviation(), [(2.0 / 80).squareRoot()], tolerance: 0.02)
  }

  @Test func recordedDrawsCanBeMadeAnew() throws {
    let generator = RandomGenerator(seed: 5)
    let recorder = DrawRecorder()
    let x = RandomGenerator.$recorder.withValue(recorder) { Tensor.uniform([4], using: generator) }
    let draws = recorder.draws
    #expect(draws.count == 1 && draws[0].generator === generator)
    // Binding the next key to the recorded arguments gives the next draw.
    let next = generator.nextKey()
    let (graph, leaves) = Graph.snapshot(of: [x.node])
    let values = leaves.map { leaf in
      HostArray(.integer(Int64(leaf === draws[0].key.0 ? next.0 : next.1)), [], .uint32)
    }
    let again = RandomGenerator(seed: 5)
    _ = again.nextKey()
    try expect(.uniform([4], using: again), graph.evaluate(leaves: values)[0].doubles, tolerance: 0)
  }
}
