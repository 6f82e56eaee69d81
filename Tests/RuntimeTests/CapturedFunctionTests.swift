import LazyOps
import LazyRuntime
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Captured functions give what the same functions give uncaptured, and go on doing so.
@Suite struct CapturedFunctionTests {
  /// Two tensors and a truth value, which is frozen.
  struct Pair: TensorStructure {
    var first: Tensor
    var second: Tensor?
    var isDoubled = false

    mutating func visitParts(_ visitor: inout PartVisitor) {
      visitor(&first)
      visitor(&second)
      visitor(&isDoubled)
    }
  }

  /// How often something was done.
  final class Counter {
    var count = 0
  }

  @Test func theBodyRunsTwice() {
    let runs = Counter()
    let function = compiled { (x: Tensor) -> Tensor in
      runs.count += 1
      return x * 2 + 1
    }
    for call in 0..<5 {
      #expect(function(Tensor([Float(call), 1])).floats == [2 * Float(call) + 1, 3])
      #expect(runs.count == min(call + 1, 2))
    }
  }

  @Test func replaysMakeNoPlanAndNoGraph() async {
    await #expect(processExitsWith: .success) {
      let function = compiled { (x: Tensor) -> Tensor in (x.exp().realize() + 1).log() }
      let x = Tensor([1.0, 2.0])
      for _ in 0..<2 { function(x) }
      let plans = Realizer.planCount
      for _ in 0..<3 { #expect(function(x).isRealized) }
      #expect(Realizer.planCount == plans)
    }
  }

  @Test func inputsAndOutputsHaveStructure() {
    let function = compiled { (pair: Pair, list: [Tensor], table: [String: Tensor]) -> (Pair, [Tensor], Tensor?) in
      let sum = pair.first + pair.second! * (pair.isDoubled ? 2 : 1)
      let total = list.reduce(Tensor.zeros([2])) { $0 + $1 }
      return (Pair(first: sum, second: nil), [total, table["a"]! - table["b"]!], total)
    }
    for call in 0..<4 {
      let x = Tensor([Float(call), 10])
      let (pair, list, total) = function(
        Pair(first: x, second: x + 1, isDoubled: true), [x, x, x], ["b": x, "a": x * 3])
      let value = Float(call)
      #expect(pair.first.floats == [3 * value + 2, 32])
      #expect(pair.second == nil)
      #expect(list.map(\.floats) == [[3 * value, 30], [2 * value, 20]])
      #expect(total?.floats == [3 * value, 30])
    }
  }

  @Test func numbersBecomeArguments() throws {
    let function = compiled { (x: Tensor, factor: Tensor, offset: Tensor) -> Tensor in x * factor + offset }
    let x = Tensor([1.0, 2.0])
    for call in 0..<4 {
      #expect(function(x, 0.5 * Double(call), call).floats == [1.5 * Float(call), 2 * Float(call)])
    }
    #expect(try function.tryCall(x, 4.0, 2).floats == [6, 10])
    // A tensor with one element will do, and where that was captured a number will.
    #expect(function(x, Tensor(3.0), Tensor.argument(2, dtype: .int64)).floats == [5, 8])
    let other = compiled { (x: Tensor, factor: Tensor, offset: Tensor) -> Tensor in x * factor + offset }
    #expect(other(x, Tensor.argument(2.0), Tensor(1.0)).floats == [3, 5])
    for call in 0..<4 {
      #expect(other(x, Tensor(3.0), Double(call)).floats == [3 + Float(call), 6 + Float(call)])
    }
  }

  @Test func aScalarMayBeRealizedOnTheWay() {
    let function = compiled { (x: Tensor, factor: Tensor) -> (Tensor, Tensor) in
      let before = (x + factor).realize()
      factor.realize()
      return (before * factor, factor)
    }
    for call in 0..<4 {
      let (result, same) = function(Tensor([1.0]), Double(call))
      #expect(result.item == Double(call * (call + 1)) && same.item == Double(call))
    }
  }

