import LazyOps

/// How the parts of a picture look: colours tell kinds of ops and of buffers apart, and a bold outline shows which
/// values have a home.
enum DotStyle {
  /// The fill and outline of a node.
  struct Colors {
    let fill: String
    let line: String
  }

  static let font: DotValue = "Helvetica,Arial,sans-serif"
  /// Text and outlines of what is computed.
  static let ink: DotValue = "#1f2933"
  /// Shapes on edges, constants, and other things beside the point.
  static let muted: DotValue = "#66788a"

  static let kernel = Colors(fill: "#f3f6f9", line: "#9aa9b8")
  static let elementwise = Colors(fill: "#ffffff", line: "#52606d")
  static let reduction = Colors(fill: "#fde7b8", line: "#b7791f")
  static let movement = Colors(fill: "#e6eaee", line: "#8896a4")
  static let indexed = Colors(fill: "#e9ddf8", line: "#7c4fc4")
  static let leaf = Colors(fill: "#d6e8fb", line: "#2b6cb0")
  static let temporary = Colors(fill: "#fff3b8", line: "#a08a00")
  static let output = Colors(fill: "#d5f2dc", line: "#2f855a")

  /// What the colours mean, as a line of markup.
  static let legend: String = {
    func sample(_ colors: Colors, _ meaning: String) -> String {
      "<FONT COLOR=\"\(colors.line)\">■</FONT> \(meaning)"
    }
    return [
      "ops:", sample(elementwise, "elementwise"), sample(reduction, "reduction"), sample(movement, "movement"),
      sample(indexed, "indexed by data"), "bold: kept in scratch or a buffer", " buffers:", sample(leaf, "leaf"),
      sample(temporary, "temporary"), sample(output, "output"),
    ].joined(separator: "  ")
  }()
}

/// What kind of op a picture shows; ops of one kind look alike.
enum OpKind {
  /// A number or an index made from nothing: drawn as bare text.
  case value
  case elementwise
  case reduction
  /// Only other indices: gone from the kernel's loops.
  case movement
  /// Elements at places that the data names, or a region replaced.
  case indexed

  init(_ op: Op) {
    self =
      switch op {
      case .buffer, .constant, .argument, .length, .iota: .value
      case .unary, .binary, .select, .cast, .bitcast: .elementwise
      case .reduce, .scan, .overlapAdd: .reduction
      case .detach, .barrier, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate: .movement
      case .gather, .scatterAdd, .put, .update, .radixPass: .indexed
      }
  }
}
