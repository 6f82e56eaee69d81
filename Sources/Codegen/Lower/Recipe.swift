import LazyOps
package import LazyScheduler

extension LoopProgram {
  /// Returns a section as a loop program shaped for the machine: which ranges run in vector lanes, which tiles fit the
  /// registers, which loops threads share. The choice rests on shapes and strides alone.
  package static func optimized(_ section: Section, in schedule: Schedule, vectorByteCount: Int) -> LoopProgram {
    let section = section.takingLengths(in: schedule).cutAtLengths()
    if let dots = DotProducts(section, in: schedule, vectorByteCount: vectorByteCount) {
      return dots.program(for: section, in: schedule)
    }
    if let streamed = StreamedRows(section, in: schedule) { return streamed.program(in: schedule) }
    if let tiled = TiledSection(section, in: schedule, vectorByteCount: vectorByteCount) {
      return tiled.program(in: schedule)
    }
    if let blocked = BlockedSection(section, vectorByteCount: vectorByteCount) { return blocked.program(in: schedule) }
    let recipe = Recipe(section)
    var program = LoopProgram(section, in: schedule, grid: recipe.grid)
    recipe.apply(to: &program)
    return program
  }
}

/// How the loops of a section without a large contraction are arranged.
struct Recipe {
  private let section: Section
  /// The grid range whose neighbours run in vector lanes, all stages of the section together; nil where stages have
  /// better ranges of their own.
  private let tiled: IndexVariable?

  /// The most and the fewest neighbours one pass over a stage takes at once, where something is kept for each: a few
  /// vector registers, or less where that would be much.
  private static let tile = 16...64
  /// The bytes of scratch that all neighbours together may take: arrays lie on the stack.
  private static let tileBytes = 128 * 1024
  /// The most neighbours where rows are summed up: memory is read in long runs, and the sums stay in the first-level
  /// cache; and the rows that are added to a sum while it is in a register.
  private static let wideTile = 1024
  private static let rowsAtOnce = 8
  /// The rows that are gone along in order together: each step waits for the one before it, and meanwhile the other row
  /// goes on. More of them, a power of two apart, would share too few lines of the first-level cache.
  private static let rowsInOrder = 2
  /// The neighbours one task of a purely elementwise section takes.
  private static let block = 4096
  /// The partial sums of a reduction in vector lanes.
  private static let lanes = 64
  /// The shortest range worth running in lanes.
  private static let shortest = 4

  init(_ section: Section) {
    self.section = section
    func gain(with tiled: IndexVariable?) -> Int {
      section.stages.reduce(0) { sum, stage in
        let turns = stage.loops.reduce(1) { $0 * $1.extent }
        let own = Recipe.candidates(stage).map { stage.stride(of: $0) }.max() ?? 0
        return sum + turns * (tiled.map { stage.stride(of: $0) } ?? Swift.max(own, 0))
      }
    }
    // Of equal ones the innermost: `max` keeps the first it meets.
    let candidates = section.grid.reversed().filter { $0.extent >= Recipe.shortest }
    let best = candidates.max { gain(with: $0) < gain(with: $1) }
    tiled = best.flatMap { gain(with: $0) > gain(with: nil) ? $0 : nil }
  }

  /// The grid's ranges, outermost first, the tiled one last.
  var grid: [IndexVariable] { section.grid.filter { $0 != tiled } + (tiled.map { [$0] } ?? []) }

  private var tile: Int {
    if summedRows != nil { return Recipe.wideTile }
    let bytes = section.scratch.reduce(1) { $0 + $1.byteCount }
    return min(Recipe.tile.upperBound, max(Recipe.tile.lowerBound, Recipe.tileBytes / bytes))
  }

  /// The range of rows in a section that sums them up: one stage, whose rows lie far apart while the tiled range's
  /// neighbours lie side by side.
  private var summedRows: IndexVariable? {
    guard let tiled, section.stages.count == 1 || section.stages.dropFirst().allSatisfy({ $0.loops.isEmpty }),
      let stage = section.stages.first, stage.spatial.isEmpty, let rows = stage.reduced.last,
      rows.extent >= 2 * Recipe.rowsAtOnce, tiled.extent > Recipe.tile.upperBound
    else { return nil }
    return stage.stride(of: tiled) > 0 ? rows : nil
  }

