import LazyOps
package import LazyScheduler

extension Schedule {
  /// The sections that need a loop program of their own, one of each kind, and for each section of the schedule, in
  /// order, which of those it is like.
  ///
  /// The layers of a network have sections that differ in their buffers' numbers only: each kind is shaped once.
  package var sectionKinds: (representatives: [Section], ofSections: [Int]) {
    var representatives: [Section] = []
    var known: [SectionKind: Int] = [:]
    let numbers = kernels.flatMap(\.sections).map { section in
      let kind = SectionKind(section, in: self)
      if let number = known[kind] { return number }
      known[kind] = representatives.count
      representatives.append(section)
      return representatives.count - 1
    }
    return (representatives, numbers)
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
