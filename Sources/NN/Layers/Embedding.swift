public import LazyOps

/// A table of vectors that are looked up by number. integers [i...] -> [i..., width]
public struct Embedding: Layer, Sendable {
  /// [count, width]
  public let weight: Parameter

  /// Creates a table of `count` vectors of `width` normally distributed numbers.
  public init(_ count: Int, _ width: Int, using generator: RandomGenerator = .global) {
    Tensor.require(count > 0 && width > 0, "Embedding", "\(count) vectors of \(width) numbers: both must be positive")
    weight = Parameter(.normal([count, width], using: generator))
  }

  /// Creates a table from its vectors. [count, width]
  public init(weight: Tensor) {
    Tensor.require(weight.rank == 2, "Embedding", "weight \(weight.shape) is not [count, width]")
    self.weight = Parameter(weight)
  }

  /// Returns the vectors with the numbers in `indices`.
  public func callAsFunction(_ indices: Tensor) -> Tensor { weight().embedding(indices) }
}
