import LazyOps

/// Finds the parts of a module by reflection on its stored properties.
struct ModuleWalk {
  /// What a module is made of, in the eyes of training.
  enum Part {
    case parameter(Parameter)
    case module(any Module)
  }

  private let body: (String, Part) -> Void
  /// The modules on the way from the root that are objects: one that refers back to its parent is not entered again.
  private var path: Set<ObjectIdentifier> = []

  /// Calls `body` with the root, whose name is empty, and with all parts in it, parents first.
  static func visit(_ root: any Module, _ body: (String, Part) -> Void) {
    withoutActuallyEscaping(body) { body in
      var walk = ModuleWalk(body: body)
      walk.enter(root, "")
    }
  }

  private init(body: @escaping (String, Part) -> Void) { self.body = body }

  private mutating func enter(_ module: any Module, _ name: String) {
    let mirror = Mirror(reflecting: module)
    let identity = mirror.displayStyle == .class ? ObjectIdentifier(module as AnyObject) : nil
    if let identity, !path.insert(identity).inserted { return }
    body(name, .module(module))
    var children: [Mirror.Child] = []
    var level: Mirror? = mirror
    while let current = level {
      children = current.children.map { $0 } + children
      level = current.superclassMirror
    }
    for child in children { look(at: child.value, child.label.map(ModuleWalk.propertyName), name) }
    if let identity { path.remove(identity) }
  }

  /// Looks at a value in the part called `prefix`: enters what is a module or holds some, and passes over all else.
  private mutating func look(at value: Any, _ label: String?, _ prefix: String) {
    let name = prefix.isEmpty ? label ?? "" : label.map { "\(prefix).\($0)" } ?? prefix
    if let parameter = value as? Parameter { return body(name, .parameter(parameter)) }
    if let module = value as? any Module { return enter(module, name) }
    // Numbers in arrays hold no modules, and there may be millions of them.
    if value is any TensorConvertible { return }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      for child in mirror.children { look(at: child.value, nil, name) }
    case .collection:
      for (index, child) in mirror.children.enumerated() { look(at: child.value, "\(index)", name) }
    case .tuple:
      for child in mirror.children { look(at: child.value, child.label.map { String($0.trimmingPrefix(".")) }, name) }
    case .dictionary:
      let entries = mirror.children.map { entry in Array(Mirror(reflecting: entry.value).children.map(\.value)) }
      for entry in entries.sorted(by: { "\($0[0])" < "\($1[0])" }) { look(at: entry[1], "\(entry[0])", name) }
    case _:
      return
    }
  }

  /// Returns a property's name as it stands in the source: a lazy one is stored under another.
  private static func propertyName(_ label: String) -> String {
    String(label.trimmingPrefix("$__lazy_storage_$_"))
  }
}
