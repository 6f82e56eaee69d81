extension Graph {
  /// Mixes the edges, types and ranks of all nodes. Ops and extents are left to `==`, which a cache asks anyway: hashing
  /// them costs more than the few collisions.
  package func hash(into hasher: inout Hasher) {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ number: Int) { state = (state ^ UInt64(truncatingIfNeeded: number)) &* 0x0000_0100_0000_01B3 }
    for node in nodes {
      mix(Int(node.dtype.rawValue) << 8 | node.shape.rank)
      if let last = node.shape.extents.last { mix(last.bound) }
      if case .binary(let op) = node.op { mix(Int(unsafeBitCast(op, to: UInt8.self))) }
      for source in node.sources { mix(source) }
    }
    hasher.combine(state)
    hasher.combine(outputs)
  }
}
