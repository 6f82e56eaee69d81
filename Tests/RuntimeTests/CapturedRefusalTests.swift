import LazyOps
import LazyRuntime
import Synchronization
import Testing

/// What a captured function would freeze unseen stops the program with a message.
@Suite struct CapturedRefusalTests {
  typealias Refusal = (message: String, call: @Sendable () -> Void)

  /// A number that is another one each time it is asked for.
  final class Ticker: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .acquiring) }
    var next: Int { count.wrappingAdd(1, ordering: .releasing).newValue }
  }

  /// A struct that does not show all its tensors.
  struct Forgetful: TensorStructure {
    var shown, forgotten: Tensor
    mutating func visitParts(_ visitor: inout PartVisitor) { visitor(&shown) }
  }

  static let x = Tensor([1.0, 2.0])

  static let refusals: [Refusal] = [
    // Inputs that are not as they were.
    (
      "[compiled] input 0 has float32[3], but had float32[2] when the function was captured",
      {
        let function = compiled { (x: Tensor) -> Tensor in x + 1 }
        for count in [2, 2, 2, 3] { function(Tensor.ones([count])) }
      }
    ),
    (
      "[compiled] input 1 has float64[2], but had float32[2] when the function was captured",
      {
        let function = compiled { (x: Tensor, y: Tensor) -> Tensor in x + y }
        for dtype: DType in [.float32, .float64] { function(x, Tensor.ones([2], dtype: dtype)) }
      }
    ),
    (
      "[compiled] input 0 has a list of 1, but had a list of 2 when the function was captured",
      {
        let function = compiled { (list: [Tensor]) -> Tensor in list[0] + 1 }
        for count in [2, 2, 2, 1] { function([Tensor](repeating: x, count: count)) }
      }
    ),
    (
      "[compiled] input 0 has nil, but had a value when the function was captured",
      {
        let function = compiled { (x: Tensor?) -> Tensor in x ?? .zeros([1]) }
        for call in 0..<4 { function(call == 3 ? nil : x) }
      }
    ),
    (
      "[compiled] input 0 has \"c\", but had \"b\" when the function was captured",
      {
        let function = compiled { (table: [String: Tensor]) -> Tensor in table["a"]! + 1 }
        for key in ["b", "b", "b", "c"] { function(["a": x, key: x]) }
      }
    ),
    (
      "[compiled] input 1 has the number 3, but had the number 2 when the function was captured: declare it as a Tensor",
      {
        let function = compiled { (x: Tensor, power: Int) -> Tensor in power == 2 ? x * x : x * x * x }
        for power in [2, 2, 2, 3] { function(x, power) }
      }
    ),
    (
      "[compiled] input 0 tracks gradients",
      {
        let function = compiled { (x: Tensor) -> Tensor in x + 1 }
        function(TensorCell(x, tracksGradient: true).value)
      }
    ),
    (
      "[compiled] input 0, a Forgetful, has 2 tensors, and its visitParts visits 1",
      { compiled { (pair: Forgetful) -> Tensor in pair.shown + pair.forgotten }(Forgetful(shown: x, forgotten: x)) }
    ),
    (
      "[compiled] the output Forgetful has 2 tensors, and its visitParts visits 1",
      { _ = compiled { (x: Tensor) -> Forgetful in Forgetful(shown: x, forgotten: x) }(x) }
    ),

    // Swift values read in the body.
    (
      "[compiled] elements of a tensor are read in the body of a captured function",
      { compiled { (x: Tensor) -> Tensor in x.sum().item > 0 ? x : -x }(x) }
    ),
    ("[compiled] elements of a tensor are read", { compiled { (x: Tensor) -> Tensor in x * x.floats[0] }(x) }),
    ("[compiled] elements of a tensor are read", { compiled { (x: Tensor) -> Tensor in x * x.ints[0] }(x) }),
    (
      "[compiled] elements of a tensor are read",
      { compiled { (x: Tensor) -> Tensor in x.bools[0] ? x : x + 1 }(x) }
    ),
    (
      "[compiled] elements of a tensor are read",
      { compiled { (x: Tensor) -> Tensor in x * x.withUnsafeBytes { $0.count } }(x) }
    ),
    (
      "[compiled] elements of a tensor are read",
      { compiled { (x: Tensor) -> Tensor in "\(x)".isEmpty ? x : x + 1 }(x) }
    ),
    (
      "[permutation] the order is made on the host",
      { compiled { (x: Tensor) -> Tensor in x.take(.permutation(2)) }(x) }
    ),

    // What was another in the second call than in the first.
    (
      "a Swift number in it was 1.0, then 2.0 (float32[2]); pass it as an input",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in x * Double(ticker.next) + 0.5 }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "an argument made in it was 1.0, then 2.0; pass it as an input",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in x * Tensor.argument(ticker.next) }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "a tensor made in it or taken from outside had other elements the second time",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in x + Tensor([ticker.next, 5]) }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "a tensor made in it or taken from outside had other elements the second time",
      {
        nonisolated(unsafe) var state = Tensor([0.0, 0.0])
        let function = compiled { (x: Tensor) -> Tensor in
          state = state + x
          return state
        }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "at the same place; capture a function for each case",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in ticker.next == 1 ? x.exp() : x.sqrt() }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "the number of its schedules was 1, then 2",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in (ticker.next == 1 ? x * 2 : (x * 2).realize()) + 1 }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "it returned another structure",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> [Tensor] in [Tensor](repeating: x + 1, count: ticker.next) }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "it read or assigned other parameters or cells",
      {
        let function = compiled { (x: Tensor) -> Tensor in x + TensorCell(.ones([2])).value }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "it assigned other values to its parameters or cells",
      {
        let (ticker, cell) = (Ticker(), TensorCell(x))
        let function = compiled { (x: Tensor) -> Tensor in
          let y = x + cell.value
          if ticker.next == 1 { cell.value = x }
          return y
        }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "the number of its random draws was 1, then 2",
      {
        let ticker = Ticker()
        let generator = RandomGenerator(seed: 1)
        let function = compiled { (x: Tensor) -> Tensor in
          let noise = Tensor.uniform([2], using: generator)
          if ticker.next == 2 { _ = Tensor.uniform([2], using: generator) }
          return x + noise
        }
        for _ in 0..<2 { function(x) }
      }
    ),
    (
      "a tensor came from another place the second time",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor, y: Tensor) -> Tensor in (ticker.next == 1 ? x : y) + 1 }
        for _ in 0..<2 { function(x, Tensor([3.0, 4.0])) }
      }
    ),

    // Calls that are not one after the other.
    (
      "[compiled] a captured function is called in the body of a captured function",
      {
        let inner = compiled { (x: Tensor) -> Tensor in x + 1 }
        compiled { (x: Tensor) -> Tensor in inner(x) * 2 }(x)
      }
    ),
    (
      "[compiled] a call did not do what the one before did: the number of its schedules was 0, then 1",
      {
        let ticker = Ticker()
        let function = compiled { (x: Tensor) -> Tensor in ticker.next < 3 ? x : x * 2 }
        for _ in 0..<3 { function(x) }
        Recording.modeHasChanged()
        function(x)
      }
    ),
  ]

  @Test("stops with a message", arguments: 0..<refusals.count)
  func stops(number: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [number = number as Int] in
      CapturedRefusalTests.refusals[number].call()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains(CapturedRefusalTests.refusals[number].message), "\(text.prefix(800))")
  }

  @Test func aCallOnAnotherThreadMeanwhileStops() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let isInside = Ticker()
      let isDone = Ticker()
      nonisolated(unsafe) let function = compiled { (x: Tensor) -> Tensor in
        _ = isInside.next
        while isDone.value == 0 {}
        return x
      }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { function(CapturedRefusalTests.x) }
        while isInside.value == 0 {}
        function(CapturedRefusalTests.x)
        _ = isDone.next
      }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("[compiled] a captured function is called while it runs on another thread"))
  }
}
