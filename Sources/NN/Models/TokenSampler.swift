public import LazyOps
import LazyRuntime

/// Picks tokens by their logits.
public struct TokenSampler: Sendable {
  /// How even the odds are made: logits are divided by it. At 0 the likeliest token is always picked.
  public let temperature: Double
  /// How many of the likeliest tokens are drawn from; nil for all.
  public let topK: Int?
  private let generator: RandomGenerator

  /// The sampler that always picks the likeliest token.
  public static let greedy = TokenSampler(temperature: 0)

  /// Creates a sampler that draws from `generator`.
  public init(temperature: Double = 1, topK: Int? = nil, using generator: RandomGenerator = .global) {
    Tensor.require(temperature >= 0, "TokenSampler", "temperature \(temperature) is negative")
    Tensor.require((topK ?? 1) > 0, "TokenSampler", "there is at least one token to draw from, not \(topK ?? 1)")
    self.temperature = temperature
    self.topK = topK
    self.generator = generator
  }

  /// Returns the number of a token. logits: those of one text, in any shape
  public func pick(_ logits: Tensor) -> Int {
    let logits = logits.flatten().cast(to: .float32)
    Tensor.require(logits.elementCount > 0, "TokenSampler", "there are no logits")
    if temperature == 0 {
      return logits.withUnsafeElements(as: Float.self) { all in all.indices.reduce(0) { all[$1] > all[$0] ? $1 : $0 } }
    }
    let odds = (logits * Tensor.argument(1 / temperature)).softmax(axis: 0)
    return odds.withUnsafeElements(as: Float.self, draw)
  }

  private func draw(_ odds: UnsafeBufferPointer<Float>) -> Int {
    let threshold = topK.map { TokenSampler.largest($0, of: odds) } ?? 0
    var candidates: [(token: Int, sum: Double)] = []
    var sum = 0.0
    for (token, likelihood) in odds.enumerated() where likelihood >= threshold && candidates.count < topK ?? .max {
      sum += Double(likelihood)
      candidates.append((token, sum))
    }
    let (high, low) = generator.nextKey()
    let goal = sum * Double(UInt64(high) << 21 | UInt64(low) >> 11) * 0x1p-53
    return candidates.first { $0.sum > goal }?.token ?? candidates[candidates.count - 1].token
  }

  /// Returns the `count`th largest number, or the smallest if there are fewer.
  private static func largest(_ count: Int, of numbers: UnsafeBufferPointer<Float>) -> Float {
    // A heap of the largest so far, with the smallest of them on top.
    var heap = Array(numbers.prefix(count))
    func sink(_ start: Int) {
      var place = start
      while true {
        var least = place
        for child in [2 * place + 1, 2 * place + 2] where child < heap.count && heap[child] < heap[least] {
          least = child
        }
        if least == place { return }
        heap.swapAt(place, least)
        place = least
      }
    }
    for place in heap.indices.reversed() { sink(place) }
    for number in numbers.dropFirst(count) where number > heap[0] {
      heap[0] = number
      sink(0)
    }
    return heap[0]
  }
}
