import Synchronization

/// A kernel's function and the library that has its code.
package struct LoadedKernel: Sendable {
  package let function: KernelFunction
  /// The function may be called as long as this lives.
  package let library: SharedLibrary
}

/// The kernels that are loaded, by the fingerprint of their C; safe to use from many threads.
///
/// Plans own the libraries they run, so that the code goes with the last plan that uses it. The table itself holds on
/// to a bounded number of libraries, those asked for last.
final class LoadedKernels: Sendable {
  private struct Entry {
    let function: KernelFunction
    weak var library: SharedLibrary?
  }

  private struct State {
    var entries: [Hash128: Entry] = [:]
    /// A ring of libraries asked for lately, each once.
    var recent: [SharedLibrary] = []
    var next = 0
    /// How many entries there may be before those without a library are removed.
    var sweepCount = 256

    mutating func touch(_ library: SharedLibrary, limit: Int) -> SharedLibrary? {
      guard limit > 0, !recent.contains(where: { $0 === library }) else { return nil }
      guard recent.count == limit else {
        recent.append(library)
        return nil
      }
      let dropped = recent[next]
      recent[next] = library
      next = (next + 1) % limit
      return dropped
    }

    mutating func sweep() {
      guard entries.count > sweepCount else { return }
      entries = entries.filter { $0.value.library != nil }
      sweepCount = Swift.max(256, entries.count * 2)
    }
  }

  private let recentLimit: Int
  private let state = Mutex(State())

  /// Makes a table that keeps `recentLimit` libraries loaded though nobody else may use them.
  init(recentLimit: Int) { self.recentLimit = recentLimit }

  /// The kernels found by their C texts, and those missing left out.
  func find(_ keys: Set<Hash128>) -> [Hash128: LoadedKernel] {
    // What is let go of unloads a library; not under the lock.
    let (found, dropped) = state.withLock { state -> ([Hash128: LoadedKernel], [SharedLibrary?]) in
      var found: [Hash128: LoadedKernel] = [:]
      var dropped: [SharedLibrary?] = []
      for key in keys {
        guard let entry = state.entries[key], let library = entry.library else { continue }
        found[key] = LoadedKernel(function: entry.function, library: library)
        dropped.append(state.touch(library, limit: recentLimit))
      }
      return (found, dropped)
    }
    withExtendedLifetime(dropped) {}
    return found
  }

  /// Adds a kernel. Of two threads that loaded one kernel the first's stays, and both get it.
  func insert(_ kernel: LoadedKernel, for key: Hash128) -> LoadedKernel {
    let (result, dropped) = state.withLock { state -> (LoadedKernel, SharedLibrary?) in
      if let entry = state.entries[key], let library = entry.library {
        return (LoadedKernel(function: entry.function, library: library), nil)
      }
      state.entries[key] = Entry(function: kernel.function, library: kernel.library)
      state.sweep()
      return (kernel, state.touch(kernel.library, limit: recentLimit))
    }
    withExtendedLifetime(dropped) {}
    return result
  }
}
