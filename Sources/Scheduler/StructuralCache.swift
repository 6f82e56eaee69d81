package import LazyOps
import Synchronization

/// Finished plans by the structure of the graph they are for; safe to use from many threads.
///
/// A hit compares the whole graph, not only its hash. Only so many plans are kept: when they are too many, those not
/// used since the last sweep are dropped.
package final class StructuralCache<Plan: Sendable>: Sendable {
  package struct State {
    fileprivate var entries: [Graph: Entry] = [:]
    fileprivate var clock = 0
  }

  fileprivate struct Entry {
    let plan: Plan
    var lastUse: Int
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// Creates a cache that keeps `capacity` plans.
  package init(capacity: Int) { self.capacity = capacity }

  /// The number of plans kept.
  package var count: Int { state.withLock { $0.entries.count } }

  /// Returns the plan for a graph of this structure, made by `make` if there is none. Two threads that miss at once
  /// both make it, and both use the one that came first.
  package func plan(for graph: Graph, make: () throws -> Plan) rethrows -> Plan {
    let known = state.withLock { state -> Plan? in
      state.clock += 1
      guard let place = state.entries.index(forKey: graph) else { return nil }
      state.entries.values[place].lastUse = state.clock
      return state.entries.values[place].plan
    }
    if let known { return known }
    let plan = try make()
    return state.withLock { state in
      if let other = state.entries[graph] { return other.plan }
      state.entries[graph] = Entry(plan: plan, lastUse: state.clock)
      if state.entries.count > capacity {
        let ages = state.entries.values.map(\.lastUse).sorted()
        let oldest = ages[ages.count / 2]
        state.entries = state.entries.filter { $0.value.lastUse > oldest }
      }
      return plan
    }
  }
}
