public import LazyOps
import LazyRuntime
import Synchronization

/// A layer that in training puts elements to 0 with a probability and scales the others up; afterwards it lets
/// everything pass. (Srivastava et al. 2014)
public final class Dropout: Layer, TrainingDependent, Sendable {
  /// How likely an element is put to 0.
  public let probability: Double
  private let generator: RandomGenerator
  private let training = Atomic(true)

  /// Creates a layer that draws from `generator`.
  public init(_ probability: Double = 0.5, using generator: RandomGenerator = .global) {
    Tensor.require(0...1 ~= probability, "Dropout", "probability \(probability) is not from 0 to 1")
    self.probability = probability
    self.generator = generator
  }

  /// Whether elements are put to 0.
  public var isTraining: Bool {
    get { training.load(ordering: .relaxed) }
    set {
      let old = training.exchange(newValue, ordering: .relaxed)
      if old != newValue { Recording.modeHasChanged() }
    }
  }

  /// Returns `x`, in training with some elements put to 0.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    isTraining ? x.dropout(probability, using: generator) : x
  }
}
