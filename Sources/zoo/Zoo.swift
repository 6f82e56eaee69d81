import Foundation

/// A network of the zoo.
struct Exhibit: Sendable {
  /// What it is called on the command line.
  let name: String
  /// One line for the list.
  let summary: String
  /// What it does, for `--help`.
  let details: String
  /// The options that it has beside those of all.
  var options: [OwnOption] = []
  /// Runs the network and returns what came of it.
  let run: @Sendable (Options) throws -> Metrics
}

/// The command: finds the network that was asked for and runs it.
enum Zoo {
  static let exhibits = [Micrograd.exhibit, LeCun1989.exhibit, GPT2Exhibit.exhibit]

  /// Runs the command and returns its exit code: 0, 1 for what failed on the way, 2 for a command that makes no sense.
  static func run(_ arguments: [String]) -> Int32 {
    let options: Options
    do throws(UsageError) {
      options = try Options(arguments, known: exhibits.flatMap(\.options))
    } catch { return refuse(error.message) }
    guard let name = options.name else {
      if options.help || arguments.isEmpty {
        print(arguments.isEmpty ? list : usage)
        return 0
      }
      return refuse("no network is named")
    }
    guard let exhibit = exhibits.first(where: { $0.name == name }) else { return refuse("there is no \(name)") }
    if options.help {
      print("zoo \(exhibit.name): \(exhibit.summary)\n\n\(exhibit.details)\n\n\(Options.help)\(ownHelp(exhibit))")
      return 0
    }
    if let foreign = options.own.keys.sorted().first(where: { name in !exhibit.options.contains { $0.name == name } }) {
      return refuse("\(name) has no option \(foreign)")
    }
    do {
      let start = ContinuousClock.now
      var metrics = try exhibit.run(options)
      metrics["seconds"] = .number((start.duration(to: .now) / .milliseconds(1)).rounded() / 1000)
      metrics["seed"] = .integer(Int(clamping: options.seed))
      if options.json { print(metrics.json) }
      return 0
    } catch let error as UsageError {
      return refuse(error.message)
    } catch {
      standardError("zoo \(name): \(error)\n")
      return 1
    }
  }

  /// Explains the options of one network.
  private static func ownHelp(_ exhibit: Exhibit) -> String {
    let titles = exhibit.options.map { option in option.value.map { "\(option.name) \($0)" } ?? option.name }
    let width = titles.map(\.count).max() ?? 0
    return zip(titles, exhibit.options).map { title, option in
      "\n  \(title.padding(toLength: width, withPad: " ", startingAt: 0))  \(option.help)"
    }.joined()
  }

  private static func refuse(_ message: String) -> Int32 {
    standardError("zoo: \(message)\n\n\(usage)\n")
    return 2
  }

  private static var list: String {
    let width = exhibits.map(\.name.count).max() ?? 0
    let lines = exhibits.map { exhibit in
      "  \(exhibit.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(exhibit.summary)"
    }
    return "The networks, each run by `zoo NAME`:\n" + lines.joined(separator: "\n")
  }

  private static var usage: String { "\(list)\n\n\(Options.help)" }
}

/// Prints a line at once, also where it goes into a file or a pipe, so that one can watch.
func report(_ line: String) {
  print(line)
  fflush(nil)
}

/// Writes text to standard error.
func standardError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
