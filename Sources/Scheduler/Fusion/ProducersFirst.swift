import LazyOps

/// Sorts steps so that each comes after those that write what it reads, and after those that read what it overwrites.
enum ProducersFirst {
  /// What the place of a section or kernel depends on.
  struct Step {
    /// The buffers it reads or writes.
    let touched: [Int]
    /// Buffers that are written before it though it does not read them.
    let awaited: [Int]
    let written: Set<Int>
    /// The buffers whose memory it takes over.
    let overwritten: [Int]
    /// Whether one of these is a leaf: nothing may fail afterwards.
    let overwritesLeaf: Bool
    /// Whether an index may be out of range.
    let canFail: Bool

    init(_ sections: [Section], _ graph: Graph, _ buffers: [Buffer]) {
      touched = sections.flatMap(\.buffers)
      awaited = sections.flatMap(\.awaited)
      written = sections.reduce(into: []) { $0.formUnion($1.writtenBuffers) }
      overwritten = written.compactMap { buffers[$0].over }.sorted()
      overwritesLeaf = overwritten.contains { if case .leaf = buffers[$0].kind { true } else { false } }
      canFail = sections.contains { $0.canFail(in: graph, buffers) }
    }
  }

  /// Returns the numbers of the steps in order; where several could come next, that which stands later in the list, and
  /// what it needs before it.
  static func order(_ steps: [Step]) -> [Int] {
    let needs = needs(of: steps)
    var order: [Int] = []
    order.reserveCapacity(steps.count)
    var isDone = [Bool](repeating: false, count: steps.count)
    var isOpen = isDone
    for start in steps.indices.reversed() where !isDone[start] {
      // Depth first; `next` is how many of a step's needs have been looked at.
      var pending = [(step: start, next: 0)]
      isOpen[start] = true
      while let (step, next) = pending.last {
        guard next < needs[step].count else {
          pending.removeLast()
          isDone[step] = true
          order.append(step)
          continue
        }
        pending[pending.count - 1].next += 1
        let needed = needs[step][next]
        guard needed != step, !isDone[needed] else { continue }
        precondition(!isOpen[needed], "bug: kernels wait for each other")
        isOpen[needed] = true
        pending.append((needed, 0))
      }
    }
    return order
  }

  /// For each step, those that must come before it.
  static func needs(of steps: [Step]) -> [[Int]] {
    var writer: [Int: Int] = [:]
    for (number, step) in steps.enumerated() { for result in step.written { writer[result] = number } }
    var needs = steps.map { step in (step.touched + step.awaited).compactMap { writer[$0] } }
    let overwritten = Set(steps.flatMap(\.overwritten))
    guard !overwritten.isEmpty else { return needs }
    var readers: [Int: [Int]] = [:]
    for (number, step) in steps.enumerated() {
      for buffer in step.touched where overwritten.contains(buffer) { readers[buffer, default: []].append(number) }
    }
    let failing = steps.indices.filter { steps[$0].canFail }
    for (number, step) in steps.enumerated() {
      for buffer in step.overwritten {
        if let writer = writer[buffer] { needs[number].append(writer) }
        needs[number] += readers[buffer] ?? []
      }
      if step.overwritesLeaf { needs[number] += failing }
    }
    return needs
  }
}
