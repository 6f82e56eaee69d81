import LazyOps

extension Schedule {
  /// The schedule as a picture in Graphviz's language, the same from run to run: a cluster for each kernel with the ops
  /// it computes, boxes for the buffers between them, and on each edge the type and shape of what flows there.
  ///
  /// A leaf is drawn beside each kernel that reads it, so that the lines between kernels are the data they hand on.
  package var dot: String { Schedule.dot(title: summary) { write(to: &$0, prefix: "") } }

  /// Returns one picture of several schedules, each in a frame under its title.
  package static func dot(_ schedules: [(title: String, schedule: Schedule)], title: String) -> String {
    dot(title: title) { text in
      for (number, (title, schedule)) in schedules.enumerated() {
        text.block("subgraph cluster_s\(number)") { text in
          text.statement(
            "graph", [("label", .text(title)), ("fontsize", "15"), ("style", "rounded"), ("color", DotStyle.muted)])
          schedule.write(to: &text, prefix: "s\(number)_")
        }
      }
    }
  }

  /// The sizes that matter, in a line: `3 kernels, 41 ops, 7 buffers, 24 KiB of temporaries`.
  package var summary: String {
    let bufferOf = bufferOf
    let ops = kernels.reduce(0) { total, kernel in
      total + computedNodes(of: kernel, bufferOf: bufferOf).count { graph.nodes[$0].isOperation }
    }
    var parts = [counted(kernels.count, "kernel"), counted(ops, "op"), counted(buffers.count, "buffer")]
    if memory.byteCount > 0 { parts.append("\(byteText(memory.byteCount)) of temporaries") }
    return parts.joined(separator: ", ")
  }

  private static func dot(title: String, _ body: (inout DotText) -> Void) -> String {
    var text = DotText()
    text.block("digraph swiftlet") { text in
      let label =
        "<FONT POINT-SIZE=\"18\">\(DotValue.escaped(title))</FONT><BR/>"
        + "<FONT POINT-SIZE=\"10\">\(DotStyle.legend)</FONT><BR/> "
      text.statement(
        "graph",
        [
          ("label", .markup(label)), ("labelloc", "t"), ("fontname", DotStyle.font), ("fontcolor", DotStyle.ink),
          ("newrank", "true"), ("ranksep", "0.3"), ("nodesep", "0.2"), ("bgcolor", "white"),
        ])
      text.statement(
        "node",
        [
          ("fontname", DotStyle.font), ("fontsize", "11"), ("fontcolor", DotStyle.ink), ("shape", "box"),
          ("style", "filled,rounded"), ("fillcolor", .text(DotStyle.elementwise.fill)),
          ("color", .text(DotStyle.elementwise.line)), ("margin", "0.1,0.04"), ("height", "0.3"),
        ])
      text.statement(
        "edge",
        [
          ("fontname", DotStyle.font), ("fontsize", "8"), ("fontcolor", DotStyle.muted), ("color", DotStyle.muted),
          ("arrowsize", "0.6"),
        ])
      body(&text)
    }
    return text.text
  }

  private func write(to text: inout DotText, prefix: String) {
    let bufferOf = bufferOf
    let leaves = graph.leaves
    let argumentOf = Dictionary(uniqueKeysWithValues: arguments.enumerated().map { (leaves[$1.leaf], $0) })
    for number in buffers.indices {
      // What no kernel reads is drawn all the same where it is a result: somebody asked for it.
      if case .leaf = buffers[number].kind, !outputs.contains(number) { continue }
      writeBuffer(number, name: "\(prefix)b\(number)", to: &text)
    }
    for number in kernels.indices {
      var writer = KernelDot(
        schedule: self, number: number, prefix: prefix, bufferOf: bufferOf, argumentOf: argumentOf)
      writer.write(to: &text)
    }
  }

  /// Writes the box of a buffer under a name.
  func writeBuffer(_ number: Int, name: String, to text: inout DotText) {
    let buffer = buffers[number]
    let positions = outputs.indices.filter { outputs[$0] == number }.map(String.init).joined(separator: ", ")
    let result = positions.isEmpty ? "" : "output \(positions)"
    let (home, colors, look) =
      switch buffer.kind {
      case .leaf(let leaf): ("leaf \(leaf)" + (result.isEmpty ? "" : ", \(result)"), DotStyle.leaf, ("filled", "1"))
      case .temporary: ("temporary", DotStyle.temporary, ("filled,dashed", "1"))
      case .output: (result, DotStyle.output, ("filled", "2"))
      }
    let lines = "buffer \(number): \(home)\n\(buffer.dtype)\(buffer.shape)\n\(byteText(buffer.byteCount))"
    text.statement(
      name,
      [
        ("label", .text(lines)), ("style", .text(look.0)), ("peripheries", .text(look.1)),
        ("fillcolor", .text(colors.fill)), ("color", .text(colors.line)), ("fontsize", "10"),
        ("tooltip", .text(graph.describe(buffer.node))),
      ])
  }
}

/// Returns `1 kernel`, `2 kernels`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Returns a number of bytes in the largest binary unit of which there is at least one, with one decimal at most.
func byteText(_ count: Int) -> String {
  let units = ["KiB", "MiB", "GiB", "TiB"]
  guard count >= 1024 else { return counted(count, "byte") }
  var size = Double(count) / 1024
  var unit = 0
  // What rounds to 1024 is one of the next unit.
  while (size * 10).rounded() >= 10240, unit < units.count - 1 {
    size /= 1024
    unit += 1
  }
  let tenths = Int((size * 10).rounded())
  return (tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)") + " \(units[unit])"
}
