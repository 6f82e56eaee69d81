import LazyOps

extension Schedule {
  /// Lets results of elementwise work take over memory that is not needed any more: leaves that nobody else holds, and
  /// temporaries that are read for the last time.
  mutating func takeOverMemory() {
    var taken = Set(outputs)
    for buffer in buffers { if let over = buffer.over { taken.insert(over) } }
    let donated = Set(graph.donated)
    var lastUse: [Int: Int] = [:]
    for (number, kernel) in kernels.enumerated() { for buffer in kernel.buffers { lastUse[buffer] = number } }
    // While an index may still turn out to be wrong, leaves stay as they are.
    let lastCheck = lastCheck

    func isFree(_ buffer: Int, in kernel: Int) -> Bool {
      guard lastUse[buffer] == kernel, !taken.contains(buffer) else { return false }
      switch buffers[buffer].kind {
      case .leaf(let leaf): return donated.contains(leaf) && kernel > lastCheck
      case .output: return false
      case .temporary: return true
      }
    }
    for number in kernels.indices {
      for (phase, sections) in kernels[number].phases.enumerated() {
        for (position, section) in sections.enumerated() {
          for new in section.writtenBuffers.sorted() where buffers[new].over == nil {
            let old = section.buffers.first { old in
              isFree(old, in: number) && buffers[old].dtype == buffers[new].dtype
                && buffers[old].byteCount == buffers[new].byteCount
                && !kernels[number].isTouched(old, besides: (phase, position))
                && kernels[number].phases[phase][position].canTake(old, over: new)
            }
            guard let old else { continue }
            taken.insert(old)
            buffers[new].over = old
            kernels[number].phases[phase][position].take(old, over: new)
          }
        }
      }
    }
  }

  /// The first kernel that overwrites a leaf: from there on nothing can fail. The number of kernels if there is none.
  package var firstOverwrite: Int {
    kernels.firstIndex { kernel in
      kernel.writtenBuffers.contains { buffer in
        guard buffers[buffer].over != nil, case .leaf = buffers[memory.homes[buffer]].kind else { return false }
        return true
      }
    } ?? kernels.count
  }
}

extension Kernel {
  /// Whether a section reads or writes a buffer in the phase of the one at `place`, or in a later one.
  fileprivate func isTouched(_ buffer: Int, besides place: (phase: Int, section: Int)) -> Bool {
    for (phase, sections) in phases.enumerated() where phase >= place.phase {
      for (section, other) in sections.enumerated() where phase > place.phase || section != place.section {
        if other.buffers.contains(buffer) { return true }
      }
    }
    return false
  }
}
