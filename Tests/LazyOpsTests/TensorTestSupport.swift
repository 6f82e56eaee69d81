import LazyOps
import Testing

/// Expects elements close to numbers, and a shape if one is given; NaN and infinities must be the same.
func expect(
  _ tensor: Tensor, _ numbers: [Double], _ shape: Shape? = nil, dtype: DType? = nil, tolerance: Double = 2e-6,
  comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  if let shape { #expect(tensor.shape == shape, comment, sourceLocation: sourceLocation) }
  if let dtype { #expect(tensor.dtype == dtype, comment, sourceLocation: sourceLocation) }
  let found = try hostNumbers(tensor)
  let isClose =
    found.count == numbers.count
    && zip(found, numbers).allSatisfy { found, wanted in
      if found.isNaN || wanted.isNaN { return found.isNaN && wanted.isNaN }
      return found == wanted || abs(found - wanted) <= tolerance * max(1, abs(wanted))
    }
  let text = comment.map { "\($0): " } ?? ""
  #expect(isClose, "\(text)\(found), not \(numbers)", sourceLocation: sourceLocation)
}

/// Returns the ops a tensor is computed by, sources first, leaves included.
func ops(of tensor: Tensor) -> [Op] { Graph.snapshot(of: [tensor.node]).graph.nodes.map(\.op) }

/// Returns whether what a process wrote to its standard error holds a text.
func says(_ output: [UInt8], _ text: String) -> Bool { String(decoding: output, as: UTF8.self).contains(text) }
