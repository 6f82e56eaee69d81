extension Tensor {
  /// Computes a function whose gradients follow a rule of its own.
  ///
  ///     // Rounds, and lets gradients pass as if it did not. (Bengio et al. 2013)
  ///     let y = Tensor.custom("round", x) { $0.round() } backward: { gradient, _, _ in gradient }
  ///
  /// Of `forward` only the elements count: no gradient flows through what it computes, nor to tensors it captures.
  /// `backward` makes a graph like any other, so gradients of gradients follow from it; it should use the inputs and the
  /// output it is given rather than capture them.
  ///
  /// - Parameters:
  ///   - name: the function as messages name it.
  ///   - backward: returns the gradient at the input, of the input's shape and dtype, from that at the output, the input
  ///     and the output.
  public static func custom(
    _ name: String, _ input: Tensor, forward: (Tensor) -> Tensor,
    backward: @escaping @Sendable (_ gradient: Tensor, _ input: Tensor, _ output: Tensor) -> Tensor
  ) -> Tensor {
    custom(name, [input], forward: { [forward($0[0])] }, backward: { [backward($0[0], $1[0], $2[0])] })[0]
  }

  /// Computes a function of several tensors, with several results, whose gradients follow a rule of its own.
  ///
  /// - Parameters:
  ///   - name: the function as messages name it.
  ///   - backward: returns for each input the gradient there, of the input's shape and dtype, or nil for zero; from the
  ///     gradients at the outputs (zeros where none arrives), the inputs and the outputs. Another number of gradients,
  ///     another shape or another dtype is a programmer's error.
  public static func custom(
    _ name: String, _ inputs: [Tensor], forward: ([Tensor]) -> [Tensor],
    backward: @escaping @Sendable (_ gradients: [Tensor], _ inputs: [Tensor], _ outputs: [Tensor]) -> [Tensor?]
  ) -> [Tensor] {
    let computed = withoutGradient { forward(inputs) }
    guard GradientMode.isEnabled else { return computed }
    let rule = GradientRule(
      name: name, inputs: inputs.map(\.node), computed: computed.map(\.node), kind: .custom(backward))
    return computed.indices.map { rule.result($0) }
  }
}
