#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A shared library that the system would not load.
public struct LoadError: Error, CustomStringConvertible, Sendable {
  /// The library's file.
  public let path: String
  /// The loader's own words.
  public let reason: String

  /// One line: which library, and why.
  public var description: String {
    // The loader's message usually begins with the path.
    reason.hasPrefix(path) ? "cannot load \(reason)" : "cannot load \(path): \(reason)"
  }
}

/// A shared library loaded into this process, unloaded when the last reference goes.
///
/// Whoever calls a symbol must keep the library alive during the call.
package final class SharedLibrary: @unchecked Sendable {
  /// The library's file.
  package let path: String
  private let handle: UnsafeMutableRawPointer

  /// Loads the library and resolves all that it needs at once, so that a missing function is an error here and not
  /// in the middle of a kernel. A path without a slash is looked for where the system keeps libraries.
  package init(path: String) throws(LoadError) {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      throw LoadError(path: path, reason: dlerror().map { String(cString: $0) } ?? "unknown reason")
    }
    self.path = path
    self.handle = handle
  }

  /// Finds a function or variable by its C name.
  package func symbol(_ name: String) -> UnsafeRawPointer? { UnsafeRawPointer(dlsym(handle, name)) }

  deinit { dlclose(handle) }
}
