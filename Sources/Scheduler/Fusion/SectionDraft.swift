import LazyOps

/// A section while it is being formed: a grid, and the staged nodes computed at each of its points.
struct SectionDraft {
  /// A staged node in the section. Each of its axes runs with a variable: one of the grid, or one of its own.
  struct Member {
    let node: Graph.ID
    let indices: [Index]
  }

  /// A member that is a sum over a range of the grid: at each point something is added to it.
  struct Sum {
    /// The reduction: the member itself, or what it is a copy of.
    let reduction: Graph.ID
    let rows: IndexVariable
  }

  /// The ranges that every member runs with.
  var grid: [IndexVariable]
  /// The root first, then producers, each after all its readers in the section.
  var members: [Member] = []
  /// Staged nodes that turned out not to fit in scratch and are computed inline here.
  var inlined: Set<Graph.ID> = []
  /// The members that other sections compute for themselves too.
  var copies: Set<Graph.ID> = []
  /// The members that are sums over a range of the grid; one thread goes along that in order.
  var sums: [Graph.ID: Sum] = [:]
  /// Where the section reads each staged node it does not hold, or may come to hold.
  var uses: [Graph.ID: [[Index]]] = [:]
  /// Why nodes it reads are computed elsewhere.
  var boundaries: [String] = []
  var nextVariable: Int
  var work = 0
  /// How many ops are computed for one element of each member.
  var operations = 0

  /// Starts a section at its last node, with a grid over all axes of that.
  init(root: Graph.ID, shape: Shape) {
    grid = []
    nextVariable = 0
    let indices = makeIndices(for: shape)
    grid = indices.compactMap { if case .variable(let variable) = $0 { variable } else { nil } }
    members = [Member(node: root, indices: indices)]
  }

  var gridPoints: Int { grid.reduce(1) { $0 * $1.extent } }

  /// Returns a new variable that counts to `extent`, or the constant 0 for an extent of 1.
  mutating func makeIndex(extent: Int) -> Index {
    guard extent > 1 else { return .constant(0) }
    defer { nextVariable += 1 }
    return .variable(IndexVariable(id: nextVariable, extent: extent))
  }

  /// Returns an index of its own for each axis.
  mutating func makeIndices(for shape: Shape) -> [Index] { shape.dimensions.map { makeIndex(extent: $0) } }

  /// Returns, for each axis, the grid range that all uses of a value have in common there, or nil where the value is
  /// needed at other indices too.
  func commonIndices(_ uses: [[Index]], shape: Shape) -> [Index?] {
    var taken: Set<IndexVariable> = []
    return (0..<shape.rank).map { axis in
      if shape[axis] == 1 { return .constant(0) }
      guard case .variable(let variable) = uses[0][axis], variable.extent == shape[axis], grid.contains(variable),
        uses.allSatisfy({ $0[axis] == uses[0][axis] }), taken.insert(variable).inserted
      else { return nil }
      return uses[0][axis]
    }
  }

  /// The extents of a member that a grid leaves free: the shape of its scratch.
  func freeExtents(_ indices: [Index], grid: [IndexVariable]) -> [Int] {
    indices.compactMap {
      if case .variable(let variable) = $0, !grid.contains(variable) { variable.extent } else { nil }
    }
  }
}
