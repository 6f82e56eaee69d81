import LazyOps
import LazyRuntime
import TestSupport

extension FuzzCase {
  /// What a captured function of the leaves computes otherwise than the same function uncaptured, over calls with other
  /// numbers; nil where all bits are the same.
  var captureFault: String? {
    // A node that is realized early is realized in the body.
    let body = { (leaves: [Tensor]) throws -> [Tensor] in
      let made = nodes(on: leaves.map(\.node))
      try Tensor.tryRealize(early.map { Tensor(node: made[$0]) })
      return graph.outputs.map { Tensor(node: made[$0]) }
    }
    let function = compiled(body)
    for call in 0..<4 {
      do {
        // A leaf that nobody holds may be overwritten, and a sum over what lies in memory has another order than one
        // over what is computed on the way: a captured function writes over no input.
        let held = leaves(ofCall: call)
        let expected = try body(held)
        try withExtendedLifetime(held) { try Tensor.tryRealize(expected) }
        let found = try function.tryCall(held)
        for (output, (x, y)) in zip(found, expected).enumerated() where FuzzCase.bytes(x) != FuzzCase.bytes(y) {
          return "captured, call \(call), output \(output) has other bits"
        }
      } catch {
        // Other numbers may have made an index leave its axis: no call after it is like the first.
        if call > 0, error is IndexOutOfRange { return nil }
        return "captured, call \(call): \(error)"
      }
    }
    return nil
  }

  /// The leaves in a call: floating-point ones are others each time; indices must stay valid.
  private func leaves(ofCall call: Int) -> [Tensor] {
    zip(nodes().leaves, leaves).map { node, value in
      guard node.storage != nil, value.dtype.isFloatingPoint, call > 0 else { return Tensor(node: node) }
      return Tensor(node: HostArray(value.doubles.map { $0 * (1 - 0.5 * Double(call)) }, value.shape, value.dtype).leaf)
    }
  }

  private static func bytes(_ x: Tensor) -> [UInt8] { x.withUnsafeBytes { Array($0) } }
}
