import LazyOps

/// The tensors in the inputs of a call, and the inputs' structure, which is that of earlier calls.
struct InputList {
  private var visitor: PartVisitor
  private let isFirst: Bool
  private var count = 0

  /// Begins a list; `expected` is what the calls before came by, nil in the first.
  init(expected: [PartVisitor.Part]?) {
    visitor = expected.map { PartVisitor.comparer($0, into: []) } ?? .lister
    isFirst = expected == nil
  }

  /// The tensors so far.
  var tensors: [Tensor] { visitor.tensors }

  /// The structure.
  var parts: [PartVisitor.Part] { visitor.parts }

  /// Appends an input.
  mutating func append<Part: TensorStructure>(_ part: Part) {
    let before = tensors.count
    _ = visitor.visited(part)
    if isFirst {
      let found = tensorCount(in: part)
      Tensor.require(
        found <= tensors.count - before, "compiled",
        "input \(count), a \(Part.self), has \(found) tensors, and its visitParts visits \(tensors.count - before)")
    }
    if let (expected, found) = visitor.mismatch {
      let before = expected.map { "\($0)" } ?? "nothing more"
      var advice = "capture another function for it"
      if case .number = found { advice = "declare it as a Tensor, and call the function with the number" }
      Tensor.misuse(
        "compiled", "input \(count) has \(found), but had \(before) when the function was captured: \(advice)")
    }
    for tensor in tensors[before...] where tensor.tracksGradient {
      Tensor.misuse(
        "compiled",
        "input \(count) tracks gradients, and none flow through a captured function: pass x.detached(), or read the "
          + "parameter in the body")
    }
    count += 1
  }

  /// Ends the list.
  func end() {
    if let missing = visitor.missing {
      Tensor.misuse("compiled", "the inputs lack \(missing), which they had when the function was captured")
    }
  }

  /// Computes the tensors that are pending, but for those handed over as scalars: in the first call arguments, later
  /// those that `known` says.
  func realize(keepingScalars known: [Bool]?) throws {
    var pending: [Tensor] = []
    for (number, tensor) in tensors.enumerated() where !tensor.isRealized {
      if known?[number] ?? tensor.isScalarArgument, tensor.isScalarArgument { continue }
      pending.append(tensor)
    }
    if !pending.isEmpty { try Tensor.tryRealize(pending) }
  }
}
