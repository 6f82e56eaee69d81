#if canImport(Glibc)
  @preconcurrency import Glibc
#else
  @preconcurrency import Darwin
#endif

/// Another program, running: its output and errors are captured together, and it has a time limit.
///
/// It gets an empty standard input, no open file of this process, default signal handling, and a process group of its
/// own, so that the limit ends what it started in turn. Letting go of the object ends it too.
package final class ChildProcess {
  /// How a program ended.
  package enum Outcome: Equatable, Sendable {
    /// By itself, with this status.
    case exited(Int32)
    /// By this signal.
    case signaled(Int32)
    /// It was stopped at its time limit.
    case timedOut
    /// Nobody knows: the host program collects or ignores the status of all its children.
    case unknown
  }

  /// What is left of a program that has ended.
  package struct Completion: Sendable {
    /// How it ended.
    package let outcome: Outcome
    /// The beginning of what it wrote, invalid UTF-8 repaired.
    package let output: String
    /// How many bytes it wrote beyond the output kept.
    package let droppedByteCount: Int
  }

  private let processID: pid_t
  private let deadline: UInt64
  private let outputLimit: Int
  private var pipe: Int32
  private var output: [UInt8] = []
  private var droppedByteCount = 0
  private var outcome: Outcome?
  /// How long to sleep when only the exit is awaited; it grows with every look.
  private var nap: UInt32 = 20

  /// Starts a program, looked for on the PATH when its name has no slash.
  package init(
    _ command: [String], timeLimit: Duration = .seconds(120), outputLimit: Int = 65536
  ) throws(SpawnError) {
    (processID, pipe) = try ProcessLauncher.launch(command)
    deadline = monotonicNanoseconds() &+ timeLimit.nanoseconds
    self.outputLimit = outputLimit
  }

  deinit { if outcome == nil { stop() } }

  /// Runs one program to its end.
  package static func run(
    _ command: [String], timeLimit: Duration = .seconds(120), outputLimit: Int = 65536
  ) throws(SpawnError) -> Completion {
    wait(for: [try ChildProcess(command, timeLimit: timeLimit, outputLimit: outputLimit)])[0]
  }

  /// Runs programs side by side, at most `width` at once; the answers come in the order of the commands.
  package static func runAll(
    _ commands: [[String]], width: Int, timeLimit: Duration = .seconds(120), outputLimit: Int = 65536
  ) -> [Result<Completion, SpawnError>] {
    var results = [Result<Completion, SpawnError>?](repeating: nil, count: commands.count)
    var running: [(index: Int, child: ChildProcess)] = []
    var next = 0
    while next < commands.count || !running.isEmpty {
      while next < commands.count && running.count < max(1, width) {
        do throws(SpawnError) {
          running.append((next, try ChildProcess(commands[next], timeLimit: timeLimit, outputLimit: outputLimit)))
        } catch {
          results[next] = .failure(error)
        }
        next += 1
      }
      advance(running.map(\.child))
      for (index, child) in running { results[index] = child.completion.map { .success($0) } }
      running.removeAll { $0.child.outcome != nil }
    }
    return results.map { $0 ?? .failure(SpawnError(command: [], code: EINVAL)) }
  }

  /// Waits until all of them have ended.
  package static func wait(for children: [ChildProcess]) -> [Completion] {
    var running = children.filter { $0.outcome == nil }
    while !running.isEmpty {
      advance(running)
      running.removeAll { $0.outcome != nil }
    }
    return children.compactMap(\.completion)
  }

  private var completion: Completion? {
    outcome.map {
      Completion(outcome: $0, output: String(decoding: output, as: UTF8.self), droppedByteCount: droppedByteCount)
    }
  }

  /// Waits until one of them writes, ends or reaches its limit, and deals with all of that.
  private static func advance(_ running: [ChildProcess]) {
    // A closed pipe tells of the end at once; a look now and then is for children whose own children keep it open.
    var milliseconds: Int32 = 50
    let now = monotonicNanoseconds()
    for child in running {
      let left = child.deadline > now ? (child.deadline - now) / 1_000_000 + 1 : 0
      milliseconds = min(milliseconds, Int32(min(left, 50)))
      if child.pipe < 0 { milliseconds = 0 }
    }
    var descriptors = running.filter { $0.pipe >= 0 }.map { pollfd(fd: $0.pipe, events: Int16(POLLIN), revents: 0) }
    let ready = descriptors.isEmpty ? 0 : poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    if ready == 0, let nap = running.filter({ $0.pipe < 0 }).map(\.nap).min() { usleep(nap) }
    for child in running { child.look() }
  }

  /// Takes what has been written, and notices the end.
  private func look() {
    drain()
    var status: Int32 = 0
    let answer = waitpid(processID, &status, WNOHANG)
    if answer == processID {
      finish(ChildProcess.outcome(ofStatus: status))
    } else if answer < 0 && errno == ECHILD {
      finish(.unknown)
    } else if monotonicNanoseconds() >= deadline {
      stop()
    } else if pipe < 0 {
      nap = min(nap * 2, 5000)
    }
  }

  /// Ends the program and all of its group. The group's number cannot have been given to others: the program has not
  /// been collected yet.
  private func stop() {
    kill(-processID, SIGKILL)
    var status: Int32 = 0
    while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
    finish(.timedOut)
  }

  private func finish(_ outcome: Outcome) {
    drain()
    closePipe()
    self.outcome = outcome
  }

  private func closePipe() {
    if pipe >= 0 { close(pipe) }
    pipe = -1
  }

  /// Reads what the pipe holds; closes it at its end. A program that writes without pause has its turn end after 1 MB.
  private func drain() {
    guard pipe >= 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 16) { buffer in
      for _ in 0..<16 {
        let count = read(pipe, buffer.baseAddress, buffer.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 && errno == EAGAIN { return }
        if count <= 0 { return closePipe() }
        let kept = min(count, outputLimit - output.count)
        output += buffer.prefix(kept)
        droppedByteCount += count - kept
      }
    }
  }

  /// Takes apart the status that waitpid gives. Swift cannot see the C macros that do.
  private static func outcome(ofStatus status: Int32) -> Outcome {
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal)
  }
}
