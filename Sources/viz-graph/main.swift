import Swiftlet

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

// viz-graph: the fused DAG of a built-in graph as Graphviz DOT. Nothing is compiled or run.

/// Writes a message to standard error and ends with `code`.
func fail(_ message: String, code: Int32) -> Never {
  StandardError.write("viz-graph: \(message)\n")
  exit(code)
}

do {
  let command = try Command(Array(CommandLine.arguments.dropFirst()))
  switch command {
  case .help: try DotFile.writeToStandardOutput(Command.usage)
  case .list: try DotFile.writeToStandardOutput(BuiltInGraph.list)
  case .draw(let graph, let output):
    let dot = Tensor.dot(of: graph.make())
    if let output {
      try DotFile.write(dot, to: output)
    } else {
      try DotFile.writeToStandardOutput(dot)
    }
  }
} catch let error as Command.Misuse {
  fail(error.description, code: 2)
} catch {
  fail("\(error)", code: 1)
}
