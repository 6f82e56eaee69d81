/// The elements of a realized tensor: contiguous bytes in row-major order, written once and then only read, unless
/// nobody holds them any more and a later tensor takes over the memory.
///
/// Whoever makes a storage says how its memory is given back, so that this module needs to know nothing of pools,
/// memory maps or borrowed arrays.
public final class Storage: @unchecked Sendable {
  /// The first byte; aligned for the element type at least.
  package let base: UnsafeMutableRawPointer
  /// The number of bytes at `base`.
  package let byteCount: Int
  /// Whether the memory was allocated for tensors, so that another may take it over; false for what is borrowed or
  /// mapped.
  package let isOwned: Bool
  private let release: @Sendable (UnsafeMutableRawPointer, Int) -> Void

  /// Takes over `byteCount` bytes at `base`; `release` is called with both once nobody needs them. Only `isOwned` memory
  /// is ever written to.
  package init(
    base: UnsafeMutableRawPointer, byteCount: Int, isOwned: Bool = false,
    release: @escaping @Sendable (UnsafeMutableRawPointer, Int) -> Void
  ) {
    self.base = base
    self.byteCount = byteCount
    self.isOwned = isOwned
    self.release = release
  }

  /// Allocates memory from the system, 64-byte aligned, uninitialized.
  package convenience init(byteCount: Int) {
    let base = UnsafeMutableRawPointer.allocate(byteCount: Swift.max(byteCount, 1), alignment: 64)
    self.init(base: base, byteCount: byteCount, isOwned: true) { base, _ in base.deallocate() }
  }

  deinit { release(base, byteCount) }
}