  /// The rows of a section that goes along each of them in order.
  private var scannedRows: IndexVariable? {
    guard section.stages.count == 1, let rows = section.grid.last, rows.extent % Recipe.rowsInOrder == 0,
      section.stages[0].results.contains(where: { if case .scan = $0 { true } else { false } })
    else { return nil }
    return rows
  }

  /// Arranges the loops of the section's plain program.
  func apply(to program: inout LoopProgram) {
    var outer = grid.map(\.id)
    if let tiled {
      let isElementwise = section.stages.count == 1 && section.stages[0].loops.isEmpty
      let split = program.split(tiled.id, by: isElementwise ? Recipe.block : tile, tail: .clamped)
      outer.removeLast()
      if program.loop(split.outer.id) != nil { outer.append(split.outer.id) }
      program.shareAmongThreads(outer)
      program.sink(split.inner.id)
      program.interleave()
      if let rows = summedRows { addRowsTogether(rows.id, in: &program) }
    } else if let rows = scannedRows {
      let few = program.split(rows.id, by: Recipe.rowsInOrder, tail: .clamped).inner.id
      program.shareAmongThreads(program.loops.prefix { $0.variable.id != few }.map(\.variable.id))
      program.sink(few, as: .unrolled)
    } else {
      program.shareAmongThreads(outer)
      for stage in section.stages { Recipe.vectorize(stage, in: &program) }
    }
    program.tidy()
  }

  /// Takes several rows at once to each sum, in order: it is loaded and stored once for all of them.
  private func addRowsTogether(_ rows: Int, in program: inout LoopProgram) {
    guard program.canSplit(rows, by: Recipe.rowsAtOnce, tail: .peeled) else { return }
    var result = program
    let few = result.split(rows, by: Recipe.rowsAtOnce, tail: .peeled).inner.id
    guard result.canInterchange(few) else { return }
    result.interchange(few)
    guard result.canUnroll(few) else { return }
    result.unroll(few)
    program = result
  }

  /// Lets the range of a stage that suits vector lanes best run in them.
  /// `loops` tells the ids of the loops that a range has become.
  static func vectorize(
    _ stage: Stage, in program: inout LoopProgram, loops: (IndexVariable) -> [Int] = { [$0.id] }
  ) {
    guard let best = Recipe.candidates(stage).reversed().max(by: { stage.stride(of: $0) < stage.stride(of: $1) }),
      stage.stride(of: best) > 0
    else { return }
    for loop in loops(best) {
      if stage.spatial.contains(best) {
        program.sink(loop)
      } else {
        let lanes = best.extent >= 2 * Recipe.lanes ? Recipe.lanes : best.extent >= 16 ? 16 : 0
        if lanes > 0, program.canSplitAccumulator(loop, lanes: lanes) {
          program.splitAccumulator(loop, lanes: lanes)
        }
      }
    }
  }

  /// The ranges of a stage that could run in vector lanes: spatial ones, and the innermost reduced one.
  private static func candidates(_ stage: Stage) -> [IndexVariable] {
    (stage.spatial + stage.reduced.suffix(1)).filter { $0.extent >= shortest && !stage.isOrdered(by: $0) }
  }
}

extension Stage {
  /// How well a range suits vector lanes: the accesses that lie side by side less those that do not.
  func stride(of range: IndexVariable) -> Int {
    var score = 0
    func count(_ place: Place, by weight: Int) {
      for index in place.indices {
        guard let stride = index.coefficient(of: range.id) else {
          score -= 2 * weight
          continue
        }
        if stride == 1 { score += 2 * weight } else if stride != 0 { score -= weight }
      }
    }
    for case .define(_, .load(let place, _)) in steps { count(place, by: 1) }
    for result in results { count(result.place, by: 1) }
    return score
  }

  /// Whether results are added one index of this range after the other.
  func isOrdered(by range: IndexVariable) -> Bool {
    results.contains {
      if case .scan = $0 { return reduced.contains(range) }
      return $0.isOrdered && !$0.place.indices.contains { $0.coefficient(of: range.id) != 0 }
    }
  }
}
