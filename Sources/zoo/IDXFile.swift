import Foundation

/// A file in MNIST's format: two zero bytes, a byte for the elements' type, one for the number of axes, the extents as
/// big-endian 32-bit numbers, and the elements in row-major order.
struct IDXFile: Sendable {
  /// The extents of the axes.
  let extents: [Int]
  /// The elements.
  let bytes: [UInt8]

  /// The type of elements that are unsigned bytes, the only one that is read.
  private static let unsignedByte: UInt8 = 8

  /// Reads a file of unsigned bytes with so many axes.
  init(_ url: URL, rank: Int) throws(IDXError) {
    let path = url.path
    let data: [UInt8]
    do { data = try Array(Data(contentsOf: url)) } catch { throw .unreadable(path, "\(error.localizedDescription)") }
    try self.init(data, rank: rank, path: path)
  }

  /// Reads the content of a file; `path` is for messages.
  init(_ data: [UInt8], rank: Int, path: String) throws(IDXError) {
    guard data.count >= 4, data[0] == 0, data[1] == 0 else { throw .noIDX(path) }
    guard data[2] == IDXFile.unsignedByte else { throw .elementType(path, data[2]) }
    guard data[3] == rank else { throw .rank(path, expected: rank, found: Int(data[3])) }
    let header = 4 + 4 * rank
    guard data.count >= header else { throw .size(path, extents: nil, found: data.count) }
    extents = (0..<rank).map { axis in
      data[4 + 4 * axis..<8 + 4 * axis].reduce(0) { $0 << 8 | Int($1) }
    }
    // In floating point, because extents of a damaged file may multiply to more than an integer holds.
    guard extents.reduce(1.0, { $0 * Double($1) }) == Double(data.count - header) else {
      throw .size(path, extents: extents, found: data.count)
    }
    bytes = Array(data[header...])
  }
}

/// Why a file could not be read as IDX.
enum IDXError: Error, CustomStringConvertible {
  case unreadable(String, String)
  case noIDX(String)
  case elementType(String, UInt8)
  case rank(String, expected: Int, found: Int)
  case size(String, extents: [Int]?, found: Int)

  var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .noIDX(let path): "\(path) is no IDX file: it does not begin with two zero bytes (is it still compressed?)"
    case .elementType(let path, let type): "\(path) holds elements of type \(type), not unsigned bytes (8)"
    case .rank(let path, let expected, let found): "\(path) has \(found) axes, not \(expected)"
    case .size(let path, let extents, let found):
      "\(path) is \(found) bytes long, which does not fit \(extents.map { "its extents \($0)" } ?? "its header"): "
        + "it is cut off, or not what it says"
    }
  }
}
