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
  /// What was given for options that only some networks have, by their names; nothing for those that take no value.
  var own: [String: String] = [:]

  static let help = """
    Options:
      --seed N  draw data, initial weights and order from seed N (1 unless given)
      --quick   be done in seconds: less data, fewer passes
      --json    end with a line that is a JSON object of the results
      --help    explain
    """

  /// Reads the arguments, which are a name and options in any order; `known` are the options that some networks have.
  init(_ arguments: [String], known: [OwnOption] = []) throws(UsageError) {
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
      case _ where argument.hasPrefix("--") && known.contains { $0.matches(argument) }:
        let option = known.first { $0.matches(argument) }!
        let given = argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
        guard let value = option.value == nil ? "" : given ?? rest.popFirst() else {
          throw UsageError("\(option.name) wants \(option.value!)")
        }
        own[option.name] = value
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

extension Options {
  /// Returns the number given for an option of the network's own, which is at least `least`; nil where none is given.
  func number(_ name: String, atLeast least: Int = 0) throws(UsageError) -> Int? {
    guard let text = own[name] else { return nil }
    guard let number = Int(text), number >= least else {
      throw UsageError("\(name) wants a number of at least \(least), not \(text)")
    }
    return number
  }

  /// Returns the decimal given for an option of the network's own, which is not negative; nil where none is given.
  func decimal(_ name: String) throws(UsageError) -> Double? {
    guard let text = own[name] else { return nil }
    guard let number = Double(text), number >= 0, number.isFinite else {
      throw UsageError("\(name) wants a number that is not negative, not \(text)")
    }
    return number
  }
}

/// An option that only some networks have.
struct OwnOption: Sendable {
  /// The option with its dashes.
  let name: String
  /// What stands for its value in the explanation; nil where it takes none.
  var value: String?
  /// What it does.
  let help: String

  /// Whether an argument is this option, with a value or without.
  func matches(_ argument: String) -> Bool {
    argument == name || (value != nil && argument.hasPrefix(name + "="))
  }
}

/// A command line that makes no sense.
struct UsageError: Error {
  let message: String
  init(_ message: String) { self.message = message }
}
