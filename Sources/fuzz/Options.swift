/// What the command line asks for.
struct Options {
  /// How many graphs, from which number on, of which campaign.
  var count = 1000
  var first = 0
  var seed: UInt64 = 0
  /// Whether this process tries graphs itself, and is one that the campaign started.
  var isWorker = false
  /// The steps that make the one graph smaller before it is tried.
  var path: [Int] = []

  static let usage = """
    usage: fuzz [--count N] [--seed S] [--first N]
      --count N  tries N random graphs (1000)
      --seed S   which ones: another seed, other graphs (0)
      --first N  starts with graph number N of the seed (0)
    """

  /// Reads arguments; returns nil where they make no sense.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)[...]
    while let name = rest.popFirst() {
      if name == "--worker" {
        isWorker = true
        continue
      }
      guard let text = rest.popFirst() else { return nil }
      switch name {
      case "--count":
        guard let number = Int(text), number >= 0 else { return nil }
        count = number
      case "--first":
        guard let number = Int(text), number >= 0 else { return nil }
        first = number
      case "--seed":
        guard let number = UInt64(text) else { return nil }
        seed = number
      case "--path":
        path = text.split(separator: ",").compactMap { Int($0) }
      default: return nil
      }
    }
  }
}
