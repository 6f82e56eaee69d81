extension Graph {
  /// What is wrong with the first node that breaks its op's rule, and that node as the printer shows it; nil if none
  /// does.
  package var fault: String? {
    for (id, node) in nodes.enumerated() {
      func fail(_ message: String) -> String { "\(describe(id)): \(message)" }
      guard node.sources.allSatisfy({ 0..<id ~= $0 }) else { return fail("a source does not stand before it") }
      let sources = node.sources.map { (shape: nodes[$0].shape, dtype: nodes[$0].dtype) }
      if let message = node.op.verify(sources: sources, shape: node.shape, dtype: node.dtype) {
        return fail(message)
      }
    }
    guard let output = outputs.first(where: { !nodes.indices.contains($0) }) else { return nil }
    return "output %\(output) is no node"
  }

  /// Stops the program if a node breaks its op's rule; `pass` says what made the graph.
  package func verify(after pass: String = "building") {
    if let fault { preconditionFailure("bug: after \(pass), \(fault)") }
  }
}
