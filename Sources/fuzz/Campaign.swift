import Foundation
import LazyRuntime
import TestSupport

/// Tries graphs in processes of their own, and makes those that fail smaller.
final class Campaign {
  private let options: Options
  private let cache: String
  private let width = Machine.coreCount
  private var passed = 0
  private var failed = 0
  private var lastProgress = ContinuousClock.now
  private let start = ContinuousClock.now

  /// The blocks that are tried before progress is shown and their kernels are forgotten, for each processor core.
  private static let blocksPerRound = 4
  private static let timeLimits = (block: Duration.seconds(240), single: Duration.seconds(60))
  /// The failures that are made smaller; the others are only counted and named.
  private static let shrinkLimit = 20

  init(_ options: Options) {
    self.options = options
    cache = FileManager.default.temporaryDirectory.path + "/swiftlet-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
  }

  /// Runs the campaign and returns whether all passed.
  func run() -> Bool {
    defer { forgetKernels() }
    let end = options.first + options.count
    var next = options.first
    while next < end {
      var blocks: [Range<Int>] = []
      while next < end, blocks.count < width * Campaign.blocksPerRound {
        let blockEnd = (next / Setting.blockSize + 1) * Setting.blockSize
        blocks.append(next..<min(blockEnd, end))
        next = blocks[blocks.count - 1].upperBound
      }
      for (block, answer) in zip(blocks, attempt(blocks, limit: Campaign.timeLimits.block)) { settle(block, answer) }
      forgetKernels()
      showProgress(next - options.first)
    }
    say("\(passed) passed, \(failed) failed")
    return failed == 0
  }

  private func forgetKernels() { try? FileManager.default.removeItem(atPath: cache) }

  private func showProgress(_ count: Int) {
    guard ContinuousClock.now - lastProgress > .seconds(10) else { return }
    lastProgress = .now
    let seconds = (ContinuousClock.now - start).components.seconds
    tell("\(count) of \(options.count) graphs in \(seconds) s, \(failed) failed")
  }

  /// Prints at once, whatever standard output is.
  private func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  private func tell(_ text: String) { FileHandle.standardError.write(Data("fuzz: \(text)\n".utf8)) }

  /// What became of the graphs of a range.
  private struct Answer {
    /// Why graphs failed.
    var faults: [Int: String] = [:]
    /// Those of which nothing is known, and what ended their process.
    var missing: [Int] = []
    var ending = ""
    /// Those that could be built.
    var made: Set<Int> = []
  }

  /// Tries ranges of graphs, each in the processes of its setting.
  private func attempt(_ ranges: [Range<Int>], path: [Int] = [], limit: Duration) -> [Answer] {
    let settings = ranges.map { Setting(ofGraph: $0.lowerBound) }
    var commands: [[String]] = []
    for (range, setting) in zip(ranges, settings) {
      for variables in setting.processes { commands.append(command(range, variables, path)) }
    }
    var results = ChildProcess.runAll(commands, width: width, timeLimit: limit, outputLimit: 1 << 20)[...]
    return zip(ranges, settings).map { range, setting in
      let answers = setting.processes.map { _ in Campaign.answer(range, results.removeFirst()) }
      var answer = answers[0].answer
      for other in answers.dropFirst() {
        answer.faults.merge(other.answer.faults) { first, _ in first }
        answer.missing = Array(Set(answer.missing + other.answer.missing)).sorted()
        if answer.ending.isEmpty { answer.ending = other.answer.ending }
        for (number, digest) in other.digests {
          guard let first = answers[0].digests[number], first != digest else { continue }
          answer.faults[number] = "\(setting.processes[1].joined(separator: " ")) gives other bits"
        }
      }
      return answer
    }
  }

  /// Returns the command of a process that tries graphs.
  private func command(_ range: Range<Int>, _ variables: [String], _ path: [Int]) -> [String] {
    let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
    var command = ["/usr/bin/env", "SWIFTLET_CACHE=\(cache)", "SWIFT_BACKTRACE=enable=no"] + variables
    command += [program, "--worker", "--seed", "\(options.seed)", "--first", "\(range.lowerBound)"]
    command += ["--count", "\(range.count)", "--path", path.map { "\($0)" }.joined(separator: ",")]
    return command
  }

