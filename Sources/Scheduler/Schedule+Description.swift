package import LazyOps

extension Schedule: CustomStringConvertible {
  /// The schedule as text, the same from run to run: buffers, then kernels with their stages and the reasons for their
  /// boundaries. It is what `DEBUG=3` shows and golden files hold.
  package var description: String {
    var lines: [String] = []
    for (number, buffer) in buffers.enumerated() {
      let home =
        switch buffer.kind {
        case .leaf(let leaf): "leaf \(leaf)"
        case .output: "output"
        case .temporary: memory.offsets[number].map { "temporary at \($0)" } ?? "temporary"
        }
      let over = buffer.over.map { " over b\($0)" } ?? ""
      lines.append("buffer \(number): \(buffer.dtype)\(buffer.shape) \(home)\(over), %\(buffer.node)")
    }
    for (number, kernel) in kernels.enumerated() {
      lines.append("kernel \(number): \(kernel.title(in: graph))")
      for (phase, sections) in kernel.phases.enumerated() {
        let isAlone = kernel.phases.count == 1 && sections.count == 1
        for section in sections {
          if !isAlone { lines.append("  phase \(phase): \(section.title(in: graph))") }
          lines += section.lines(buffers: buffers).map { "\(isAlone ? "" : "  ")  \($0)" }
        }
      }
    }
    if memory.byteCount > 0 { lines.append("temporaries: \(memory.byteCount) bytes") }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Kernel {
  /// The ops the kernel computes, each with its shape, in order: `maximum[4096] exp[4096, 1024] ...`.
  package func title(in graph: Graph) -> String { members.map { graph.label($0) }.joined(separator: ", ") }
}

extension Section {
  /// The ops the section computes, as `Kernel.title` has them.
  fileprivate func title(in graph: Graph) -> String { members.map { graph.label($0) }.joined(separator: ", ") }

  /// The body as text, given the schedule's buffers.
  fileprivate func lines(buffers: [Buffer]) -> [String] {
    var lines: [String] = []
    func ranges(_ list: [IndexVariable]) -> String {
      list.map { "i\($0.id) < \($0.extent)" }.joined(separator: ", ")
    }
    lines.append("grid: \(grid.isEmpty ? "one point" : ranges(grid))")
    for (number, array) in scratch.enumerated() { lines.append("scratch s\(number): \(array.dtype)\(array.extents)") }
    for stage in stages {
      var head = "stage"
      if !stage.spatial.isEmpty { head += " for \(ranges(stage.spatial))" }
      if !stage.reduced.isEmpty { head += " reduce \(ranges(stage.reduced))" }
      lines.append(head + ":")
      for step in stage.steps {
        switch step {
        case .define(let value, let instruction):
          lines.append("  v\(value): \(stage.values[value]) = \(text(instruction))")
        case .bind(let variable, let value):
          lines.append("  i\(variable.id) = v\(value), checked against \(variable.extent)")
        }
      }
      for result in stage.results {
        switch result {
        case .store(let place, let value): lines.append("  \(text(place)) = v\(value)")
        case .reduce(let op, let value, let place): lines.append("  \(text(place)) = \(op.rawValue) v\(value)")
        case .scan(let op, let value, let place): lines.append("  \(text(place)) = \(op.rawValue) so far of v\(value)")
        case .add(let place, let value): lines.append("  \(text(place)) += v\(value), in order")
        case .put(let place, let value): lines.append("  \(text(place)) = v\(value), in order")
        }
      }
    }
    lines += boundaries.map { "not here: \($0)" }
    return lines
  }

  private func text(_ place: Place) -> String {
    switch place {
    case .buffer(let buffer, let index): "b\(buffers[buffer])[\(index)]"
    case .local(let local, let indices): "s\(local)[\(indices.map(\.description).joined(separator: ", "))]"
    }
  }

  private func text(_ instruction: Instruction) -> String {
    switch instruction {
    case .constant(let scalar): "\(scalar)"
    case .argument(let number): "argument \(arguments[number])"
    case .index(let index): "\(index)"
    case .load(let place, let mask): "load \(text(place))" + (mask == .always ? "" : " if \(mask)")
    case .unary(let op, let a): "\(op.rawValue) v\(a)"
    case .binary(let op, let a, let b): "\(op.rawValue) v\(a) v\(b)"
    case .select(let a, let b, let c): "v\(a) ? v\(b) : v\(c)"
    case .cast(let a): "cast v\(a)"
    case .bitcast(let a): "bitcast v\(a)"
    case .test(let mask): "test \(mask)"
    }
  }
}

extension Graph {
  /// A node as messages and pictures name it: its op and its shape.
  package func label(_ id: ID) -> String { "\(nodes[id].op)\(nodes[id].shape)" }
}
