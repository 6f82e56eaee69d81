import LazyOps
package import LazyScheduler

extension Schedule {
  /// Writes the loop programs of all sections, shaped for the machine: the different ones, and for each section, in
  /// order, which of those is its own.
  ///
  /// The layers of a network have sections that differ in their buffers' numbers only: each kind is shaped once.
  package func loopPrograms(vectorByteCount: Int) -> (programs: [LoopProgram], ofSections: [Int]) {
    var programs: [LoopProgram] = []
    var known: [SectionKind: Int] = [:]
    let numbers = kernels.flatMap(\.sections).map { section in
      let kind = SectionKind(section, in: self)
      if let number = known[kind] { return number }
      known[kind] = programs.count
      programs.append(LoopProgram.optimized(section, in: self, vectorByteCount: vectorByteCount))
      return programs.count - 1
    }
    return (programs, numbers)
  }
}

/// All of a section that its loop program depends on.
private struct SectionKind: Hashable {
  private struct Array: Hashable {
    let dtype: DType
    let shape: Shape
    let isWritten: Bool
  }

  /// The section without what only says where it stands in its schedule.
  private var section: Section
  private let arrays: [Array]
  private let arguments: [DType]
  private let labels: [String]
  private let words: String

  init(_ section: Section, in schedule: Schedule) {
    let written = section.writtenBuffers
    arrays = section.buffers.map { number in
      let buffer = schedule.buffers[number]
      return Array(dtype: buffer.dtype, shape: buffer.shape, isWritten: written.contains(number))
    }
    arguments = section.arguments.map { schedule.arguments[$0].dtype }
    labels = section.members.map { schedule.graph.label($0) }
    words = section.name(in: schedule.graph)
    self.section = section
    self.section.buffers = []
    self.section.arguments = []
    self.section.members = []
    self.section.boundaries = []
  }
}
