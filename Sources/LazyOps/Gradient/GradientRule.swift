/// How gradients go back through a whole function at once, instead of op by op.
///
/// Each result of the function is a `detach` node over what was computed, with a `GradientRule.Output`. A walk back from
/// any of them collects the gradients of all, asks the rule once, and goes on at the inputs.
package final class GradientRule: Sendable {
  /// The result of a function at a place.
  package struct Output: Sendable {
    package var rule: GradientRule
    package let place: Int
  }

  /// What a rule makes gradients with.
  package enum Kind: Sendable {
    /// A function's own: from the gradients at its results, its inputs and its results, one for each input.
    case custom(@Sendable (_ gradients: [Tensor], _ inputs: [Tensor], _ outputs: [Tensor]) -> [Tensor?])
    /// Computes again what lies between inputs and results, and goes back through that.
    case checkpoint
  }

  /// The function, as messages name it.
  package let name: String
  /// What the function reads; gradients arrive here.
  package let inputs: [Node]
  /// What the function computed, before the rule was put over it.
  package let computed: [Node]
  package let kind: Kind

  package init(name: String, inputs: [Node], computed: [Node], kind: Kind) {
    (self.name, self.inputs, self.computed, self.kind) = (name, inputs, computed, kind)
  }

  /// Returns what was computed at `place` as a result whose gradient follows the rule; as it is where it has none.
  package func result(_ place: Int) -> Tensor {
    let node = computed[place]
    guard node.dtype.isFloatingPoint else { return Tensor(node: node) }
    // In the body of a captured function elements stay a part of the graph, which says where they come from.
    let storage = RandomGenerator.recorder == nil ? node.storage : nil
    return Tensor(
      node: Node(
        .detach, [node], shape: node.shape, dtype: node.dtype, storage: storage,
        rule: Output(rule: self, place: place)))
  }

  /// Returns the gradients that arrive at the inputs.
  ///
  /// - Parameters:
  ///   - upstream: what arrives at the results; nil where nothing does.
  ///   - outputs: the results that gradients came from; nil for others.
  ///   - isWanted: for each input, whether its gradient is of use.
  func gradients(_ upstream: [Tensor?], outputs: [Tensor?], isWanted: [Bool]) -> [Tensor?] {
    switch kind {
    case .custom(let backward):
      let outputs = outputs.enumerated().map { $1 ?? result($0) }
      let upstream = zip(upstream, outputs).map { $0 ?? .zeros(like: $1) }
      let gradients = backward(upstream, inputs.map { Tensor(node: $0) }, outputs)
      check(gradients)
      return gradients
    case .checkpoint:
      return recomputedGradients(upstream, isWanted: isWanted)
    }
  }

  private func check(_ gradients: [Tensor?]) {
    Tensor.require(
      gradients.count == inputs.count, name, "backward gave \(gradients.count) gradients for \(inputs.count) inputs")
    for (place, (gradient, input)) in zip(gradients, inputs).enumerated() {
      guard let gradient else { continue }
      Tensor.require(
        input.dtype.isFloatingPoint, name,
        "backward gave a gradient for input \(place), which is \(input.dtype)\(input.shape) and has none: give nil")
      Tensor.require(
        gradient.shape == input.shape && gradient.dtype == input.dtype, name,
        "backward gave a gradient of \(gradient.dtype)\(gradient.shape) for input \(place), "
          + "which is \(input.dtype)\(input.shape)")
    }
  }
}

extension GradientRule.Output {
  /// The nodes that only this output's rule may hold: none where others hold the rule too.
  var ownNodes: [Node] {
    mutating get { isKnownUniquelyReferenced(&rule) ? rule.inputs + rule.computed : [] }
  }
}
