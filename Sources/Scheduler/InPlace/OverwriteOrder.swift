import LazyOps

/// The order that updates in place ask for beyond that of reading: whatever reads the old value comes before.
struct OverwriteOrder {
  let graph: Graph
  private let staged: StagedNodes
  private let targets: [Graph.ID: Graph.ID]
  /// For each staged node, the staged nodes it reads, and the leaves that are overwritten.
  private(set) var reads: [Graph.ID: [Graph.ID]] = [:]
  /// For each staged node, the updates in place that must come after it, though they do not read it.
  private(set) var followers: [Graph.ID: [Graph.ID]] = [:]
  /// The updates that cannot come after all that must be before them.
  private(set) var impossible: Set<Graph.ID> = []
  private var readers: [Graph.ID: [Graph.ID]] = [:]

  init(_ graph: Graph, _ staged: StagedNodes, _ targets: [Graph.ID: Graph.ID]) {
    self.graph = graph
    self.staged = staged
    self.targets = targets
    let taken = Set(targets.values)
    for id in graph.nodes.indices where staged.isStaged[id] {
      var found: [Graph.ID] = []
      var seen: Set<Graph.ID> = []
      var pending = sourcesRead(by: id)
      while let source = pending.popLast() {
        guard seen.insert(source).inserted else { continue }
        if staged.isStaged[source] || taken.contains(source) {
          found.append(source)
        } else {
          pending += graph.nodes[source].sources
        }
      }
      reads[id] = found
      for source in found { readers[source, default: []].append(id) }
    }
  }

  private func sourcesRead(by id: Graph.ID) -> [Graph.ID] {
    targets[id] == nil ? graph.nodes[id].sources : Array(graph.nodes[id].sources.dropFirst())
  }

  /// Orders all updates in place, and returns whether that is possible for each.
  mutating func isSound() -> Bool {
    guard !targets.isEmpty else { return true }
    let fails = staged.failures
    let failing = graph.nodes.indices.filter { fails[$0] && staged.isStaged[$0] }
    var goesBack = false
    for id in targets.keys.sorted() {
      let target = targets[id]!
      var before = (readers[target] ?? []).filter { $0 != id }
      if graph.nodes[target].op == .buffer { before += failing.filter { $0 != id } }
      if staged.isStaged[target] { before.append(target) }
      for earlier in Set(before).sorted() {
        // What stands before cannot be reached, unless an edge already leads back.
        if earlier > id || goesBack, reaches(earlier, from: id) {
          impossible.insert(id)
          break
        }
        goesBack = goesBack || earlier > id
        followers[earlier, default: []].append(id)
      }
      if graph.nodes[target].op == .buffer, fails[id] { impossible.insert(id) }
    }
    return impossible.isEmpty
  }

  private func reaches(_ goal: Graph.ID, from start: Graph.ID) -> Bool {
    var pending = [start]
    var seen: Set<Graph.ID> = [start]
    while let id = pending.popLast() {
      if id == goal { return true }
      for next in (readers[id] ?? []) + (followers[id] ?? []) where seen.insert(next).inserted { pending.append(next) }
    }
    return false
  }
}
