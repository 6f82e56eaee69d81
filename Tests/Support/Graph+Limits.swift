package import LazyOps

extension Graph {
  /// Returns the values of outputs with 0 in place of what lies beyond the run-time lengths they end at.
  package func withoutUnneeded(_ values: [HostArray], leaves: [HostArray]) -> [HostArray] {
    var values = values
    for limit in limits {
      let length = Int(leaves[limit.leaf].scalars[0].int64)
      values[limit.output] = values[limit.output].cleared(from: length, on: limit.axis)
    }
    return values
  }
}
