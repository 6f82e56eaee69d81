public import LazyOps

/// Layers in a row, each taking what the one before it gives.
public struct Sequential: Layer {
  /// The layers, first to last.
  public let layers: [any Layer]

  /// Creates a row of layers; parameters are named `layers.0.weight`.
  public init(_ layers: any Layer...) { self.layers = layers }

  /// Creates a row from an array of layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// Returns what the last layer makes of `x`.
  public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }
}
