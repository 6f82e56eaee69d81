extension Graph: CustomStringConvertible {
  /// One line a node, then the outputs, and where there are any the leaves whose memory may be taken over and the ends of
  /// outputs:
  ///
  ///     %0 = buffer : float32[2, 3]
  ///     %1 = exp %0 : float32[2, 3]
  ///     return %1
  package var description: String {
    let outputs = outputs.map { " %\($0)" }.joined(separator: ",")
    let donated = donated.isEmpty ? [] : ["donated leaves " + donated.map(String.init).joined(separator: ", ")]
    let limits = limits.map { "output \($0.output) ends on axis \($0.axis) at leaf \($0.leaf)" }
    return (nodes.indices.map(describe) + ["return" + outputs] + donated + limits).joined(separator: "\n")
  }

  /// Returns the line of one node.
  package func describe(_ id: ID) -> String { "%\(id) = \(nodes[id])" }
}

extension Graph.Vertex: CustomStringConvertible {
  /// The op, the numbers of its sources, dtype and shape: `add %1 %2 : float32[2, 3]`.
  package var description: String {
    "\(op)" + sources.map { " %\($0)" }.joined() + " : \(dtype)\(shape)"
  }
}
