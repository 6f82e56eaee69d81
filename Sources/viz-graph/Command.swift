/// What the command line asks for.
enum Command {
  case help
  case list
  /// Draws a graph, to standard output unless a file is named.
  case draw(BuiltInGraph, output: String?)

  /// A command line that makes no sense.
  struct Misuse: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  static let usage = """
    Usage: viz-graph [NAME] [--output FILE]
           viz-graph --list | --help

    Writes the fused DAG of a built-in graph as Graphviz DOT: kernels as clusters with the ops they compute,
    the buffers between them, shapes and types on the edges. Nothing is compiled or run.

      NAME            the graph to draw, \(BuiltInGraph.standard) unless named; --list shows all
      --output FILE   writes to FILE and not to standard output
      --list          names the built-in graphs, a line each
      --help          shows this text

    To see it: viz-graph softmax | dot -Tsvg > softmax.svg
    Any program that uses Swiftlet draws what it runs into file.dot when VIZ=file.dot is set.

    """

  /// Reads the arguments that follow the program's name.
  init(_ arguments: [String]) throws(Misuse) {
    var name: String?
    var output: String?
    var wantsList = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h":
        self = .help
        return
      case "--list": wantsList = true
      case "--output", "-o":
        guard let file = rest.popFirst(), !file.isEmpty else {
          throw Misuse("\(argument) needs a file\n\(Command.hint)")
        }
        output = file
      case _ where argument.hasPrefix("--output=") && argument.count > 9: output = String(argument.dropFirst(9))
      case _ where argument.hasPrefix("-"): throw Misuse("there is no option \(argument)\n\(Command.hint)")
      default:
        guard name == nil else { throw Misuse("one graph at a time, not \(argument) too\n\(Command.hint)") }
        name = argument
      }
    }
    if wantsList {
      self = .list
      return
    }
    let wanted = name ?? BuiltInGraph.standard
    guard let graph = BuiltInGraph.all.first(where: { $0.name == wanted }) else {
      throw Misuse("there is no graph \"\(wanted)\"; there are\n\n\(BuiltInGraph.list.dropLast())")
    }
    self = .draw(graph, output: output)
  }

  private static let hint = "viz-graph --help shows what there is"
}
