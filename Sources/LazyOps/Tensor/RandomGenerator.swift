import Synchronization

/// A source of random tensors: the same seed gives the same numbers on every machine and for every number of threads.
///
/// A generator holds only its seed and how often it has been drawn from. Each draw takes a key of its own, which is an
/// argument of the graph and not part of its structure: a training step with dropout compiles once.
public final class RandomGenerator: Sendable {
  /// What random functions use where no generator is given.
  public static let global = RandomGenerator(seed: 0)

  /// Who is told of the draws made while it is set, so that a captured step can make them anew.
  @TaskLocal package static var recorder: DrawRecorder?

  private struct State {
    var seed: UInt64
    var drawCount: UInt64 = 0
  }

  private let state: Mutex<State>

  /// Creates a generator that has not been drawn from.
  public init(seed: UInt64) { state = Mutex(State(seed: seed)) }

  /// The seed, and how many draws have been made since it was set.
  public var position: (seed: UInt64, drawCount: UInt64) { state.withLock { ($0.seed, $0.drawCount) } }

  /// Starts anew from a seed, or returns to a position.
  public func seed(_ seed: UInt64, drawCount: UInt64 = 0) {
    state.withLock { $0 = State(seed: seed, drawCount: drawCount) }
  }

  /// Returns the key of the next draw.
  package func nextKey() -> (UInt32, UInt32) {
    let (seed, draw) = state.withLock { state in
      defer { state.drawCount += 1 }
      return (state.seed, state.drawCount)
    }
    return Threefry.words(key: halves(seed), counter: halves(draw))
  }

  /// Returns two random `uint32` words for each of `count` elements. -> [count], [count]
  func words(_ count: Int) -> (Tensor, Tensor) {
    Tensor.require(count <= 1 << 32, "random", "\(count) numbers are more than one draw has")
    let (low, high) = nextKey()
    let key = (Tensor.argument(low, dtype: .uint32), Tensor.argument(high, dtype: .uint32))
    RandomGenerator.recorder?.record(Draw(generator: self, key: (key.0.node, key.1.node)))
    let shape = Shape([count])
    return Threefry.words(key: key, counter: (Primitive.iota(axis: 0, shape, .uint32), .full(shape, UInt32(0))))
  }
}

private func halves(_ word: UInt64) -> (UInt32, UInt32) {
  (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
}

/// One draw from a generator: to make it anew, bind `generator.nextKey()` to the two arguments.
package struct Draw: Sendable {
  /// What was drawn from.
  package let generator: RandomGenerator
  /// The arguments that hold the draw's key.
  package let key: (Node, Node)
}

/// A list of the draws made while it is `RandomGenerator.recorder`.
package final class DrawRecorder: Sendable {
  private let recorded = Mutex<[Draw]>([])

  package init() {}

  /// The draws in order.
  package var draws: [Draw] { recorded.withLock { $0 } }

  func record(_ draw: Draw) { recorded.withLock { $0.append(draw) } }
}
