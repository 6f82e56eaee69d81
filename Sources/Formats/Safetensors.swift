public import LazyOps
import LazyRuntime

/// A safetensors file: named tensors, as Hugging Face's models come in.
///
///     let file = try Safetensors(path: "model.safetensors")
///     let model = try GPT2(huggingFace: file.tensors)
///
/// The file is mapped: opening it takes no longer for large files, tensors are the file's own pages wherever they lie
/// aligned, and what is not used is not read. It must not be made shorter while there are tensors of it; replacing it by
/// renaming another file over it is harmless.
///
/// A file may come from anyone. Whatever stands in it, reading ends with tensors that lie inside of it, or with an error.
public struct Safetensors: Sendable {
  /// The tensors by name.
  public let tensors: [String: Tensor]
  /// Texts that the file's author has put there.
  public let metadata: [String: String]

  /// The longest header that is read, as in the format's own library.
  static let headerLimit: UInt64 = 100_000_000

  /// Opens a file.
  ///
  /// - Throws: `FileError` where it cannot be opened, `SafetensorsError` where it is not what it should be.
  public init(path: String) throws {
    let file = try MappedFile(path: path)
    let contents = try withExtendedLifetime(file) { () throws(SafetensorsError) in try Safetensors.read(file) }
    (tensors, metadata) = contents
  }

  private static func read(
    _ file: MappedFile
  ) throws(SafetensorsError) -> (tensors: [String: Tensor], metadata: [String: String]) {
    func error(_ reason: SafetensorsError.Reason) -> SafetensorsError { .init(path: file.path, reason: reason) }
    let bytes = file.bytes
    guard bytes.count >= 8 else { throw error(.truncated(byteCount: bytes.count)) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= headerLimit else { throw error(.headerTooLong(byteCount: length)) }
    let start = 8 + Int(length)
    guard start <= bytes.count else { throw error(.truncated(byteCount: bytes.count)) }

    let header: SafetensorsHeader
    do throws(SafetensorsHeader.Malformed) {
      header = try SafetensorsHeader(UnsafeRawBufferPointer(rebasing: bytes[8..<start]))
    } catch {
      throw SafetensorsError(path: file.path, reason: .malformedHeader(error.what, offset: 8 + error.offset))
    }

    let data = UnsafeRawBufferPointer(rebasing: bytes[start...])
    var tensors: [String: Tensor] = [:]
    // One behind the other, without gaps: so no two of them overlap.
    var next = 0
    let entries = header.tensors.sorted {
      ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key)
    }
    for (name, entry) in entries {
      guard let dtype = SafetensorsType.dtype(named: entry.dtype) else {
        throw error(.unknownType(tensor: name, type: entry.dtype))
      }
      guard entry.begin == next, entry.end >= entry.begin, entry.end <= data.count else {
        throw error(.wrongOffsets(tensor: name, begin: entry.begin, end: entry.end, expected: next))
      }
      next = entry.end
      let size = byteCount(entry.shape, dtype)
      guard size == entry.end - entry.begin else {
        throw error(.wrongSize(tensor: name, expected: size, found: entry.end - entry.begin))
      }
      let own = UnsafeRawBufferPointer(rebasing: data[entry.begin..<entry.end])
      if dtype == .bool, own.contains(where: { $0 > 1 }) { throw error(.badTruthValue(tensor: name)) }
      tensors[name] = tensor(on: own, of: file, Shape(entry.shape), dtype)
    }
    guard next == data.count else { throw error(.excessBytes(count: data.count - next)) }
    return (tensors, header.metadata)
  }

  /// Returns a tensor on bytes of the file, or of a copy where they are not aligned for it.
  private static func tensor(
    on bytes: UnsafeRawBufferPointer, of file: MappedFile, _ shape: Shape, _ dtype: DType
  ) -> Tensor {
    let isAligned = UInt(bitPattern: bytes.baseAddress) % UInt(dtype.byteCount) == 0
    return isAligned && !bytes.isEmpty
      ? Tensor(borrowing: bytes, of: file, shape: shape, dtype: dtype)
      : Tensor(bytes: bytes, shape: shape, dtype: dtype)
  }

  /// Returns the bytes a tensor takes; nil where there are too many to count, or extents whose product alone is.
  private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
    var count = dtype.byteCount
    var isEmpty = false
    for extent in shape {
      if extent == 0 { isEmpty = true }
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: Swift.max(extent, 1))
      if isTooLarge { return nil }
      count = product
    }
    return isEmpty ? 0 : count
  }
}
