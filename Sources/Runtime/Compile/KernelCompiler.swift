import LazyCodegen
import LazyOps
package import LazyScheduler

/// Turns schedules into loaded kernels: writes their C, compiles what neither this process nor the disk cache knows,
/// and loads it.
package final class KernelCompiler: Sendable {
  /// The process's compiler, or why there is none.
  package static let shared = Result { try KernelCompiler() }

  /// The bytes of a vector register of the code it compiles.
  var vectorByteCount: Int { compiler.vectorByteCount }

  private let compiler: CCompiler
  private let renderer: CRenderer
  private let loaded: LoadedKernels

  /// The kernels one translation unit holds at most: compiling is faster in few units, and still side by side.
  private static let kernelsPerUnit = 16

  /// The libraries that stay loaded though no plan uses them.
  private static let idleLimit = 64

  /// A kernel on the way from its loops to its code.
  private struct Written {
    let program: LoopProgram
    let source: String
    let key: Hash128
  }

  /// Finds the compiler; `idleLimit` libraries stay loaded though no plan uses them.
  package init(idleLimit: Int = idleLimit) throws {
    compiler = try CCompiler.find()
    loaded = LoadedKernels(recentLimit: idleLimit)
    renderer = CRenderer(vectorByteCount: compiler.vectorByteCount)
  }

  /// Compiles and loads the kernels of a schedule; throws `CompileError`, `FileError` or `LoadError`.
  package func compile(_ schedule: Schedule) throws -> ExecutablePlan {
    let environment = Environment.current
    if environment.verify {
      schedule.graph.verify(after: "simplification")
      schedule.verify()
    }
    let (sections, kinds) = schedule.sectionKinds
    let kernels = Trace.span("render", .render) {
      ThreadPool.shared.map(sections) { write($0, in: schedule, environment) }
    }
    let written = kinds.map { kernels[$0] }
    var code = try zip(written, load(written)).makeIterator()
    let launches = schedule.kernels.map { kernel in
      KernelLaunch(
        phases: kernel.phases.map { sections in
          LaunchPhase(
            sections.map { section in
              let (written, code) = code.next()!
              return SectionCall(
                program: written.program, source: written.source, code: code, buffers: section.buffers,
                arguments: section.arguments, tasks: written.program.taskCount,
                cost: KernelCost(section, in: schedule))
            }, threads: ThreadPool.shared.threadCount)
        })
    }
    let plan = ExecutablePlan(schedule: schedule, launches: launches)
    if DebugLog.isOn { DebugLog.announce(plan) }
    return plan
  }

  /// Writes the C of a section.
  private func write(_ section: Section, in schedule: Schedule, _ environment: Environment) -> Written {
    let start = monotonicNanoseconds()
    let program = LoopProgram.optimized(section, in: schedule, vectorByteCount: compiler.vectorByteCount)
    if environment.verify, let fault = program.verify() { preconditionFailure("bug: \(fault)\n\(program)") }
    let written = named(program, checked: environment.check)
    Trace.current?.add(written.program.name, .render, from: start)
    return written
  }

  /// Renders a program under a name that no other text has.
  private func named(_ program: LoopProgram, checked: Bool) -> Written {
    let function = renderer.function(program, checked: checked)
    var program = program
    program.name += "_" + Hash128(function.text(named: program.name)).hex.prefix(8)
    let source = function.text(named: program.name)
    return Written(program: program, source: source, key: Hash128(source))
  }

  private func load(_ kernels: [Written]) throws -> [LoadedKernel] {
    var found = loaded.find(Set(kernels.map(\.key)))
    var missing: [Written] = []
    var seen: Set<Hash128> = []
    for kernel in kernels where found[kernel.key] == nil && seen.insert(kernel.key).inserted { missing.append(kernel) }
    if !missing.isEmpty {
      for (key, kernel) in try KernelCache.withWorking({ try build(missing, in: $0) }) {
        found[key] = loaded.insert(kernel, for: key)
      }
    }
    return kernels.map { found[$0.key]! }
  }

  /// Loads kernels from the disk cache, after compiling the units it does not hold.
  private func build(_ kernels: [Written], in cache: KernelCache) throws -> [Hash128: LoadedKernel] {
    let cores = Machine.coreCount
    let perUnit = Swift.max(2, Swift.min(KernelCompiler.kernelsPerUnit, (kernels.count + cores - 1) / cores))
    let units = stride(from: 0, to: kernels.count, by: perUnit).map { start in
      kernels[start..<Swift.min(start + perUnit, kernels.count)]
    }
    let paths = try objects(of: units.map { renderer.unit($0.map(\.source)) }, in: cache)
    var result: [Hash128: LoadedKernel] = [:]
    for (unit, path) in zip(units, paths) {
      do throws(LoadError) {
        for (kernel, code) in zip(unit, try functions(unit.map(\.program.name), in: path)) { result[kernel.key] = code }
      } catch {
        // The next look builds it anew.
        cache.remove(path)
        throw error
      }
    }
    return result
  }

  /// Compiles and loads C functions that come from no graph, under the names they have.
  func functions(_ names: [String], source: String) throws -> [LoadedKernel] {
    try KernelCache.withWorking { cache in
      try functions(names, in: try objects(of: [renderer.unit([source])], in: cache)[0])
    }
  }

  private func functions(_ names: [String], in path: String) throws(LoadError) -> [LoadedKernel] {
    let start = monotonicNanoseconds()
    defer { Trace.current?.add("load", .load, from: start) }
    let library = try SharedLibrary(path: path)
    var kernels: [LoadedKernel] = []
    for name in names {
      guard let symbol = library.symbol(name) else {
        throw LoadError(path: library.path, reason: "it lacks the function \(name)")
      }
      kernels.append(LoadedKernel(function: unsafeBitCast(symbol, to: KernelFunction.self), library: library))
    }
    return kernels
  }

  /// Returns the shared objects of translation units, after compiling those that the cache does not hold.
  private func objects(of texts: [String], in cache: KernelCache) throws -> [String] {
    let keys = texts.map { compiler.cacheKey(for: $0) }
    var paths = Trace.span("look up", .load) { keys.map { cache.path(for: $0) } }
    let missing = texts.indices.filter { paths[$0] == nil }
    guard !missing.isEmpty else { return paths.map { $0! } }
    var jobs: [CCompiler.Unit] = []
    /// What is kept is the source that did not compile, and nothing else.
    var kept: String?
    defer { cache.removeTemporary(jobs.flatMap { [$0.source, $0.output] }.filter { $0 != kept }) }
    for number in missing {
      jobs.append(
        CCompiler.Unit(
          source: try cache.writeTemporary(texts[number], suffix: ".c"), output: cache.temporaryPath(suffix: ".so")))
    }
    do {
      let units = "\(jobs.count) unit\(jobs.count == 1 ? "" : "s")"
      try Trace.span("compile \(units)", .compile) { () throws(CompileError) in try compiler.compile(jobs) }
    } catch {
      kept = error.source
      throw error
    }
    for (number, job) in zip(missing, jobs) { paths[number] = try cache.insert(job.output, for: keys[number]) }
    return paths.map { $0! }
  }
}

extension LoopProgram {
  /// The turns of the parallel loop, or 1 where there is none.
  package var taskCount: Int {
    for case .loop(let loop) in body where loop.kind == .parallel { return loop.count.bounds.upperBound }
    return 1
  }
}
