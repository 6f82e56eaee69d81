package import LazyOps

/// Returns how computed numbers differ from expected ones, or nil where they agree: equal, both NaN, or finite and no
/// further apart than `tolerance`, relative to the expected one where that is above 1.
package func disagreement(_ computed: [Double], _ expected: [Double], tolerance: Double) -> String? {
  guard computed.count == expected.count else { return "\(computed.count) numbers, not \(expected.count)" }
  for (index, (x, y)) in zip(computed, expected).enumerated() {
    if x == y || x.isNaN && y.isNaN { continue }
    if y.isFinite, abs(x - y) <= tolerance * max(1, abs(y)) { continue }
    return "[\(index)] is \(x), not \(y)"
  }
  return nil
}

/// Returns how a computed array differs from the expected one, shape and type included, or nil where they agree.
///
/// Without a tolerance only shape and type are compared.
package func disagreement(_ computed: HostArray, _ expected: HostArray, tolerance: Double?) -> String? {
  guard computed.dtype == expected.dtype, computed.shape == expected.shape else {
    return "\(computed.dtype)\(computed.shape), not \(expected.dtype)\(expected.shape)"
  }
  guard let tolerance else { return nil }
  return disagreement(computed.doubles, expected.doubles, tolerance: tolerance)
}
