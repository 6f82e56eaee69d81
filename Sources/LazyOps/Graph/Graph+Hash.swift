extension Graph {
  /// Mixes the edges, types, extents and constants of all nodes. Ops are left to `==`, which a cache asks anyway:
  /// hashing them costs more than the few collisions.
  package func hash(into hasher: inout Hasher) {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ number: Int) { state = (state ^ UInt64(truncatingIfNeeded: number)) &* 0x0000_0100_0000_01B3 }
    for node in nodes {
      mix(Int(node.dtype.rawValue) << 8 | node.shape.rank)
      for extent in node.shape.extents { mix(extent.bound) }
      switch node.op {
      case .constant(.real(let value)): mix(Int(bitPattern: UInt(value.bitPattern)))
      case .constant(.integer(let value)): mix(Int(value))
      case .constant(.large(let value)): mix(Int(truncatingIfNeeded: value))
      case .buffer, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier, .reduce,
        .scan,
        .radixPass, .reshape,
        .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
        break
      }
      for source in node.sources { mix(source) }
    }
    hasher.combine(state)
    hasher.combine(outputs)
    hasher.combine(donated)
    hasher.combine(limits)
  }
}
