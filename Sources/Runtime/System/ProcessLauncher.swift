import Synchronization

#if canImport(Glibc)
  @preconcurrency import Glibc
#else
  @preconcurrency import Darwin
#endif

/// A program that could not be started.
public struct SpawnError: Error, CustomStringConvertible, Sendable {
  /// The program and its arguments.
  public let command: [String]
  /// The system's error number.
  public let code: Int32

  /// One line: which program, and why.
  public var description: String { "cannot start \(command.first ?? "nothing"): \(errorText(code))" }
}

/// Starts programs with their output going into a pipe.
enum ProcessLauncher {
  /// Held from making a pipe until its child has started: in between, the ends could slip into another child, which
  /// would then hold the pipe open.
  private static let launching = Mutex<Void>(())

  /// Starts a program; the answer is its process and the pipe's end to read, which does not block.
  static func launch(_ command: [String]) throws(SpawnError) -> (processID: pid_t, output: Int32) {
    let outcome: Result<(pid_t, Int32), SpawnError> = launching.withLock { _ in
      do throws(SpawnError) { return .success(try launchAlone(command)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  private static func launchAlone(_ command: [String]) throws(SpawnError) -> (pid_t, Int32) {
    guard !command.isEmpty else { throw SpawnError(command: command, code: EINVAL) }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SpawnError(command: command, code: errno) }
    // Where the host has closed its standard streams the pipe gets their numbers; move it out of the child's way.
    let output = aboveStandardStreams(ends[0])
    let input = aboveStandardStreams(ends[1])
    defer { close(input) }
    _ = fcntl(output, F_SETFL, O_NONBLOCK)

    var (actions, attributes) = setup(childOutput: input)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    var processID: pid_t = 0
    #if canImport(Glibc)
      let variables = environ
    #else
      let variables = _NSGetEnviron().pointee
    #endif
    var code = posix_spawnp(&processID, command[0], &actions, &attributes, arguments, variables)
    // A program just written can be busy: a child forked by another thread meanwhile has it open until it executes.
    for _ in 0..<busyRetries where code == ETXTBSY {
      usleep(busyPause)
      code = posix_spawnp(&processID, command[0], &actions, &attributes, arguments, variables)
    }
    guard code == 0 else {
      close(output)
      throw SpawnError(command: command, code: code)
    }
    return (processID, output)
  }

  /// How often, and after how many microseconds each time, a program that is busy is tried again.
  private static let busyRetries = 50
  private static let busyPause: UInt32 = 10_000

  /// Moves a descriptor above 2 and marks it as not to be inherited.
  private static func aboveStandardStreams(_ descriptor: Int32) -> Int32 {
    if descriptor <= 2 {
      let moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
      close(descriptor)
      return moved
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  #if canImport(Glibc)
    private typealias Actions = posix_spawn_file_actions_t
    private typealias Attributes = posix_spawnattr_t
  #else
    private typealias Actions = posix_spawn_file_actions_t?
    private typealias Attributes = posix_spawnattr_t?
  #endif

  private static func setup(childOutput: Int32) -> (Actions, Attributes) {
    #if canImport(Glibc)
      var actions = Actions()
      var attributes = Attributes()
    #else
      var actions: Actions = nil
      var attributes: Attributes = nil
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, childOutput, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, childOutput, STDERR_FILENO)

    posix_spawnattr_init(&attributes)
    var flags = Int32(POSIX_SPAWN_SETPGROUP) | Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
    #if canImport(Darwin)
      flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
    #else
      // Other parts of the program may have opened files without saying that children should not have them.
      for descriptor in inheritableDescriptors() { posix_spawn_file_actions_addclose(&actions, descriptor) }
    #endif
    posix_spawnattr_setflags(&attributes, Int16(flags))
    posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // Ignored signals stay ignored in a child, and a compiler relies on these two.
    sigaddset(&signals, SIGPIPE)
    sigaddset(&signals, SIGCHLD)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    return (actions, attributes)
  }

  #if os(Linux)
    private static func inheritableDescriptors() -> [Int32] {
      Files.names(in: "/proc/self/fd").compactMap { Int32($0) }.filter { descriptor in
        let flags = fcntl(descriptor, F_GETFD)
        return descriptor > 2 && flags >= 0 && flags & FD_CLOEXEC == 0
      }
    }
  #endif
}
