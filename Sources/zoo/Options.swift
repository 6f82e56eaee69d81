/// What the command line asks for.
struct Options: Sendable {
  /// The network's name, if one is given.
  var name: String?
  /// What all random numbers are drawn from.
  var seed: UInt64 = 1
  /// Whether to be done in seconds, with less data.
  var quick = false
  /// Whether the last line is to be a JSON object.
  var json = false
  /// Whether to explain instead.
  var help = false

  static let help = """
    Options:
      --seed N  draw data, initial weights and order from seed N (1 unless given)
      --quick   be done in seconds: less data, fewer passes
      --json    end with a line that is a JSON object of the results
      --help    explain
    """

  /// Reads the arguments, which are a name and options in any order.
  init(_ arguments: [String]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--quick": quick = true
      case "--json": json = true
      case "--help", "-h": help = true
      case "--seed":
        guard let text = rest.popFirst() else { throw UsageError("--seed wants a number") }
        seed = try Options.seed(text)
      case _ where argument.hasPrefix("--seed="): seed = try Options.seed(String(argument.dropFirst(7)))
      case _ where argument.hasPrefix("-"): throw UsageError("there is no option \(argument)")
      case _:
        if let name { throw UsageError("one network at a time, not \(name) and \(argument)") }
        name = argument
      }
    }
  }

  private static func seed(_ text: String) throws(UsageError) -> UInt64 {
    guard let seed = UInt64(text) else { throw UsageError("--seed wants a number that is not negative, not \(text)") }
    return seed
  }
}

/// A command line that makes no sense.
struct UsageError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
