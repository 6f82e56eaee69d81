import LazyOps
import LazyScheduler

/// How a local of a loop program is kept in C.
enum LocalStorage: Hashable {
  /// As an array in memory.
  case array
  /// As one variable for each element: every access names its element. Compilers keep such elements in registers, which
  /// they do not for arrays.
  case scalars
  /// As one vector variable for each register of that many lanes: all accesses are made by `lanes` loops.
  case vectors(lanes: Int)

  /// The elements or registers up to which variables are used. A machine has 32 registers; a few more do no harm.
  private static let mostVariables = 64

  /// Chooses for every local of a flat program; an entry also lists the elements, in the order of their first access.
  static func choose(for flat: FlatProgram) -> [(storage: LocalStorage, elements: [[Int]])] {
    var elements: [[[Int]]] = flat.program.locals.map { _ in [] }
    var seen: [Set<[Int]>] = flat.program.locals.map { _ in [] }
    var kinds: [LocalStorage?] = flat.program.locals.map { _ in nil }

    func visit(_ list: [Statement], _ lanes: Lanes?) {
      for statement in list {
        if case .local(let local, let indices)? = statement.access?.place {
          guard let (kind, element) = register(indices, lanes), kinds[local] == nil || kinds[local] == kind else {
            kinds[local] = .array
            continue
          }
          kinds[local] = kind
          if seen[local].insert(element).inserted { elements[local].append(element) }
        }
        if case .loop(let loop) = statement, loop.kind == .lanes {
          visit(loop.body, Lanes(loop))
        } else {
          for inner in statement.lists { visit(inner, lanes) }
        }
      }
    }
    visit(flat.program.body, nil)
    return zip(kinds, elements).map { kind, elements in
      guard let kind, kind != .array, elements.count <= mostVariables else { return (.array, []) }
      return (kind, elements)
    }
  }

  /// The element that indices select without any variable, or the register that they select whole.
  private static func register(_ indices: [Index], _ lanes: Lanes?) -> (LocalStorage, [Int])? {
    let place = Place.local(0, indices)
    guard let lanes, lanes.stride(of: place) != 0 else { return constants(indices).map { (.scalars, $0) } }
    guard lanes.stride(of: place) == 1, let first = constants(indices.map { lanes.first($0) }),
      first[first.count - 1] % lanes.count == 0
    else { return nil }
    return (.vectors(lanes: lanes.count), first)
  }

  private static func constants(_ indices: [Index]) -> [Int]? {
    let values = indices.compactMap(\.constantValue)
    return values.count == indices.count ? values : nil
  }
}

extension Lanes {
  /// The lanes of a loop of that kind.
  init(_ loop: Loop) {
    guard let count = loop.count.constantValue else {
      preconditionFailure("bug: lanes without a number: \(loop.count)")
    }
    self.init(variable: loop.variable, count: count)
  }

  /// Returns an index expression for the first lane.
  func first(_ index: Index) -> Index { index.substituting { $0.id == variable.id ? .constant(0) : nil } }
}
