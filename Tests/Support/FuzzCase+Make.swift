import LazyOps

extension FuzzCase {
  /// Returns the case of a number in the campaign of a seed: always the same one.
  package static func make(seed: UInt64, number: Int) -> FuzzCase {
    var random = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number))
    var graphs: RandomGraphs
    let kind = Int.random(in: 0..<32, using: &random)
    switch kind {
    case 0..<4:
      // The edges of vectors.
      graphs = RandomGraphs(seed: random.next(), extents: [1, 7, 8, 9, 15, 16, 17, 31, 33, 64], limit: 4000)
    case 4..<6:
      graphs = RandomGraphs(seed: random.next(), extents: [1, 2, 3, 5, 7], maximumRank: 5, limit: 1200)
    case 6:
      // Enough work for several threads.
      graphs = RandomGraphs(seed: random.next(), extents: [3, 16, 61, 128, 257], limit: 30_000)
    default:
      graphs = RandomGraphs(seed: random.next(), drawsLengths: true)
    }
    var beginnings: [Tensor] = []
    switch kind {
    case 8..<14: beginnings.append(graphs.anyLeaf(graphs.shape()))
    case 14..<16: beginnings.append(graphs.drawn())
    case 16..<20: beginnings.append(graphs.product())
    case 20..<22: beginnings.append(graphs.longReduction())
    case 22..<26: beginnings.append(graphs.updated())
    default: break
    }
    var tensors = graphs.make(from: beginnings)
    if kind.isMultiple(of: 2) { tensors += beginnings }
    if graphs.below(4) == 0 { tensors += graphs.gradients(of: tensors) }

    var made = FuzzCase(tensors, holdsLeaves: graphs.below(2) == 0)
    let inner = made.graph.nodes.indices.filter { !made.graph.nodes[$0].isLeaf }
    if !inner.isEmpty, graphs.below(3) == 0 {
      made.early = (0...graphs.below(2)).map { _ in inner[graphs.below(inner.count)] }
    }
    return made
  }
}

extension RandomGraphs {
  /// Returns the gradients of one of the tensors with respect to up to three leaves it is computed from.
  mutating func gradients(of tensors: [Tensor]) -> [Tensor] {
    guard let output = tensors.filter({ $0.dtype.isFloatingPoint }).randomElement(using: &random) else { return [] }
    let leaves = Graph.snapshot(of: [output.node]).leaves.filter { $0.dtype.isFloatingPoint && $0.storage != nil }
    guard !leaves.isEmpty else { return [] }
    return output.gradients(with: leaves.prefix(3).map { Tensor(node: $0) }, seed: .ones(like: output))
  }
}