  @Test func pendingInputsAreComputed() {
    let function = compiled { (x: Tensor) -> Tensor in x.sum() }
    for call in 0..<4 { #expect(function(Tensor.full([3], Float(call)) + 1).item == 3 * Double(call) + 3) }
  }

  @Test func resultsKeepTheirValues() {
    let function = compiled { (x: Tensor) -> Tensor in x + 1 }
    let results = (0..<6).map { function(Tensor([Float($0)])) }
    #expect(results.map(\.item) == [1, 2, 3, 4, 5, 6])
  }

  @Test func aResultMayBeTheNextInput() {
    let function = compiled { (x: Tensor) -> Tensor in x * 2 }
    var x = Tensor([1.0, 3.0])
    for _ in 0..<6 { x = function(x) }
    #expect(x.floats == [64, 192])
  }

  @Test func theSameTensorMayComeTwice() {
    let function = compiled { (x: Tensor, y: Tensor) -> Tensor in x - y * 2 }
    let (a, b) = (Tensor([1.0]), Tensor([5.0]))
    // Captured with one tensor for both, then called with two, and the other way round.
    #expect(
      [function(a, a), function(b, b), function(a, b), function(b, a), function(a, a)].map(\.item) == [
        -1, -5, -9, 3, -1,
      ])
  }

  @Test func anInputMayBeWhatIsOutsideOrInACell() {
    let outside = Tensor([10.0])
    let cell = TensorCell(Tensor([100.0]))
    let function = compiled { (x: Tensor) -> Tensor in
      let result = x + outside * 2 + cell.value * 3
      cell.value = cell.value + x
      return result
    }
    #expect(function(outside).item == 330)
    #expect(function(cell.value).item == 110 + 20 + 330)
    #expect(function(Tensor([1.0])).item == 1 + 20 + 660)
    #expect(function(cell.value).item == 221 + 20 + 663)
    #expect(cell.value.item == 442)
  }

  @Test func inputsAndCellsMayBeReturned() {
    let cell = TensorCell(Tensor([7.0]))
    let outside = Tensor([9.0])
    let function = compiled { (x: Tensor) -> (Tensor, Tensor, Tensor, Tensor) in
      let old = cell.value
      cell.value = x
      return (x, old, cell.value, outside)
    }
    var expected = 7.0
    for call in 0..<5 {
      let x = Double(call)
      let (same, old, new, constant) = function(Tensor([x]))
      #expect([same, old, new, constant].map(\.item) == [x, expected, x, 9])
      expected = x
    }
  }

  @Test func cellsAreReadAndAssignedAnew() {
    let (count, sum) = (TensorCell(Tensor(0)), TensorCell(.zeros([2])))
    let function = compiled { (x: Tensor) -> Tensor in
      count.value = count.value + 1
      sum.value = sum.value + x
      sum.value = sum.value * 2
      return sum.value / count.value.cast(to: .float32)
    }
    var (steps, total) = (0, Float(0))
    var kept: [Tensor] = []
    for call in 0..<6 {
      if call == 4 { sum.value = Tensor([-1.0, -1.0]) }
      total = ((call == 4 ? -1 : total) + Float(call)) * 2
      steps += 1
      #expect(function(Tensor([Float(call), Float(call)])).floats == [total / Float(steps), total / Float(steps)])
      #expect(sum.value.floats == [total, total])
      #expect(count.value.ints == [steps])
      kept.append(count.value)
    }
    #expect(kept.map(\.item) == [1, 2, 3, 4, 5, 6])
  }

  @Test func aCellTakesAnothersContent() {
    let (a, b) = (TensorCell(Tensor([1.0])), TensorCell(Tensor([2.0])))
    let swap = compiled { () -> () in TensorCell.assign([(a, b.value), (b, a.value)]) }
    for call in 1...5 {
      swap()
      #expect([a, b].map(\.value.item) == (call % 2 == 1 ? [2, 1] : [1, 2]))
    }
  }

  @Test func severalSchedulesInOneCall() {
    let function = compiled { (x: Tensor) -> Tensor in
      let a = (x + 1).realize()
      let b = a * a
      let c = b.sum()
      Tensor.realize(b, c)
      return b / c
    }
    for call in 0..<4 {
      let x = Float(call)
      let (b0, b1) = ((x + 1) * (x + 1), (x + 2) * (x + 2))
      #expect(function(Tensor([x, x + 1])).floats == [b0 / (b0 + b1), b1 / (b0 + b1)])
    }
  }

