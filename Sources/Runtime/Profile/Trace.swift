import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A timeline of what a process does, thread by thread, in a file of Chrome's Trace Event Format.
///
/// Spans are kept in memory and written many at a time, the last of them when the process exits. A file that cannot be
/// written is warned of once, and nothing is recorded from then on: a trace must not stop a program.
package final class Trace: Sendable {
  /// What a span is part of; viewers colour and filter by it.
  package enum Category: String, Sendable {
    /// What a caller waits for as a whole.
    case realize
    /// Choosing kernels.
    case schedule
    /// Writing their C.
    case render
    /// The C compiler.
    case compile
    /// Finding objects in the cache and loading them.
    case load
    /// A whole kernel on the thread that launched it, or its part on one of the threads that share it.
    case kernel
  }

  private struct Span {
    let name: String
    let category: Category
    let thread: Int
    let start: UInt64
    let end: UInt64
    let details: [(name: StaticString, value: Int)]
  }

  private struct State {
    var descriptor: Int32
    var spans: [Span] = []
    /// The system's numbers of threads that were seen, by their handles.
    var threads: [UInt: Int] = [:]
    /// The threads whose rows have names.
    var rows: Set<Int> = []
    var hasWritten = false
  }

  private let path: String
  private let origin = monotonicNanoseconds()
  private let state: Mutex<State>

  /// The spans kept before they are written.
  private static let spanLimit = 1 << 15

  /// The trace that `PROFILE` asks for. It is closed when the process exits.
  package static let current: Trace? = {
    guard let path = Environment.current.profilePath, let trace = Trace(path: path) else { return nil }
    processTrace.withLock { $0 = (trace, getpid()) }
    atexit {
      // A forked child that exits must leave its parent's file alone.
      if let (trace, owner) = processTrace.withLock({ $0 }), getpid() == owner { trace.close() }
    }
    return trace
  }()

  /// Opens a file for a trace, which replaces what is in it; nil after a warning where that cannot be done.
  package init?(path: String) {
    self.path = path
    // Opening a pipe would wait for a reader.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0o644)
    state = Mutex(State(descriptor: descriptor))
    guard descriptor >= 0 else {
      Trace.warn(path, errno)
      return nil
    }
    _ = fcntl(descriptor, F_SETFL, O_WRONLY)
  }

  /// Records what `body` does as a span of this thread.
  package func span<Result, Failure: Error>(
    _ name: @autoclosure () -> String, _ category: Category, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = monotonicNanoseconds()
    defer { add(name(), category, from: start) }
    return try body()
  }

  /// Records what `body` does as a span of the process's trace, if there is one.
  package static func span<Result, Failure: Error>(
    _ name: @autoclosure () -> String, _ category: Category, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let current else { return try body() }
    return try current.span(name(), category, body)
  }

  /// Records a span of this thread that ends now.
  package func add(
    _ name: String, _ category: Category, from start: UInt64, details: [(name: StaticString, value: Int)] = []
  ) {
    let end = monotonicNanoseconds()
    state.withLock { state in
      guard state.descriptor >= 0 else { return }
      let thread = Trace.threadNumber(&state.threads)
      state.spans.append(
        Span(name: name, category: category, thread: thread, start: start, end: end, details: details))
      if state.spans.count >= Trace.spanLimit { write(&state, isLast: false) }
    }
  }

  /// Writes what is left and ends the file; later spans are lost.
  package func close() { state.withLock { write(&$0, isLast: true) } }

  // MARK: - The file: one list of events, a line each

  private func write(_ state: inout State, isLast: Bool) {
    guard state.descriptor >= 0 else { return }
    var text = ""
    func line(_ event: String) {
      text += state.hasWritten ? ",\n" : "[\n"
      text += event
      state.hasWritten = true
    }
    for span in state.spans {
      if state.rows.insert(span.thread).inserted { line(row(span.thread, number: state.rows.count)) }
      line(event(span))
    }
    state.spans.removeAll(keepingCapacity: !isLast)
    if isLast { text += state.hasWritten ? "\n]\n" : "[]\n" }
    let isWritten = text.withUTF8 { Files.writeAll(state.descriptor, UnsafeRawBufferPointer($0)) }
    if !isWritten { Trace.warn(path, errno) }
    if !isWritten || isLast {
      #if canImport(Glibc)
        Glibc.close(state.descriptor)
      #else
        Darwin.close(state.descriptor)
      #endif
      state.descriptor = -1
    }
  }

  /// Names a thread's row.
  private func row(_ thread: Int, number: Int) -> String {
    let name = thread == Int(getpid()) ? "main" : "thread \(number)"
    return
      "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":\(getpid()),\"tid\":\(thread),\"args\":{\"name\":\"\(name)\"}}"
  }

  private func event(_ span: Span) -> String {
    var text = "{\"ph\":\"X\",\"name\":\"\(Trace.escaped(span.name))\",\"cat\":\"\(span.category.rawValue)\","
    text += "\"pid\":\(getpid()),\"tid\":\(span.thread),\"ts\":\(Trace.microseconds(span.start &- origin)),"
    text += "\"dur\":\(Trace.microseconds(span.end &- span.start))"
    if !span.details.isEmpty {
      text += ",\"args\":{\(span.details.map { "\"\($0.name)\":\($0.value)" }.joined(separator: ","))}"
    }
    return text + "}"
  }

  /// Writes nanoseconds as microseconds, exactly.
  private static func microseconds(_ nanoseconds: UInt64) -> String {
    let rest = String(nanoseconds % 1000)
    return "\(nanoseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 32: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func warn(_ path: String, _ code: Int32) {
    let error = FileError("write", path, code: code)
    Warning.once("PROFILE", "\(error); PROFILE asked for a trace there, and there will be none")
  }

  /// The system's number of the calling thread; that of the main thread is the process's. Asked once for each thread.
  private static func threadNumber(_ known: inout [UInt: Int]) -> Int {
    #if canImport(Glibc)
      let handle = UInt(pthread_self())
    #else
      let handle = UInt(bitPattern: pthread_self())
    #endif
    if let number = known[handle] { return number }
    var number = known.count + 1
    #if os(Linux)
      // A link to PROCESS/task/THREAD.
      var target = [CChar](repeating: 0, count: 128)
      let count = readlink("/proc/thread-self", &target, target.count)
      let text = String(decoding: target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
      number = text.split(separator: "/").last.flatMap { Int($0) } ?? number
    #elseif canImport(Darwin)
      var system: UInt64 = 0
      if pthread_threadid_np(nil, &system) == 0 { number = Int(truncatingIfNeeded: system) }
      if pthread_main_np() != 0 { number = Int(getpid()) }
    #endif
    known[handle] = number
    return number
  }
}

/// The process's trace and the process that writes it, for its exit.
private let processTrace = Mutex<(trace: Trace, owner: pid_t)?>(nil)