  /// Reads what a process printed.
  private static func answer(
    _ range: Range<Int>, _ result: Result<ChildProcess.Completion, SpawnError>
  ) -> (answer: Answer, digests: [Int: Substring]) {
    var answer = Answer()
    var digests: [Int: Substring] = [:]
    switch result {
    case .failure(let error): answer.ending = "\(error)"
    case .success(let completion):
      var rest: [Substring] = []
      for line in completion.output.split(separator: "\n") {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count >= 3, words[0] == "fuzz:", let number = Int(words[1]) else {
          rest.append(line)
          continue
        }
        let text = words.count > 3 ? words[3] : ""
        if words[2] == "made" {
          answer.made.insert(number)
        } else if words[2] == "failed" {
          answer.faults[number] = String(text)
        } else {
          digests[number] = text
        }
      }
      if completion.outcome != .exited(0) {
        let last = rest.prefix(4).joined(separator: " | ").prefix(600)
        answer.ending = "the process ended: \(completion.outcome); it said: \(last)"
      }
    }
    answer.missing = range.filter { answer.faults[$0] == nil && digests[$0] == nil }
    return (answer, digests)
  }

  /// Counts the graphs of a block, and looks closer at those that failed.
  private func settle(_ block: Range<Int>, _ answer: Answer) {
    let suspects = Set(answer.missing).union(answer.faults.keys).sorted()
    passed += block.count - suspects.count
    guard !suspects.isEmpty else { return }
    let alone = attempt(suspects.map { $0..<$0 + 1 }, limit: Campaign.timeLimits.single)
    var isExplained = false
    for (number, result) in zip(suspects, alone) {
      if let fault = fault(of: number, in: result) {
        isExplained = true
        failed += 1
        explain(number, fault, isMade: result.made.contains(number))
      } else if let fault = answer.faults[number] {
        isExplained = true
        failed += 1
        tellTogether(block, "graph \(number): \(fault)")
      } else {
        passed += 1
      }
    }
    // The process went down, and yet each graph passes alone.
    if !isExplained {
      (passed, failed) = (passed - 1, failed + 1)
      tellTogether(block, answer.ending)
    }
  }

  private func fault(of number: Int, in answer: Answer) -> String? {
    answer.faults[number] ?? (answer.missing.isEmpty ? nil : answer.ending)
  }

  /// Reports what fails only among other graphs, after leaving out as many of those as can be.
  private func tellTogether(_ block: Range<Int>, _ fault: String) {
    var range = block
    func fails(_ range: Range<Int>) -> Bool {
      let answer = attempt([range], limit: Campaign.timeLimits.block)[0]
      return !answer.faults.isEmpty || !answer.missing.isEmpty
    }
    if fails(range) {
      for step in [32, 16, 8, 4, 2, 1] {
        while range.count > step, fails(range.dropLast(step)) { range = range.dropLast(step) }
        while range.count > step, fails(range.dropFirst(step)) { range = range.dropFirst(step) }
      }
    }
    say("FAILED together, not alone: \(fault)\nrepeat: \(repetition(range))\n")
  }

  /// Makes a graph that fails smaller, and prints it.
  private func explain(_ number: Int, _ fault: String, isMade: Bool) {
    guard isMade, failed <= Campaign.shrinkLimit else {
      say("FAILED graph \(number): \(fault)\nrepeat: \(repetition(number..<number + 1))\n")
      return
    }
    let original = FuzzCase.make(seed: options.seed, number: number)
    var last = fault
    let (smallest, path) = original.shrunk { _, path in
      let answer = attempt([number..<number + 1], path: path, limit: Campaign.timeLimits.single)[0]
      guard let fault = self.fault(of: number, in: answer) else { return false }
      last = fault
      return true
    }
    say("FAILED graph \(number): \(last)")
    if !path.isEmpty { say("(\(path.count) steps smaller; at first: \(fault))") }
    say("\(smallest)\nrepeat: \(repetition(number..<number + 1))\n")
  }

  private func repetition(_ range: Range<Int>) -> String {
    "swift run -c release fuzz --seed \(options.seed) --first \(range.lowerBound) --count \(range.count)"
  }
}