  @Test func tensorsMadeInsideAreConstants() {
    let function = compiled { (x: Tensor) -> Tensor in x + Tensor([1.0, 2.0]) + Tensor.argument(3.0) }
    for call in 0..<4 { #expect(function(Tensor([Float(call), 0])).floats == [Float(call) + 4, 5]) }
  }

  @Test func whatIsPendingOutsideIsComputedInEachCall() {
    let outside = Tensor.arange(3).cast(to: .float32) * 2
    let function = compiled { (x: Tensor) -> Tensor in x * outside }
    for call in 0..<4 { #expect(function(Tensor(Float(call))).floats == [0, 2 * Float(call), 4 * Float(call)]) }
  }

  @Test func randomNumbersGoOn() {
    let (one, other) = (RandomGenerator(seed: 3), RandomGenerator(seed: 3))
    let body = { (x: Tensor, generator: RandomGenerator) -> Tensor in
      x + .uniform([4], using: generator) * .normal([4], using: generator)
    }
    let function = compiled { (x: Tensor) -> Tensor in body(x, one).dropout(0.5, using: one) }
    let x = Tensor([1.0, 2.0, 3.0, 4.0])
    for call in 0..<10 {
      if call == 6 {
        for generator in [one, other] { generator.seed(11) }
      }
      #expect(function(x).floats == body(x, other).dropout(0.5, using: other).floats)
      // Draws outside count as well.
      #expect(Tensor.uniform([2], using: one).floats == Tensor.uniform([2], using: other).floats)
    }
    #expect(one.position == other.position)
  }

  @Test func gradientsInside() {
    let function = compiled { (x: Tensor) -> [Tensor] in (x * x * x).sum().gradients(with: [x]) }
    for call in 0..<4 { #expect(function(Tensor([Float(call), 2]))[0].floats == [3 * Float(call * call), 12]) }
    #expect(!function(Tensor([1.0, 2.0]))[0].tracksGradient)
  }

  @Test func markedInputsAreNoConstants() {
    let cell = TensorCell(Tensor([1.0, 1.0]))
    let function = compiled { (x: Tensor) -> [Tensor] in
      let (x, y) = (x.trackingGradient(), cell.value.trackingGradient())
      cell.value = cell.value + 1
      return (x * x * y).sum().gradients(with: [x, y])
    }
    for call in 0..<5 {
      // The first calls have equal inputs, so that a constant would not be noticed.
      let value = Float(Swift.max(call, 1))
      let gradients = function(Tensor([value, 2]))
      #expect(gradients[0].floats == [2 * value * Float(call + 1), 4 * Float(call + 1)])
      #expect(gradients[1].floats == [value * value, 4])
    }
  }

  @Test func checkpointsAndRules() {
    let body = { (x: Tensor) -> [Tensor] in
      let x = x.trackingGradient()
      let reversed = Tensor.custom("reversed", x) {
        $0
      } backward: { gradient, _, _ in
        -gradient
      }
      let y = Tensor.checkpoint(reversed) { ($0.exp() * $0).tanh() }
      return [y, withoutGradient { y * 2 }] + (y * y).sum().gradients(with: [x])
    }
    let function = compiled(body)
    for call in 0..<5 {
      let x = Tensor([Float(max(call, 1)), 0.5])
      #expect(function(x).map(\.floats) == body(x).map(\.floats))
    }
  }

  @Test func nanIsLookedForInReplaysToo() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      setenv("NAN_CHECK", "1", 1)
      let function = compiled { (x: Tensor) -> Tensor in (x * 2).sqrt() }
      for value in [1.0, 2.0, 3.0] { #expect(function(Tensor([value])).item > 0) }
      function(Tensor([-1.0]))
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("[NAN_CHECK] sqrt gives NaN that it has not read"), "\(text.prefix(600))")
  }

  @Test func emptyTensors() {
    let function = compiled { (x: Tensor) -> (Tensor, Tensor) in (x.sum(), x * 2) }
    for _ in 0..<4 {
      let (sum, double) = function(Tensor.zeros([0]))
      #expect(sum.item == 0 && double.floats == [])
    }
  }

  @Test func noTensorsAtAll() {
    let runs = Counter()
    let function = compiled { () -> () in runs.count += 1 }
    for _ in 0..<4 { function() }
    #expect(runs.count == 2)
  }

  @Test func errorsLeaveCellsAsTheyWere() throws {
    let (cell, count) = (TensorCell(Tensor([1.0])), TensorCell(Tensor(0)))
    let function = compiled { (x: Tensor, index: Tensor) -> Tensor in
      count.value = count.value + 1
      let taken = x.take(index)
      cell.value = cell.value + taken.sum()
      return taken
    }
    let x = Tensor([10.0, 20.0, 30.0])
    for _ in 0..<3 { #expect(try function.tryCall(x, Tensor([2, 0])).floats == [30, 10]) }
    #expect(throws: IndexOutOfRange(op: "gather", index: 3, extent: 3)) { try function.tryCall(x, Tensor([2, 3])) }
    #expect(cell.value.item == 121 && count.value.item == 3)
    #expect(try function.tryCall(x, Tensor([1, 1])).floats == [20, 20])
    #expect(cell.value.item == 161 && count.value.item == 4)
  }

  @Test func theBodysErrorsAreThrown() {
    struct Refusal: Error {}
    let function = compiled { (x: Tensor) throws -> Tensor in throw Refusal() }
    #expect(throws: Refusal.self) { try function.tryCall(Tensor([1.0])) }
    #expect(throws: Refusal.self) { try function.tryCall(Tensor([1.0])) }
  }

  @Test func severalFunctionsShareCells() {
    let cell = TensorCell(Tensor([1.0]))
    let add = compiled { (x: Tensor) -> () in cell.value = cell.value + x }
    let double = compiled { () -> Tensor in
      cell.value = cell.value * 2
      return cell.value
    }
    var expected = 1.0
    for call in 0..<5 {
      add(Tensor([Double(call)]))
      expected = (expected + Double(call)) * 2
      #expect(double().item == expected)
    }
  }

  @Test func functionsRunSideBySide() async {
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<4 {
        group.addTask {
          let function = compiled { (x: Tensor) -> Tensor in (x * 2 + 1).sum() }
          return (0..<50).allSatisfy { call in
            function(Tensor([Float(task), Float(call)])).item == Double(2 * task + 2 * call + 2)
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func theEvaluatorReplaysToo() async {
    await #expect(processExitsWith: .success) {
      setenv("DEVICE", "INTERPRETER", 1)
      let cell = TensorCell(Tensor([0.0]))
      let generators = (RandomGenerator(seed: 5), RandomGenerator(seed: 5))
      let function = compiled { (x: Tensor, factor: Tensor) -> Tensor in
        cell.value = cell.value + 1
        return (x * factor).realize() + cell.value + .uniform([2], using: generators.0)
      }
      for call in 0..<5 {
        let expected = Tensor([1.0, 2.0]) * Double(call) + Double(call + 1) + .uniform([2], using: generators.1)
        #expect(function(Tensor([1.0, 2.0]), Double(call)).floats == expected.floats)
      }
    }
  }

  @Test func memoryIsFlat() async {
    await #expect(processExitsWith: .success) {
      let cell = TensorCell(.zeros([64, 64]))
      let function = compiled { (x: Tensor) -> Tensor in
        let product = x.matmul(cell.value).softmax(axis: -1).realize()
        cell.value = cell.value + product
        return product.sum(axis: 0)
      }
      let x = Tensor.ones([64, 64]).realize()
      for _ in 0..<3 { function(x) }
      StoragePool.shared.resetPeak()
      let before = StoragePool.shared.statistics
      for _ in 0..<1000 { function(x) }
      let after = StoragePool.shared.statistics
      #expect(after.liveByteCount == before.liveByteCount)
      #expect(after.liveByteCount + after.pooledByteCount == before.liveByteCount + before.pooledByteCount)
      // Two tensors and the block of temporaries at most, beside the cell and the input.
      #expect(after.peakLiveByteCount <= before.liveByteCount + 4 * 64 * 64 * 4)
    }
  }
}
