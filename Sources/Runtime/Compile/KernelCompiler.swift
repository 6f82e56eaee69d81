import LazyCodegen
import LazyOps
package import LazyScheduler
import Synchronization

/// Turns schedules into loaded kernels: writes their C, compiles what neither this process nor the disk cache knows,
/// and loads it.
package final class KernelCompiler: Sendable {
  /// The process's compiler, or why there is none.
  package static let shared = Result { try KernelCompiler() }

  private let compiler: CCompiler
  private let renderer: CRenderer
  /// The functions loaded so far, by the text of their C; their libraries stay loaded.
  private let loaded = Mutex<[String: LoadedKernel]>([:])
  private struct LoadedKernel: Sendable {
    let function: KernelFunction
    let library: SharedLibrary
  }

  /// The kernels one translation unit holds at most: compiling is faster in few units, and still side by side.
  private static let kernelsPerUnit = 16

  private init() throws {
    compiler = try CCompiler.find()
    renderer = CRenderer(vectorByteCount: compiler.vectorByteCount)
  }

  /// Compiles and loads the kernels of a schedule; throws `CompileError`, `FileError` or `LoadError`.
  package func compile(_ schedule: Schedule) throws -> ExecutablePlan {
    let environment = Environment.current
    if environment.verify {
      schedule.graph.verify(after: "simplification")
      schedule.verify()
    }
    var programs: [LoopProgram: (program: LoopProgram, source: String)] = [:]
    let written = schedule.kernels.flatMap(\.sections).map { section -> (program: LoopProgram, source: String) in
      let plain = LoopProgram.optimized(section, in: schedule, vectorByteCount: compiler.vectorByteCount)
      if let known = programs[plain] { return known }
      if environment.verify, let fault = plain.verify() { preconditionFailure("bug: \(fault)\n\(plain)") }
      let result = named(plain, checked: environment.check)
      programs[plain] = result
      return result
    }
    var functions = try zip(written, load(written)).makeIterator()
    let launches = schedule.kernels.map { kernel in
      KernelLaunch(
        phases: kernel.phases.map { sections in
          LaunchPhase(
            sections.map { section in
              let ((program, source), function) = functions.next()!
              return SectionCall(
                program: program, source: source, function: function, buffers: section.buffers,
                arguments: section.arguments, tasks: program.taskCount, cost: KernelCost(section, in: schedule))
            }, threads: ThreadPool.shared.threadCount)
        })
    }
    let plan = ExecutablePlan(schedule: schedule, launches: launches)
    if DebugLog.isOn { DebugLog.announce(plan) }
    return plan
  }

  /// Renders a program under a name that no other text has.
  private func named(_ program: LoopProgram, checked: Bool) -> (program: LoopProgram, source: String) {
    let text = renderer.render(program, checked: checked)
    var program = program
    program.name += "_" + Hash128(text).hex.prefix(8)
    return (program, renderer.render(program, checked: checked))
  }

  private func load(_ kernels: [(program: LoopProgram, source: String)]) throws -> [KernelFunction] {
    var missing: [(program: LoopProgram, source: String)] = []
    loaded.withLock { loaded in
      var seen: Set<String> = []
      for kernel in kernels where loaded[kernel.source] == nil && seen.insert(kernel.source).inserted {
        missing.append(kernel)
      }
    }
    if !missing.isEmpty { try build(missing) }
    return loaded.withLock { loaded in kernels.map { loaded[$0.source]!.function } }
  }

  /// Loads kernels from the disk cache, after compiling the units it does not hold.
  private func build(_ kernels: [(program: LoopProgram, source: String)]) throws {
    let cache = KernelCache.shared
    let cores = Machine.coreCount
    let perUnit = Swift.max(2, Swift.min(KernelCompiler.kernelsPerUnit, (kernels.count + cores - 1) / cores))
    let units = stride(from: 0, to: kernels.count, by: perUnit).map { start in
      let part = kernels[start..<Swift.min(start + perUnit, kernels.count)]
      return (kernels: part, text: renderer.unit(part.map(\.source)))
    }
    var paths: [Int: String] = [:]
    var jobs: [(unit: Int, job: CCompiler.Unit)] = []
    for (number, unit) in units.enumerated() {
      if let path = cache.path(for: compiler.cacheKey(for: unit.text)) {
        paths[number] = path
      } else {
        let source = try cache.writeTemporary(unit.text, suffix: ".c")
        jobs.append((number, CCompiler.Unit(source: source, output: cache.temporaryPath(suffix: ".so"))))
      }
    }
    if !jobs.isEmpty {
      try compiler.compile(jobs.map(\.job))
      for (number, job) in jobs {
        paths[number] = try cache.insert(job.output, for: compiler.cacheKey(for: units[number].text))
      }
      cache.removeTemporary(jobs.map(\.job.source))
    }
    for (number, unit) in units.enumerated() {
      let library = try SharedLibrary(path: paths[number]!)
      for kernel in unit.kernels {
        guard let symbol = library.symbol(kernel.program.name) else {
          throw LoadError(path: library.path, reason: "it lacks the function \(kernel.program.name)")
        }
        let function = unsafeBitCast(symbol, to: KernelFunction.self)
        // Of two threads that built one kernel, the first's stays: plans call its code.
        loaded.withLock { loaded in
          if loaded[kernel.source] == nil { loaded[kernel.source] = LoadedKernel(function: function, library: library) }
        }
      }
    }
  }
}

extension LoopProgram {
  /// The turns of the parallel loop, or 1 where there is none.
  package var taskCount: Int {
    for case .loop(let loop) in body where loop.kind == .parallel { return loop.count.constantValue ?? 1 }
    return 1
  }
}
