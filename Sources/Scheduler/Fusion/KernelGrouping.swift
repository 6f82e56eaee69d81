import LazyOps

/// Groups sections into kernels, so that one launch does what belongs together.
///
/// Sections are taken producers first. Each becomes a kernel of its own, or joins one that stands already
/// - as a *follower* of one of its sections, point for point of the grid: what reads a row's maximum, after it;
/// - as a *finishing phase*: it combines, in index order and with little work, what the kernel's threads left in parts:
///   a sum of partial sums, a mean over rows;
/// - as a *further phase*: it goes over the same data again, with numbers that a pass before has found: the variance
///   after the mean, the index of a maximum after the maximum;
/// - as a *sibling* in the same phase: it reads the same data at the same time, or it is elementwise and nothing waits
///   for it, as the updates of a model's parameters.
///
/// A sibling that runs over the same ranges becomes one pass with the section beside it.
struct KernelGrouping {
  private let buffers: [Buffer]
  /// The buffers that some section reads or waits for.
  private let isRead: Set<Int>
  private var kernels: [Group] = []
  /// The section that writes each buffer; of those that write parts of one, the last.
  private var writers: [Int: Place] = [:]
  /// The kernels that read a buffer, in the order in which they came to.
  private var readers: [Int: [Int]] = [:]
  /// The kernel of elementwise sections that nothing waits for.
  private var updates: Int?
  /// The last kernel of updates in place.
  private var overwriting: Int?
  /// The kernels that use indices which may be out of range.
  private var failing: Set<Int> = []

  /// A kernel, and the longest chain of kernels that it waits for. It depends on no kernel of the same level or above.
  private struct Group {
    var kernel: Kernel
    var level: Int
  }

  /// Groups sections and returns the kernels, each after those whose results it reads. Sections that write parts of one
  /// buffer are given, and stay, together.
  static func kernels(of units: [[Section]], graph: Graph, buffers: [Buffer]) -> [Kernel] {
    let steps = units.map { ProducersFirst.Step($0, graph, buffers) }
    let candidates = zip(units, steps).map { Candidate($0, $1, buffers) }
    var grouping = KernelGrouping(candidates, buffers)
    for unit in ProducersFirst.order(steps) { grouping.place(candidates[unit]) }
    // Joining an earlier kernel may have moved a section before what it reads.
    let kernels = grouping.kernels.reversed().map(\.kernel)
    return ProducersFirst.order(kernels.map { .init($0.sections, graph, buffers) }).map { kernels[$0] }
  }

  private init(_ candidates: [Candidate], _ buffers: [Buffer]) {
    self.buffers = buffers
    isRead = candidates.reduce(into: []) { $0.formUnion($1.needs) }
  }

  /// A section, or several that write parts of one buffer, and what its place depends on.
  private struct Candidate {
    let sections: [Section]
    let reads: Set<Int>
    /// The buffers that are written before: those it reads, and those it only waits for.
    let needs: Set<Int>
    let isComputeBound: Bool
    /// The buffer that takes longest to read.
    let largest: Int?
    /// What must come before it.
    let step: ProducersFirst.Step

    init(_ sections: [Section], _ step: ProducersFirst.Step, _ all: [Buffer]) {
      self.sections = sections
      self.step = step
      reads = sections.reduce(into: []) { $0.formUnion($1.readBuffers.subtracting(step.written)) }
      needs = sections.reduce(into: reads) { $0.formUnion(Set($1.awaited).subtracting(step.written)) }
      isComputeBound = sections.contains { $0.isComputeBound(all) }
      largest = reads.sorted().max { all[$0].byteCount < all[$1].byteCount }
    }

    var isReducing: Bool { sections.contains(where: \.isReducing) }
    var instructionCount: Int { sections.reduce(0) { $0 + $1.instructionCount } }
  }

  /// A place in a kernel.
  private struct Position {
    let kernel: Int
    let phase: Int
  }

  /// A section of a kernel.
  private struct Place: Hashable {
    let kernel: Int
    let phase: Int
    let section: Int
  }

  // MARK: - Placing a section

  private mutating func place(_ candidate: Candidate) {
    var needed = Set((candidate.needs.union(candidate.step.overwritten)).compactMap { writers[$0]?.kernel })
    for buffer in candidate.step.overwritten { needed.formUnion(readers[buffer] ?? []) }
    if candidate.step.overwritesLeaf { needed.formUnion(failing) }
    // From now on something waits for the updates.
    if let open = updates, needed.contains(open) { updates = nil }
    let level = 1 + (needed.map { kernels[$0].level }.max() ?? -1)
    let isUpdate = isUpdate(candidate)
    let position =
      candidate.step.overwritten.isEmpty
      ? furtherPhase(for: candidate, after: needed, level: level)
        ?? siblings(of: candidate, besides: needed, level: level, isUpdate: isUpdate)
        ?? (isUpdate ? updates.map { Position(kernel: $0, phase: 0) } : nil)
      : besideOverwriting(needed: needed, level: level)
    let kernel = position?.kernel ?? kernels.count
    if let position {
      for section in candidate.sections { join(section, at: position) }
    } else {
      kernels.append(Group(kernel: Kernel(phases: [candidate.sections]), level: level))
      for (number, section) in candidate.sections.enumerated() {
        for buffer in section.writtenBuffers { writers[buffer] = Place(kernel: kernel, phase: 0, section: number) }
      }
      if isUpdate && candidate.step.overwritten.isEmpty { updates = kernel }
      if !candidate.step.overwritten.isEmpty { overwriting = kernel }
    }
    // Updates may wait for anything, because nothing waits for them.
    if updates == kernel { kernels[kernel].level = Swift.max(kernels[kernel].level, level) }
    if candidate.step.canFail { failing.insert(kernel) }
    for buffer in candidate.reads where readers[buffer]?.last != kernel { readers[buffer, default: []].append(kernel) }
  }

