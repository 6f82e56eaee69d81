import LazyCodegen
import LazyScheduler

/// What the launches of a plan need each time they run, in flat arrays: launching copies nothing and counts no
/// references.
///
/// The buffers that all calls take stand one call after the other in one table of pointers, and so do the scalars.
/// Binding a buffer writes all its places in the table; a call then finds what it takes in a row.
package final class LaunchLayout: Sendable {
  /// A section's function, and where what it takes begins in the tables.
  struct Call: Sendable {
    let function: KernelFunction
    let firstPointer: Int
    let firstScalar: Int
    let tasks: Int
  }

  /// The names of the calls' functions, for who asks: apart, so that launching touches none.
  let names: [String]

  /// Some tasks of a call: what a thread takes at a time.
  struct Chunk: Sendable {
    let call: Int
    let tasks: Range<Int>
  }

  /// Calls that run side by side.
  struct Phase: Sendable {
    let calls: Range<Int>
    let chunks: Range<Int>
    let instructions: Int
  }

  let calls: [Call]
  let chunks: [Chunk]
  let phases: [Phase]
  /// The phases of each launch.
  let launches: [Range<Int>]
  let pointerCount: Int
  let scalarCount: Int
  /// The places of each of the schedule's buffers in the table of pointers; what lies in another's memory is among the
  /// places of that one, and in none of the lists below.
  let pointerPlaces: [[Int]]
  /// The places of each of the schedule's scalars in the table of scalars.
  let scalarPlaces: [[Int]]
  /// The offset in the block of temporaries of each buffer that is one.
  let temporaries: [(buffer: Int, offset: Int)]
  /// The buffers of the graph's leaves, by position.
  let leaves: [(leaf: Int, buffer: Int)]
  /// The buffers that outlive a run, and their sizes.
  let outputs: [(buffer: Int, byteCount: Int)]

  init(_ schedule: Schedule, _ launches: [KernelLaunch]) {
    var temporaries: [(buffer: Int, offset: Int)] = []
    var leaves: [(leaf: Int, buffer: Int)] = []
    var outputs: [(buffer: Int, byteCount: Int)] = []
    let homes = schedule.memory.homes
    for (number, buffer) in schedule.buffers.enumerated() where homes[number] == number {
      switch buffer.kind {
      case .leaf(let leaf): leaves.append((leaf, number))
      case .output: outputs.append((number, buffer.byteCount))
      case .temporary: temporaries.append((number, schedule.memory.offsets[number] ?? 0))
      }
    }
    (self.temporaries, self.leaves, self.outputs) = (temporaries, leaves, outputs)

    names = launches.flatMap { $0.sections.map(\.program.name) }
    var (calls, chunks, phases): ([Call], [Chunk], [Phase]) = ([], [], [])
    var (pointerCount, scalarCount) = (0, 0)
    var pointerPlaces = [[Int]](repeating: [], count: schedule.buffers.count)
    var scalarPlaces = [[Int]](repeating: [], count: schedule.arguments.count)
    func append(_ section: SectionCall) {
      for (position, buffer) in section.buffers.enumerated() {
        pointerPlaces[homes[buffer]].append(pointerCount + position)
      }
      for (position, scalar) in section.arguments.enumerated() { scalarPlaces[scalar].append(scalarCount + position) }
      calls.append(
        Call(
          function: section.code.function, firstPointer: pointerCount, firstScalar: scalarCount, tasks: section.tasks))
      pointerCount += section.buffers.count
      scalarCount += section.arguments.count
    }
    self.launches = launches.map { launch in
      let firstPhase = phases.count
      for phase in launch.phases {
        let (firstCall, firstChunk) = (calls.count, chunks.count)
        for section in phase.sections { append(section) }
        chunks += phase.chunks.map { Chunk(call: firstCall + $0.section, tasks: $0.tasks) }
        phases.append(
          Phase(
            calls: firstCall..<calls.count, chunks: firstChunk..<chunks.count, instructions: phase.instructions))
      }
      return firstPhase..<phases.count
    }
    (self.calls, self.chunks, self.phases) = (calls, chunks, phases)
    (self.pointerCount, self.scalarCount) = (pointerCount, scalarCount)
    (self.pointerPlaces, self.scalarPlaces) = (pointerPlaces, scalarPlaces)
  }
}
