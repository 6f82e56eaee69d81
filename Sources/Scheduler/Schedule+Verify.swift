import LazyOps

extension Schedule {
  /// Checks that the schedule is sound and stops with the kernel's number where it is not: numbers in range, values
  /// defined before use, every index within its array, every buffer written once and before it is read, and read by
  /// nobody once another has taken over its memory; nothing that can fail from where a leaf is overwritten.
  package func verify() {
    var written = Set(buffers.indices.filter { if case .leaf = buffers[$0].kind { true } else { false } })
    let (firstOverwrite, lastCheck) = (firstOverwrite, lastCheck)
    for (number, kernel) in kernels.enumerated() {
      func check(_ condition: Bool, _ what: @autoclosure () -> String) {
        precondition(condition, "bug: kernel \(number) of the schedule: \(what())\n\(self)")
      }
      check(number < firstOverwrite || number > lastCheck, "may fail when a leaf is overwritten")
      for phase in kernel.phases {
        var results: Set<Int> = []
        var replaced: Set<Int> = []
        for section in phase {
          for buffer in section.writtenBuffers {
            guard let over = buffers[buffer].over else { continue }
            check(mayTake(over, over: buffer), "b\(buffer) cannot take over b\(over)")
            check(written.contains(over), "takes over b\(over), which is not written or taken already")
            check(!phase.contains { $0.buffers.contains(over) }, "reads b\(over) while it is overwritten")
            replaced.insert(over)
          }
          let own = section.writtenBuffers
          check(own.isDisjoint(with: written), "writes a buffer that is written already")
          for buffer in own.intersection(results) {
            let count = phase.reduce(0) { $0 + $1.elementsWritten(to: buffer) }
            check(
              count == buffers[buffer].shape.elementCount, "sections of a phase write \(count) elements of b\(buffer)")
          }
          for buffer in section.buffers {
            check(own.contains(buffer) || written.contains(buffer), "reads b\(buffer) too early")
          }
          for stage in section.stages { verify(stage, in: section, check) }
          results.formUnion(own)
        }
        written = written.union(results).subtracting(replaced)
      }
    }
    for output in outputs where buffers[output].shape.elementCount > 0 {
      precondition(written.contains(output), "bug: output b\(output) is never written\n\(self)")
    }
  }

  /// Whether a buffer is of the kind that another one, alike in size and type, may take over.
  private func mayTake(_ old: Int, over new: Int) -> Bool {
    guard buffers[old].byteCount == buffers[new].byteCount, buffers[old].dtype == buffers[new].dtype else {
      return false
    }
    switch buffers[old].kind {
    case .leaf(let leaf): return graph.donated.contains(leaf) && !outputs.contains(old)
    case .output: return false
    case .temporary: return true
    }
  }

  private func verify(_ stage: Stage, in section: Section, _ check: (Bool, @autoclosure () -> String) -> Void) {
    var ranges = Set(section.grid + stage.loops)
    func verify(_ place: Place, masked: Bool) {
      for index in place.indices { check(index.variables.isSubset(of: ranges), "\(index) uses an unknown range") }
      switch place {
      case .buffer(let buffer, let index):
        check(section.buffers.indices.contains(buffer), "no buffer \(buffer)")
        let count = buffers[section.buffers[buffer]].shape.elementCount
        check(masked || index.stays(below: count), "\(index) leaves a buffer of \(count)")
      case .local(let local, let indices):
        check(section.scratch.indices.contains(local), "no scratch \(local)")
        check(indices.count == section.scratch[local].extents.count, "scratch \(local) has another rank")
        for (index, extent) in zip(indices, section.scratch[local].extents) {
          check(masked || index.stays(below: extent), "\(index) leaves scratch of \(extent)")
        }
      }
    }
    var defined: Set<Value> = []
    for step in stage.steps {
      switch step {
      case .define(let value, let instruction):
        check(defined.isSuperset(of: instruction.operands), "v\(value) reads what is not defined yet")
        if case .load(let place, let mask) = instruction { verify(place, masked: mask != .always) }
        check(defined.insert(value).inserted, "v\(value) is defined twice")
      case .bind(let variable, let value):
        check(defined.contains(value), "i\(variable.id) is bound to nothing")
        ranges.insert(variable)
      }
    }
    for result in stage.results {
      switch result {
      case .store(let place, let value), .add(let place, let value), .put(let place, let value):
        check(defined.contains(value), "stores what is not defined")
        verify(place, masked: false)
      case .scan(_, let value, let place):
        check(defined.contains(value), "scans what is not defined")
        check(stage.reduced.count == 1, "scans along \(stage.reduced.count) ranges")
        verify(place, masked: false)
      case .reduce(_, let value, let place):
        check(defined.contains(value), "reduces what is not defined")
        verify(place, masked: false)
        let named = place.indices.reduce(into: Set<IndexVariable>()) { $0.formUnion($1.variables) }
        check(named.isDisjoint(with: stage.reduced), "a reduction's place names a reduced range")
      }
    }
  }
}

extension Index {
  /// Whether the expression is a valid position in an array of `count` elements, whatever its variables are.
  fileprivate func stays(below count: Int) -> Bool {
    let bounds = bounds
    return bounds.lowerBound >= 0 && bounds.upperBound < count
  }
}

extension Section {
  /// How many elements of a buffer of the schedule the section writes.
  fileprivate func elementsWritten(to buffer: Int) -> Int {
    stages.reduce(0) { count, stage in
      let place = stage.results.lazy.map(\.place).first { place in
        if case .buffer(let own, _) = place { buffers[own] == buffer } else { false }
      }
      guard let place else { return count }
      // In a stage that reduces, what is only stored may be stored at every turn.
      let named = stage.reduced.filter { range in place.indices.contains { $0.contains(range.id) } }
      return count + (stage.spatial + named).reduce(gridPoints) { $0 * $1.extent }
    }
  }
}