  private mutating func join(_ section: Section, at position: Position) {
    let (kernel, phase) = (position.kernel, position.phase)
    if phase == kernels[kernel].kernel.phases.count { kernels[kernel].kernel.phases.append([]) }
    // What follows a section of the phase runs in that; after it come the latest others.
    let followed = Set(
      section.readBuffers.compactMap { writers[$0] }.filter { $0.kernel == kernel && $0.phase == phase })
    let count = kernels[kernel].kernel.phases[phase].count
    let others = (0..<count).suffix(CostModel.siblingsTried).map { Place(kernel: kernel, phase: phase, section: $0) }
    for place in followed.sorted(by: { $0.section < $1.section }) + others {
      let sibling = kernels[kernel].kernel.phases[phase][place.section]
      func joined() -> Section? {
        if let both = sibling.fused(with: section),
          followed.contains(place) || both.stages.count < sibling.stages.count + section.stages.count
        {
          return both
        }
        return sibling.addingUp(section)
      }
      guard let both = joined() else { continue }
      kernels[kernel].kernel.phases[phase][place.section] = both
      for buffer in section.writtenBuffers { writers[buffer] = place }
      return
    }
    for buffer in section.writtenBuffers { writers[buffer] = Place(kernel: kernel, phase: phase, section: count) }
    kernels[kernel].kernel.phases[phase].append(section)
  }

  /// The phase of a kernel it depends on in which a section may run, as a follower or after a barrier; nil where it is
  /// better on its own.
  private func furtherPhase(for candidate: Candidate, after needed: Set<Int>, level: Int) -> Position? {
    guard !candidate.isComputeBound, let last = needed.first(where: { kernels[$0].level == level - 1 }),
      // It must wait for no other kernel that could wait for this one.
      needed.allSatisfy({ $0 == last || kernels[$0].level < level - 1 })
    else { return nil }
    let read = candidate.reads.filter { writers[$0]?.kernel == last }
    guard let phase = read.map({ writers[$0]!.phase }).max() else { return nil }
    let makers = kernels[last].kernel.phases[phase].filter { !$0.writtenBuffers.isDisjoint(with: read) }
    if makers.count == 1, !makers[0].isComputeBound(buffers), candidate.sections.count == 1,
      makers[0].fused(with: candidate.sections[0]) ?? makers[0].addingUp(candidate.sections[0]) != nil
    {
      return Position(kernel: last, phase: phase)
    }
    guard finishes(candidate, kernels[last].kernel, read) || continues(candidate, kernels[last].kernel, read)
    else { return nil }
    return Position(kernel: last, phase: phase + 1)
  }

  /// Whether the section only combines what the kernel has left in parts: each part is read once, and it is little work
  /// beside the kernel's, or so little that one thread does it in less time than it takes to wake another.
  private func finishes(_ candidate: Candidate, _ kernel: Kernel, _ parts: Set<Int>) -> Bool {
    let work = kernel.sections.reduce(0) { $0 + $1.instructionCount }
    guard candidate.isReducing,
      candidate.instructionCount <= Swift.max(CostModel.smallWork, work / CostModel.finishing)
    else { return false }
    let elements = parts.map { buffers[$0].shape.elementCount }.max() ?? 0
    return candidate.sections.allSatisfy { section in
      section.stages.allSatisfy { section.turns(of: $0) <= elements }
    }
  }

  /// Whether the section goes over data again that the kernel has gone over, with a few numbers that this gave.
  private func continues(_ candidate: Candidate, _ kernel: Kernel, _ numbers: Set<Int>) -> Bool {
    guard let largest = candidate.largest, kernel.phases.count < CostModel.phasesPerKernel else { return false }
    let limit = buffers[largest].shape.elementCount / CostModel.fewNumbers
    return numbers.allSatisfy { buffers[$0].shape.elementCount <= limit }
      && kernel.sections.contains { $0.readBuffers.contains(largest) }
  }

  /// Where an update in place can run beside others: it waits neither for them nor for what waits for them, and they do
  /// not read what it writes over, or it would wait for them.
  private func besideOverwriting(needed: Set<Int>, level: Int) -> Position? {
    guard let overwriting, !needed.contains(overwriting), kernels[overwriting].level >= level else { return nil }
    return Position(kernel: overwriting, phase: 0)
  }

  /// Where the section can run beside others that read the same data.
  private func siblings(
    of candidate: Candidate, besides needed: Set<Int>, level: Int, isUpdate: Bool
  ) -> Position? {
    guard !candidate.isComputeBound, let largest = candidate.largest else { return nil }
    for kernel in (readers[largest] ?? []).suffix(CostModel.siblingsTried).reversed() {
      guard level <= kernels[kernel].level, !needed.contains(kernel), isUpdate || kernel != updates else { continue }
      let phases = kernels[kernel].kernel.phases
      let phase = phases.firstIndex { sections in
        sections.contains { $0.readBuffers.contains(largest) && !$0.isComputeBound(buffers) }
      }
      if let phase { return Position(kernel: kernel, phase: phase) }
    }
    return nil
  }

  /// Whether the section is elementwise and writes only what is asked for and read by no section after it.
  private func isUpdate(_ candidate: Candidate) -> Bool {
    !candidate.isComputeBound && !candidate.isReducing
      && candidate.step.written.allSatisfy { buffers[$0].kind == .output && !isRead.contains($0) }
  }
}
